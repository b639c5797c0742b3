/* choose.c - finds out what way.h wants to know of the files on one file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "choose.h"
#include "open.h"
#include "sys.h"

/* How many files tell how much of a set is dirty. */
#define SAMPLE 256

/* Files of an index below MAY_KEEP may stay open. */
static void close_one(const struct set *set, struct file *file, size_t may_keep)
{
    if ((size_t)(file - set->file) >= may_keep)
        file_close(file);
}

/* Bytes of GROUP's files that are dirty, from a sample of them; 0 where the kernel doesn't say. */
static uint64_t dirty_of(struct set *set, const struct settle_options *options, size_t group,
                         size_t may_keep)
{
    size_t step = set->group[group].files / SAMPLE + 1;
    uint64_t dirty = 0, asked = 0, nth = 0;

    for (size_t i = set->group[group].first; i < set->count; i++) {
        struct file *file = &set->file[i];
        uint64_t bytes;

        if (file->group != group || !file_is_open_question(file) || nth++ % step != 0 ||
            file_try_open(set, options, file) < 0)
            continue;
        if (sys.dirty_of_file(file->fd, &bytes) == 0)
            dirty += bytes;
        asked++;
        close_one(set, file, may_keep);
    }
    return asked > 0 ? dirty * set->group[group].files / asked : 0;
}

/* Opens a file of GROUP, the first that can be opened.  Returns it, or NULL. */
static struct file *open_one(struct set *set, const struct settle_options *options, size_t group)
{
    for (size_t i = set->group[group].first; i < set->count; i++) {
        struct file *file = &set->file[i];

        if (file->group == group && file_is_open_question(file) &&
            file_try_open(set, options, file) == 0)
            return file;
    }
    return NULL;
}

/* True where what has been opened as FILE is still on the file system of DEV: it may have become a link to elsewhere. */
static bool is_on(const struct file *file, dev_t dev)
{
    struct stat st;

    return sys.fstat(file->fd, &st) == 0 && st.st_dev == dev;
}

/* The number of GROUP's file system, or 0.  Where it would mean that nothing is done for all of the group, it is looked at
   twice. */
static unsigned long find_magic(struct set *set, const struct settle_options *options,
                                size_t group, size_t may_keep)
{
    struct file *file = open_one(set, options, group);
    unsigned long magic = 0;

    if (!file)
        return 0;
    if (sys.fs_magic(file->fd, &magic) < 0 ||
        (way_is_in_memory(magic) && !is_on(file, set->group[group].dev)))
        magic = 0;
    close_one(set, file, may_keep);
    return magic;
}

/* Bytes that a syncfs of GROUP's file system would write, or more where only more is known. */
static uint64_t dirty_around(struct set *set, const struct settle_options *options, size_t group,
                             size_t may_keep)
{
    struct file *file = open_one(set, options, group);
    uint64_t dirty;

    if (!file)
        return UINT64_MAX;
    if (sys.dirty_in_fs(file->fd, set->group[group].magic, &dirty) < 0 && sys.dirty_in_all(&dirty) < 0)
        dirty = UINT64_MAX;
    close_one(set, file, may_keep);
    return dirty;
}

void choose_way(struct set *set, const struct settle_options *options, size_t index,
                size_t may_keep)
{
    struct group *group = &set->group[index];
    struct situation situation = {.mode = options->mode, .files = group->files};

    if (group->is_mixed) {
        group->way = WAY_EACH;  /* and the system calls that work everywhere: magic 0 */
        return;
    }
    group->magic = situation.magic = find_magic(set, options, index, may_keep);
    if (way_depends_on_dirty(&situation)) {
        situation.dirty_of_set = dirty_of(set, options, index, may_keep);
        situation.dirty_around = dirty_around(set, options, index, may_keep);
    }
    group->way = way_choose(&situation);
}
