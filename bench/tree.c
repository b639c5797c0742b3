/* tree.c - makes a tree of small files, fast and without waiting for any of them
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: tree DIR COUNT BYTES    makes DIR, which must not be there, and in it folders of 100 files of
                                  BYTES bytes each, COUNT altogether, no two alike. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_PER_FOLDER = 100 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "tree: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void make_file(int folder, const char *name, const char *content, size_t bytes)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    ssize_t written;

    if (fd < 0)
        fail(name);
    for (size_t done = 0; done < bytes; done += (size_t)written) {
        written = write(fd, content + done, bytes - done);
        if (written <= 0)
            fail(name);
    }
    if (close(fd) < 0)
        fail(name);
}

static int make_folder(int parent, const char *name)
{
    int fd;

    if (mkdirat(parent, name, 0755) < 0)
        fail(name);
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fail(name);
    return fd;
}

int main(int argc, char *argv[])
{
    long count = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    long bytes = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    int top;
    int folder = -1;
    char *content;
    char name[32];

    if (count <= 0 || bytes < (long)sizeof count) {
        fputs("Usage: tree DIR COUNT BYTES\n", stderr);
        return 2;
    }
    content = malloc((size_t)bytes);
    if (content == NULL)
        fail("memory");
    memset(content, 's', (size_t)bytes);
    top = make_folder(AT_FDCWD, argv[1]);
    for (long i = 0; i < count; i++) {
        if (i % FILES_PER_FOLDER == 0) {
            if (folder >= 0)
                close(folder);
            snprintf(name, sizeof name, "folder%ld", i / FILES_PER_FOLDER);
            folder = make_folder(top, name);
        }
        memcpy(content, &i, sizeof i);
        snprintf(name, sizeof name, "file%ld", i % FILES_PER_FOLDER);
        make_file(folder, name, content, (size_t)bytes);
    }
    free(content);
    return 0;
}
