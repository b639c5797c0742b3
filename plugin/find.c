/* find.c - from a name to the files it stands for
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "resolve.h"
#include "sys.h"
#include "tree.h"

/* A directory that was named: itself and its own entry.  It has no pages that writeback would
   concern. */
static void find_directory(struct set *set, const struct settle_options *options,
                           struct file *file)
{
    size_t index;

    file->is_directory = true;
    if (options->mode != MODE_FSYNC)
        return;
    index = dirs_add(&set->dirs, file->name);
    if (index == DIRS_NONE || dirs_add_parent(&set->dirs, file->name, 1) == DIRS_NONE)
        file_fail(file, STEP_FIND);
    else
        file->dir = (uint32_t)index;
}

/* A regular file: the first of its names stands for all of them. */
static int find_file(struct set *set, const struct settle_options *options, struct file *file,
                     const struct stat *st)
{
    if (options->mode == MODE_FSYNC && dirs_add_parent(&set->dirs, file->name, 0) == DIRS_NONE) {
        file_fail(file, STEP_FIND);
        return 0;
    }
    return set_identify(set, file, st);
}

/* The name of a tree, "dir/" or "link/": its root, and in mode fsync the directory that has it as an
   entry, and the one that has the link. */
static int find_tree(struct set *set, const struct settle_options *options, struct file *file,
                     void (*check)(void *context), void *context)
{
    size_t length = strlen(file->shown), root;
    char *name = strndup(file->shown, length);
    struct stat st;

    if (!name)
        return -1;
    while (length > 1 && name[length - 1] == '/')
        name[--length] = '\0';
    file->is_directory = true;
    if (resolve_name(name, &set->dirs, &file->name, &st) < 0) {
        file_fail_missing(options, file, STEP_FIND);
        free(name);
        return 0;
    }
    free(name);
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        file_fail(file, STEP_FIND);
        return 0;
    }
    root = dirs_add(&set->dirs, file->name);
    if (root == DIRS_NONE ||
        (options->mode == MODE_FSYNC && dirs_add_parent(&set->dirs, file->name, 1) == DIRS_NONE)) {
        file_fail(file, STEP_FIND);
        return 0;
    }
    file->dir = (uint32_t)root;
    return tree_walk(set, root, check, context);
}

int find_name(struct set *set, const struct settle_options *options, const char *name,
              void (*check)(void *context), void *context)
{
    size_t length = strlen(name);
    struct file *file = set_add(set, name);
    struct stat st;

    if (!file)
        return -1;
    if (length > 1 && name[length - 1] == '/')
        return find_tree(set, options, file, check, context);
    if (resolve_name(name, &set->dirs, &file->name, &st) < 0) {
        file_fail_missing(options, file, STEP_FIND);
        return 0;
    }
    if (S_ISREG(st.st_mode))
        return find_file(set, options, file, &st);
    if (S_ISDIR(st.st_mode))
        find_directory(set, options, file);
    else
        file->what = OUTCOME_LEFT_ALONE;
    return 0;
}
