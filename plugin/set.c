/* set.c - the files that one call of the engine settles
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"
#include "sys.h"

static int make_room(struct set *set)
{
    size_t room = set->room ? 2 * set->room : 16;
    struct file *file = reallocarray(set->file, room, sizeof *file);
    struct detail *detail;

    if (!file)
        return -1;
    set->file = file;
    if (set->wants_detail) {
        detail = reallocarray(set->detail, room, sizeof *detail);
        if (!detail)
            return -1;
        memset(detail + set->room, 0, (room - set->room) * sizeof *detail);
        set->detail = detail;
    }
    set->room = room;
    return 0;
}

struct file *set_add(struct set *set, const char *shown)
{
    struct file *file;

    if (set->count == set->room && make_room(set) < 0)
        return NULL;
    file = &set->file[set->count++];
    memset(file, 0, sizeof *file);
    file->shown = shown;
    file->fd = -1;
    file->dir = file->same = SET_NONE;
    return file;
}

int set_close(struct set *set)
{
    /* of which the pages that nobody writes to are never there */
    if (!set->detail)
        set->detail = calloc(set->count + 1, sizeof *set->detail);
    return set->detail ? 0 : -1;
}

/* The index of the group of file system DEV, of which INDEX is the first file where it is new; or -1 with errno
   ENOMEM. */
static int find_group(struct set *set, dev_t dev, size_t index)
{
    struct group *more;

    for (size_t i = set->groups; i-- > 0;)
        if (set->group[i].dev == dev)
            return (int)i;
    if (set->groups == SET_GROUPS) {
        set->group[SET_GROUPS - 1].is_mixed = true;
        return SET_GROUPS - 1;
    }
    more = realloc(set->group, (set->groups + 1) * sizeof *more);
    if (!more)
        return -1;
    set->group = more;
    set->group[set->groups] = (struct group){.dev = dev, .first = index, .fd = -1};
    return (int)set->groups++;
}

void set_same(struct set *set, struct file *file, size_t first)
{
    file->same = (uint32_t)first;
    set->file[first].is_named |= !file->in_tree;
    set->file[first].has_names = true;
    set->again++;
}

/* True where the file of index FIRST is the one of ST, which has its number.  Of a hard link nobody doubts that; and what
   can't be seen any more is for file_inherit. */
static bool is_same(const struct set *set, size_t first, const struct stat *st)
{
    char *path = st->st_nlink > 1 ? NULL : file_path(set, &set->file[first]);
    struct stat known;
    bool is = !path || sys.lstat(path, &known) < 0 || idset_alike(&known, st);

    free(path);
    return is;
}

int set_identify(struct set *set, struct file *file, const struct stat *st)
{
    size_t index = (size_t)(file - set->file);
    size_t first = idset_add(&set->files, st, index);
    int group = find_group(set, st->st_dev, index);

    if (first == IDSET_NONE || group < 0)
        return -1;
    file->group = (uint8_t)group;
    if (set->wants_detail)
        set->detail[index].before = set->detail[index].after = attributes_of(st);
    if (first != index && is_same(set, first, st)) {
        set_same(set, file, first);
        return 0;
    }
    set->group[group].files++;
    set->group[group].bytes += (uint64_t)st->st_size;
    return 0;
}

char *file_path(const struct set *set, const struct file *file)
{
    return file->in_tree ? dirs_path(&set->dirs, file->dir, file->name) : strdup(file->name);
}

bool file_is_open_question(const struct file *file)
{
    return file->what == OUTCOME_SETTLED && file->same == SET_NONE && !file->is_directory;
}

void file_fail(struct file *file, enum engine_step step)
{
    if (file->what == OUTCOME_FAILED)
        return;  /* the first error stands */
    file->what = OUTCOME_FAILED;
    file->step = (uint8_t)step;
    file->error = errno;
}

/* What was a file when the tree was listed is none any more.  In its place is a symbolic link (ELOOP, for
   O_NOFOLLOW), a socket or a device with nothing behind it (ENXIO); in that of a directory above it is something else
   (ENOTDIR). */
static bool is_gone(int error)
{
    return error == ENOENT || error == ELOOP || error == ENXIO || error == ENOTDIR;
}

bool file_has_vanished(const struct file *file)
{
    return file->what == OUTCOME_FAILED && file->step == STEP_OPEN && is_gone(file->error);
}

void file_fail_missing(const struct settle_options *options, struct file *file,
                       enum engine_step step)
{
    /* "a/fast" of a phony target beside a file "a" is not there, either */
    bool is_missing = errno == ENOENT || (options->missing_ok && (errno == ENOTDIR || errno == ENAMETOOLONG));
    bool has_vanished = is_missing && (options->missing_ok || (file->in_tree && !file->is_named));

    file->is_lost |= is_gone(errno);
    if (has_vanished || (is_gone(errno) && file->in_tree && !file->is_named))
        file->what = OUTCOME_MISSING;
    else
        file_fail(file, step);
}

void set_free(struct set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->file[i].name);
    free(set->file);
    free(set->detail);
    free(set->group);
    idset_free(&set->files);
    dirs_free(&set->dirs);
}
