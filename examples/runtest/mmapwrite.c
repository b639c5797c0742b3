/* mmapwrite.c - writes a file the way linkers and libelf do: through a shared mapping
   SPDX-License-Identifier: GPL-3.0-or-later

   Maps FILE shared, touches every page, unmaps it and exits: no msync, no fsync.  Its options are
   the other ways in which such a program may end. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static const char help[] =
    "Usage: mmapwrite [OPTION]... FILE\n"
    "Write FILE through a shared mapping, one byte in each page, and exit.\n"
    "\n"
    "  --size=BYTES      how large; K, M or G may follow (256M)\n"
    "  --close-first     close the descriptor before a page is touched\n"
    "  --no-unmap        exit with the mapping in place\n"
    "  --linger=SECONDS  leave a process behind that has the mapping for so long (and the\n"
    "                    descriptor, without --close-first), and touches each page once more\n"
    "  --help            print this help";

struct work {
    const char *file;
    size_t size;
    bool close_first;
    bool no_unmap;
    double linger;  /* seconds */
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "mmapwrite: %s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void wrong_usage(const char *what)
{
    fprintf(stderr, "mmapwrite: %s\nTry 'mmapwrite --help' for more information.\n", what);
    exit(2);
}

static size_t parse_size(const char *text)
{
    static const char units[] = "KMG";
    char *end;
    unsigned long long size;
    const char *unit;

    errno = 0;
    size = strtoull(text, &end, 10);
    unit = *end ? strchr(units, *end) : NULL;
    if (errno || end == text || *text == '-' || size == 0 || (*end && (!unit || end[1])))
        wrong_usage("--size: a number of bytes is expected");
    for (; unit && unit >= units; unit--) {
        if (size > SIZE_MAX / 2 / 1024)
            wrong_usage("--size: too large");
        size *= 1024;
    }
    return (size_t)size;
}

static double parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0 && seconds < 1e6))
        wrong_usage("--linger: a number of seconds is expected");
    return seconds;
}

static struct work parse(int argc, char *argv[])
{
    static const struct option options[] = {
        {"size", required_argument, NULL, 's'},    {"close-first", no_argument, NULL, 'c'},
        {"no-unmap", no_argument, NULL, 'n'},      {"linger", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    struct work work = {.size = (size_t)256 << 20};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 's':
            work.size = parse_size(optarg);
            break;
        case 'c':
            work.close_first = true;
            break;
        case 'n':
            work.no_unmap = true;
            break;
        case 'l':
            work.linger = parse_seconds(optarg);
            break;
        case 'h':
            puts(help);
            exit(0);
        default:
            wrong_usage("unknown option");
        }
    if (argc - optind != 1)
        wrong_usage("one FILE is expected");
    work.file = argv[optind];
    return work;
}

static void touch_pages(char *map, size_t size, char byte)
{
    for (size_t i = 0; i < size; i += PAGE)
        map[i] = byte;
}

/* In a process of its own, which outlives this one. */
static void linger(const struct work *work, char *map)
{
    const struct timespec time = {
        .tv_sec = (time_t)work->linger,
        .tv_nsec = (long)((work->linger - (double)(time_t)work->linger) * 1e9),
    };
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return;
    /* who waits for our output's end must not wait for this one */
    if (!freopen("/dev/null", "r+", stdout) || !freopen("/dev/null", "r+", stderr))
        _exit(1);
    nanosleep(&time, NULL);
    touch_pages(map, work->size, 2);
    _exit(0);
}

int main(int argc, char *argv[])
{
    const struct work work = parse(argc, argv);
    int fd = open(work.file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    char *map;

    if (fd < 0 || ftruncate(fd, (off_t)work.size) < 0)
        die(work.file);
    map = mmap(NULL, work.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        die(work.file);
    if (work.close_first && close(fd) < 0)
        die(work.file);
    touch_pages(map, work.size, 1);
    if (work.linger > 0)
        linger(&work, map);
    if (!work.no_unmap && munmap(map, work.size) < 0)
        die(work.file);
    if (!work.close_first && close(fd) < 0)
        die(work.file);
    return 0;
}
