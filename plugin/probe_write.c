/* probe_write.c - the writers whose files the probe watches; each runs in a child
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe_room.h"

static size_t file_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE) * PROBE_PAGES;
}

/* Not zeros, and as compressible as programs are: what compression makes of it moves the blocks. */
static void fill(char *bytes, size_t size)
{
    static const char text[] = "settle --probe\n";

    for (size_t i = 0; i < size; i++)
        bytes[i] = text[i % (sizeof text - 1)];
}

/* The file, open and mapped. */
struct mapped {
    int fd;
    char *bytes;
    size_t size;
};

static int map(struct mapped *file, int dir, const char *name)
{
    file->size = file_size();
    file->fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file->fd < 0 || ftruncate(file->fd, (off_t)file->size) < 0)
        return -1;
    file->bytes = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
    return file->bytes == MAP_FAILED ? -1 : 0;
}

static int write_and_unmap(int dir, const char *name)
{
    struct mapped file;

    if (map(&file, dir, name) < 0)
        return -1;
    fill(file.bytes, file.size);
    if (munmap(file.bytes, file.size) < 0)
        return -1;
    return close(file.fd);
}

static int write_and_exit(int dir, const char *name)
{
    struct mapped file;

    if (map(&file, dir, name) < 0)
        return -1;
    fill(file.bytes, file.size);
    return 0;
}

static int close_and_write(int dir, const char *name)
{
    struct mapped file;

    if (map(&file, dir, name) < 0 || close(file.fd) < 0)
        return -1;
    fill(file.bytes, file.size);
    return munmap(file.bytes, file.size);
}

static int write_plainly(int dir, const char *name)
{
    char page[4096];
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    fill(page, sizeof page);
    for (size_t done = 0; done < file_size();) {
        ssize_t n = write(fd, page, sizeof page);

        if (n < 0)
            return -1;
        done += (size_t)n;
    }
    return close(fd);
}

child_work *const probe_writers[PROBE_WRITERS] = {
    [WRITER_UNMAP] = write_and_unmap,
    [WRITER_EXIT] = write_and_exit,
    [WRITER_CLOSE_FIRST] = close_and_write,
    [WRITER_WRITE] = write_plainly,
};

int probe_hold_descriptor(int dir, const char *name)
{
    return openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ? -1 : 0;
}

int probe_hold_mapping(int dir, const char *name)
{
    struct mapped file;

    if (map(&file, dir, name) < 0 || close(file.fd) < 0)
        return -1;
    fill(file.bytes, file.size);
    return 0;
}
