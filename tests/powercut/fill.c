/* fill.c - writes a file the way tools do: in pieces, with time passing in between
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: fill INPUT PART OUTPUT

   Writes up to 90 kB that follow from INPUT's content and PART alone: PART 0 makes OUTPUT
   or empties it, a higher one appends, "over" writes 90 kB over what is there, as mold and dd conv=notrunc do, and has
   the data on the disk at once.  Half of it is written, then $PAUSE_MS milliseconds at most
   pass (how many also follows from the content; with "over", always as many, and longer), then the other half is.  Part
   of the project that the power-cut rig builds, by which it is compiled. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SMALLEST = 200, LARGEST = 90000 };

/* The pause of "over", in longest ones of the others: with the first settled target, which commits the
   journal, all is over that could go wrong. */
enum { LONGER = 8 };

static _Noreturn void die(const char *file)
{
    fprintf(stderr, "fill: %s: %s\n", file, strerror(errno));
    exit(1);
}

/* FNV-1a of the file's content and of PART. */
static uint64_t hash(const char *name, const char *part)
{
    uint64_t value = 14695981039346656037U;
    FILE *file = fopen(name, "re");
    int byte;

    if (!file)
        die(name);
    while ((byte = getc(file)) != EOF)
        value = (value ^ (uint64_t)byte) * 1099511628211U;
    if (ferror(file))
        die(name);
    fclose(file);
    for (; *part; part++)
        value = (value ^ (unsigned char)*part) * 1099511628211U;
    return value ? value : 1;
}

/* xorshift64* */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717U;
}

static void write_all(int fd, const char *from, size_t size, const char *name, bool is_over)
{
    while (size > 0) {
        ssize_t written = write(fd, from, size);

        if (written < 0)
            die(name);
        from += written;
        size -= (size_t)written;
    }
    if (is_over && fdatasync(fd) < 0)
        die(name);
}

/* $PAUSE_MS, in nanoseconds. */
static unsigned long longest_pause(void)
{
    const char *text = getenv("PAUSE_MS");

    return text ? strtoul(text, NULL, 10) * 1000000 : 0;
}

static void pause_for(unsigned long nanoseconds)
{
    const struct timespec nap = {.tv_nsec = (long)nanoseconds};

    if (nanoseconds > 0)
        nanosleep(&nap, NULL);
}

int main(int argc, char *argv[])
{
    static char content[LARGEST];
    uint64_t state;
    size_t size = LARGEST;
    bool is_over;
    int fd, how;

    if (argc != 4) {
        fputs("Usage: fill INPUT PART OUTPUT\n", stderr);
        return 2;
    }
    state = hash(argv[1], argv[2]);
    is_over = strcmp(argv[2], "over") == 0;
    if (!is_over)
        size = SMALLEST + (size_t)(next(&state) % (LARGEST - SMALLEST));
    for (size_t i = 0; i < size; i++)
        content[i] = (char)(next(&state) >> 56);

    how = is_over ? 0 : strcmp(argv[2], "0") == 0 ? O_TRUNC : O_APPEND;
    fd = open(argv[3], O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666);
    if (fd < 0)
        die(argv[3]);
    write_all(fd, content, size / 2, argv[3], is_over);
    pause_for(is_over ? LONGER * longest_pause() : next(&state) % (longest_pause() + 1));
    write_all(fd, content + size / 2, size - size / 2, argv[3], is_over);
    if (close(fd) < 0)
        die(argv[3]);
    return 0;
}
