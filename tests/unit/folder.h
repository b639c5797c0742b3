/* folder.h - a real, empty folder to be in, for unit tests
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_UNIT_FOLDER_H
#define SETTLE_UNIT_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char folder[256];
static int folder_before;

static inline int folder_setup(void **state)
{
    const char *place = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/settle-unit.XXXXXX", place && *place ? place : "/tmp");
    folder_before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder_before >= 0 && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int folder_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline int folder_teardown(void **state)
{
    (void)state;
    if (fchdir(folder_before) < 0)
        return -1;
    close(folder_before);
    return nftw(folder, folder_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

static inline void write_file(const char *name)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_int_equal(fputs("text", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

/* Lets the clock pass on that the kernel takes files' times from, in steps of 10 ms at most (CONFIG_HZ). */
static inline void tick(void)
{
    const struct timespec nap = {.tv_nsec = 20000000};

    nanosleep(&nap, NULL);
}

static inline bool is_there(const char *name)
{
    struct stat st;

    return lstat(name, &st) == 0;
}

#endif
