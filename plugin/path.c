/* path.c - opens a path of any length
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "retry.h"
#include "sys.h"

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

/* How much of PATH, which is too long, the kernel takes at once: up to a slash. */
static size_t first_part(const char *path)
{
    size_t length = PATH_MAX - 1;

    while (length > 0 && path[length] != '/')
        length--;
    return length;
}

/* Opens the directory that the first LENGTH bytes of PATH name, seen from the directory AT. */
static int open_part(int at, const char *path, size_t length)
{
    char part[PATH_MAX];

    memcpy(part, path, length);
    part[length] = '\0';
    return RETRY(sys.openat(at, part, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int path_open(const char *path, int flags)
{
    int at = AT_FDCWD, fd;

    if (strlen(path) < PATH_MAX)
        return RETRY(sys.open(path, flags));
    while (strlen(path) >= PATH_MAX) {
        size_t length = first_part(path);
        int next;

        if (length == 0) {
            errno = ENAMETOOLONG;
            next = -1;
        } else
            next = open_part(at, path, length);
        if (at != AT_FDCWD) {
            int error = errno;

            sys.close(at);
            errno = error;
        }
        if (next < 0)
            return -1;
        at = next;
        path += length + strspn(path + length, "/");
    }
    fd = RETRY(sys.openat(at, path, flags));
    if (at != AT_FDCWD) {
        int error = errno;

        sys.close(at);
        errno = error;
    }
    return fd;
}
