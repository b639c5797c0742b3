/* dirs.c - the directories of a set of files, each synced once
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "path.h"
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

/* True where NAME, in the directory of index PARENT or, with DIRS_NONE, a path, is the directory of INDEX, which has its
   number.  One that is above it is so anyway: no tree is without end. */
static bool is_same(const struct dirs *dirs, size_t index, size_t parent, const char *name, const struct stat *st)
{
    char *path;
    struct stat known;
    bool is = dirs->dir[index].parent == parent && strcmp(dirs->dir[index].name, name) == 0;

    for (size_t above = parent; !is && above != DIRS_NONE; above = dirs->dir[above].parent)
        is = above == index;
    if (is)
        return true;
    path = dirs_path(dirs, index, NULL);
    is = !path || sys.stat(path, &known) < 0 || idset_alike(&known, st);
    free(path);
    return is;
}

size_t dirs_add_entry(struct dirs *dirs, size_t parent, const char *name, const struct stat *st)
{
    size_t index;
    char *copy;

    if (make_room(dirs) < 0)
        return DIRS_NONE;
    copy = strdup(name);
    if (!copy)
        return DIRS_NONE;
    index = idset_add(&dirs->known, st, dirs->count);
    if (index == IDSET_NONE || (index != dirs->count && is_same(dirs, index, parent, name, st))) {
        free(copy);
        return index;
    }
    dirs->dir[dirs->count] = (struct dir){
        .name = copy,
        .parent = parent,
        .length = strlen(name) + (parent == DIRS_NONE ? 0 : dirs->dir[parent].length + 1),
        .dev = st->st_dev,
    };
    return dirs->count++;
}

size_t dirs_add(struct dirs *dirs, const char *path)
{
    struct stat st;
    size_t index;
    const struct dir *last = dirs->count > 0 ? &dirs->dir[dirs->count - 1] : NULL;

    /* Files of one directory mostly come in a row: spare them the stat. */
    if (last && last->parent == DIRS_NONE && strcmp(last->name, path) == 0)
        return dirs->count - 1;
    if (sys.stat(path, &st) < 0)
        return DIRS_NONE;
    index = dirs_add_entry(dirs, DIRS_NONE, path, &st);
    if (index != DIRS_NONE)
        dirs->dir[index].is_named = true;
    return index;
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
        return DIRS_NONE;
    index = dirs_add(dirs, parent);
    free(parent);
    return index;
}

char *dirs_path(const struct dirs *dirs, size_t index, const char *name)
{
    size_t end = dirs->dir[index].length;
    size_t tail = name ? strlen(name) : 0;
    char *path = malloc(end + 1 + tail + 1);

    if (!path)
        return NULL;
    path[end] = '\0';
    if (name) {
        path[end] = '/';
        memcpy(path + end + 1, name, tail + 1);
    }
    /* from the end to the beginning, without recursion: a tree may be deep */
    for (size_t i = index; i != DIRS_NONE; i = dirs->dir[i].parent) {
        size_t length = strlen(dirs->dir[i].name);

        end -= length;
        memcpy(path + end, dirs->dir[i].name, length);
        if (dirs->dir[i].parent != DIRS_NONE)
            path[--end] = '/';
    }
    return path;
}

/* A look at the names only where the inode is another one than was found: that alone proves nothing, for an
   automount, or FUSE, may have another one to show once the directory is opened. */
static bool is_below_a_link(const struct dirs *dirs, size_t index)
{
    bool is_link = false;

    for (size_t i = index; !is_link && dirs->dir[i].parent != DIRS_NONE; i = dirs->dir[i].parent) {
        char *path = dirs_path(dirs, i, NULL);
        struct stat st;

        is_link = path && sys.lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
        free(path);
    }
    return is_link;
}

int dirs_open(const struct dirs *dirs, size_t index)
{
    const bool is_entry = dirs->dir[index].parent != DIRS_NONE;
    char *path = dirs_path(dirs, index, NULL);
    struct stat st;
    int fd;

    if (!path)
        return -1;
    fd = path_open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC | (is_entry ? O_NOFOLLOW : 0));
    free(path);
    if (fd < 0 || !is_entry || (sys.fstat(fd, &st) == 0 && idset_find(&dirs->known, st.st_dev, st.st_ino) == index) ||
        !is_below_a_link(dirs, index))
        return fd;
    sys.close(fd);  /* read only: it has nothing to report */
    errno = ELOOP;
    return -1;
}

bool dir_has_vanished(const struct dir *dir)
{
    return !dir->is_named && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
}

void dir_fail(struct dir *dir, enum dir_step step)
{
    if (dir->error)
        return;
    dir->error = errno;
    dir->step = step;
}

/* Of a tree, the longer path first: what is below a directory has a longer one.  Then what was named and
   its parents, as they came: each stands before its parent. */
static int compare(const void *left, const void *right, void *context)
{
    const struct dirs *dirs = context;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    bool a_is_entry = dirs->dir[a].parent != DIRS_NONE, b_is_entry = dirs->dir[b].parent != DIRS_NONE;

    if (a_is_entry != b_is_entry)
        return a_is_entry ? -1 : 1;
    if (a_is_entry && dirs->dir[a].length != dirs->dir[b].length)
        return dirs->dir[a].length > dirs->dir[b].length ? -1 : 1;
    return a < b ? -1 : a > b;
}

size_t *dirs_order(struct dirs *dirs)
{
    size_t *order = calloc(dirs->count + 1, sizeof *order);

    if (!order)
        return NULL;
    for (size_t i = 0; i < dirs->count; i++)
        order[i] = i;
    qsort_r(order, dirs->count, sizeof *order, compare, dirs);
    return order;
}

void dirs_sync(struct dirs *dirs, size_t index)
{
    struct dir *dir = &dirs->dir[index];
    int fd;

    if (dir->is_synced || dir->error)
        return;
    fd = dirs_open(dirs, index);
    if (fd < 0) {
        if (dir_has_vanished(dir))
            dir->is_synced = true;
        else
            dir_fail(dir, DIR_OPEN);
        return;
    }
    /* Some file systems have no fsync for a directory, and say so in one of these ways: their
       entries are as durable as they get.  Anything else is final. */
    if (RETRY(sys.fsync(fd)) < 0 && errno != EINVAL && errno != EBADF)
        dir_fail(dir, DIR_FSYNC);
    sys.close(fd);  /* read only: it has nothing to report */
    dir->is_synced = true;
}

void dirs_sync_put_off(struct dirs *dirs, size_t index)
{
    struct dir *dir = &dirs->dir[index];

    if (dir->step != DIR_OPEN || (dir->error != EMFILE && dir->error != ENFILE && dir->error != ENOMEM))
        return;
    dir->error = 0;
    dirs_sync(dirs, index);
}

void dirs_free(struct dirs *dirs)
{
    for (size_t i = 0; i < dirs->count; i++)
        free(dirs->dir[i].name);
    free(dirs->dir);
    idset_free(&dirs->known);
    memset(dirs, 0, sizeof *dirs);
}
