/* tree.c - finds everything below a directory
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "retry.h"
#include "sys.h"
#include "tree.h"
#include "way.h"

/* Directories found and not yet listed, indexes in set->dirs. */
struct pending {
    size_t *index;
    size_t count;
    size_t room;
};

struct walk {
    struct set *set;
    struct pending pending;
};

static int pending_add(struct pending *pending, size_t index)
{
    if (pending->count == pending->room) {
        size_t room = pending->room ? 2 * pending->room : 64;
        size_t *grown = reallocarray(pending->index, room, sizeof *grown);

        if (!grown)
            return -1;
        pending->index = grown;
        pending->room = room;
    }
    pending->index[pending->count++] = index;
    return 0;
}

static int add_directory(struct walk *walk, size_t parent, const char *name,
                         const struct stat *st)
{
    struct dirs *dirs = &walk->set->dirs;
    size_t index = dirs_add_entry(dirs, parent, name, st);

    if (index == DIRS_NONE)
        return -1;
    if (dirs->dir[index].is_listed)
        return 0;
    dirs->dir[index].is_listed = true;
    return pending_add(&walk->pending, index);
}

static int add_file(struct walk *walk, size_t parent, const char *name, const struct stat *st)
{
    struct set *set = walk->set;
    struct file *file;

    /* That it is known, by another name or as a hard link, doesn't do: that name may vanish, and its inode's number
       be used again, before it is opened. */
    file = set_add(set, NULL);
    if (!file)
        return -1;
    file->in_tree = true;
    file->dir = (uint32_t)parent;
    file->name = strdup(name);
    return file->name ? set_identify(set, file, st) : -1;
}

static int add_entry(struct walk *walk, size_t parent, int fd, const struct dirent *entry)
{
    struct stat st;

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_REG && entry->d_type != DT_DIR)
        return 0;
    if (sys.stat_entry(fd, entry->d_name, &st) < 0) {
        if (errno != ENOENT)
            dir_fail(&walk->set->dirs.dir[parent], DIR_LIST);
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        return add_directory(walk, parent, entry->d_name, &st);
    return S_ISREG(st.st_mode) ? add_file(walk, parent, entry->d_name, &st) : 0;
}

/* Opens the directory of INDEX, or notes down why that is not to be. */
static DIR *open_directory(struct walk *walk, size_t index, int *fd)
{
    struct dirs *dirs = &walk->set->dirs;
    unsigned long magic;
    DIR *stream;

    *fd = dirs_open(dirs, index);
    if (*fd < 0) {
        /* gone, where it was an entry; the caller's own name has to be there */
        if (dir_has_vanished(&dirs->dir[index]))
            dirs->dir[index].is_synced = true;
        else
            dir_fail(&dirs->dir[index], DIR_OPEN);
        return NULL;
    }
    if (dirs->dir[index].parent != DIRS_NONE &&
        dirs->dir[dirs->dir[index].parent].dev != dirs->dir[index].dev &&
        sys.fs_magic(*fd, &magic) == 0 && way_is_pseudo(magic)) {
        dirs->dir[index].is_synced = true;
        sys.close(*fd);
        return NULL;
    }
    stream = sys.fdopendir(*fd);
    if (!stream) {
        dir_fail(&dirs->dir[index], DIR_OPEN);
        sys.close(*fd);
    }
    return stream;
}

static int list_directory(struct walk *walk, size_t index)
{
    int fd, result = 0;
    DIR *stream = open_directory(walk, index, &fd);
    const struct dirent *entry;

    if (!stream)
        return 0;
    errno = 0;
    while (result == 0 && (entry = sys.readdir(stream))) {
        result = add_entry(walk, index, fd, entry);
        errno = 0;
    }
    if (result == 0 && errno != 0)
        dir_fail(&walk->set->dirs.dir[index], DIR_LIST);
    sys.closedir(stream);  /* read only: it has nothing to report */
    return result;
}

int tree_walk(struct set *set, size_t root, void (*check)(void *context), void *context)
{
    struct walk walk = {.set = set};
    int result = 0;

    if (set->dirs.dir[root].is_listed)
        return 0;
    set->dirs.dir[root].is_listed = true;
    result = pending_add(&walk.pending, root);
    while (result == 0 && walk.pending.count > 0) {
        result = list_directory(&walk, walk.pending.index[--walk.pending.count]);
        if (check)
            check(context);
    }
    free(walk.pending.index);
    return result;
}
