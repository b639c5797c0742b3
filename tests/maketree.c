/* maketree.c - makes large and deep trees, quickly
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: maketree FOLDER FILES FILES_EACH    FILES files of one byte, FILES_EACH in each folder below FOLDER
          maketree FOLDER --deep DEPTH NAME   DEPTH folders NAME in one another, a file "file" in the last
   FOLDER is there. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "maketree: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Opens the new folder NAME in the folder AT. */
static int make_folder(int at, const char *name)
{
    int fd = mkdirat(at, name, 0777) < 0 ? -1 : openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        die(name);
    return fd;
}

static void make_file(int at, const char *name)
{
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) < 0)
        die(name);
}

static void make_wide(int top, unsigned long files, unsigned long each)
{
    char name[32];
    int folder = -1;

    for (unsigned long i = 0; i < files; i++) {
        if (i % each == 0) {
            if (folder >= 0)
                close(folder);
            snprintf(name, sizeof name, "folder%lu", i / each);
            folder = make_folder(top, name);
        }
        snprintf(name, sizeof name, "file%lu", i);
        make_file(folder, name);
    }
}

static void make_deep(int top, unsigned long depth, const char *name)
{
    for (unsigned long i = 0; i < depth; i++) {
        int next = make_folder(top, name);

        close(top);
        top = next;
    }
    make_file(top, "file");
}

int main(int argc, char *argv[])
{
    int top = argc < 4 ? -1 : open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (argc < 4) {
        fputs("Usage: maketree FOLDER FILES FILES_EACH | FOLDER --deep DEPTH NAME\n", stderr);
        return 2;
    }
    if (top < 0)
        die(argv[1]);
    if (argc == 5 && strcmp(argv[2], "--deep") == 0)
        make_deep(top, strtoul(argv[3], NULL, 10), argv[4]);
    else if (strtoul(argv[3], NULL, 10) > 0)
        make_wide(top, strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    return 0;
}
