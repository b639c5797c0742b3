/* resolve.c - from a name to the file it stands for, symbolic links followed one by one
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "resolve.h"
#include "sys.h"

#define MAX_LINKS 40  /* as the kernel's own (path_resolution(7)) */

/* TARGET as seen from the directory of the link PATH, newly allocated. */
static char *join(const char *path, const char *target)
{
    const char *slash = *target == '/' ? NULL : strrchr(path, '/');
    size_t length = slash ? (size_t)(slash + 1 - path) : 0;
    char *joined = malloc(length + strlen(target) + 1);

    if (joined) {
        memcpy(joined, path, length);
        memcpy(joined + length, target, strlen(target) + 1);
    }
    return joined;
}

/* Replaces *PATH, a symbolic link, with what it points to. */
static int follow(char **path)
{
    char target[PATH_MAX];
    ssize_t n = sys.readlink(*path, target, sizeof target);
    char *next;

    if (n < 0)
        return -1;
    if ((size_t)n >= sizeof target) {
        errno = ENAMETOOLONG;
        return -1;
    }
    target[n] = '\0';
    next = join(*path, target);
    if (!next)
        return -1;
    free(*path);
    *path = next;
    return 0;
}

int resolve_name(const char *name, struct dirs *dirs, char **path, struct stat *st)
{
    int links = 0;

    *path = strdup(name);
    if (!*path)
        return -1;
    for (;;) {
        if (sys.lstat(*path, st) < 0)
            break;
        if (!S_ISLNK(st->st_mode))
            return 0;
        if (++links > MAX_LINKS) {
            errno = ELOOP;
            break;
        }
        if (dirs_add_parent(dirs, *path, 0) == (size_t)-1 || follow(path) < 0)
            break;
    }
    free(*path);
    *path = NULL;
    return -1;
}
