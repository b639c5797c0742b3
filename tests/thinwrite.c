/* thinwrite.c - dirties single pages of a sparse file through a shared mapping, far from one another
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: thinwrite FILE PAGES STRIDE
   PAGES pages, STRIDE bytes apart.  A file system that reserves room for a page when it is dirtied, but
   finds out only at writeback what the way to it takes (ext4: indirect blocks, one for each page that
   lies alone), then has no room for some of them. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "thinwrite: %s: %s\n", what, strerror(errno));
    exit(1);
}

int main(int argc, char *argv[])
{
    size_t pages = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    size_t stride = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    char *map;
    int fd;

    if (pages == 0 || stride == 0) {
        fputs("Usage: thinwrite FILE PAGES STRIDE\n", stderr);
        return 2;
    }
    fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, (off_t)(pages * stride)) < 0)
        die(argv[1]);
    map = mmap(NULL, pages * stride, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        die(argv[1]);
    if (close(fd) < 0)
        die(argv[1]);
    for (size_t i = 0; i < pages; i++)
        map[i * stride] = 1;
    return 0;
}
