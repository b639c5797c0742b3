/* dirs.c - the directories of a set of files, each synced once
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "retry.h"
#include "sys.h"

static int make_room(struct dirs *dirs)
{
    size_t room = dirs->room ? 2 * dirs->room : 16;
    struct dir *dir;

    if (dirs->count < dirs->room)
        return 0;
    dir = reallocarray(dirs->dir, room, sizeof *dir);
    if (!dir)
        return -1;
    dirs->dir = dir;
    dirs->room = room;
    return 0;
}

size_t dirs_add(struct dirs *dirs, const char *path)
{
    struct stat st;
    size_t index;
    char *copy;

    /* Files of one directory mostly come in a row: spare them the stat. */
    if (dirs->count > 0 && strcmp(dirs->dir[dirs->count - 1].path, path) == 0)
        return dirs->count - 1;
    if (sys.stat(path, &st) < 0 || make_room(dirs) < 0)
        return (size_t)-1;
    copy = strdup(path);
    if (!copy)
        return (size_t)-1;
    index = idset_add(&dirs->known, &st, dirs->count);
    if (index != dirs->count) {
        free(copy);
        return index;
    }
    dirs->dir[dirs->count].path = copy;
    dirs->dir[dirs->count].error = 0;
    return dirs->count++;
}

/* The path of the directory that holds PATH, newly allocated.  A directory's own ".." is right where
   its last part doesn't name it in its parent: ".", "a/..", "/". */
static char *parent_of(const char *path, int is_directory)
{
    size_t length = strlen(path);
    const char *slash;

    while (length > 1 && path[length - 1] == '/')
        length--;
    slash = memrchr(path, '/', length);
    if (is_directory) {
        const char *last = slash ? slash + 1 : path;
        size_t n = length - (size_t)(last - path);

        if (n == 0 || strncmp(last, ".", n) == 0 || strncmp(last, "..", n) == 0) {
            char *parent;

            return asprintf(&parent, "%.*s/..", (int)length, path) < 0 ? NULL : parent;
        }
    }
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

size_t dirs_add_parent(struct dirs *dirs, const char *path, int is_directory)
{
    char *parent = parent_of(path, is_directory);
    size_t index;

    if (!parent)
        return (size_t)-1;
    index = dirs_add(dirs, parent);
    free(parent);
    return index;
}

static int sync_one(const char *path)
{
    int fd = RETRY(sys.open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC));
    int error = 0;

    if (fd < 0)
        return errno;
    /* Some file systems have no fsync for a directory, and say so in one of these ways: their
       entries are as durable as they get.  Anything else is final. */
    if (RETRY(sys.fsync(fd)) < 0 && errno != EINVAL && errno != EBADF)
        error = errno;
    sys.close(fd);  /* read only: it has nothing to report */
    return error;
}

void dirs_sync(struct dirs *dirs)
{
    for (size_t i = 0; i < dirs->count; i++)
        dirs->dir[i].error = sync_one(dirs->dir[i].path);
}

void dirs_free(struct dirs *dirs)
{
    for (size_t i = 0; i < dirs->count; i++)
        free(dirs->dir[i].path);
    free(dirs->dir);
    idset_free(&dirs->known);
}
