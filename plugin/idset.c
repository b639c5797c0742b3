/* idset.c - a set of files, told apart by device and inode
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "idset.h"

struct id {
    dev_t dev;
    ino_t ino;
    size_t index;
};

static int compare(const void *left, const void *right)
{
    const struct id *a = left, *b = right;

    if (a->dev != b->dev)
        return a->dev < b->dev ? -1 : 1;
    return a->ino < b->ino ? -1 : a->ino > b->ino;
}

size_t idset_add(struct idset *set, const struct stat *st, size_t index)
{
    struct id *id = malloc(sizeof *id);
    struct id *const *found;

    if (!id)
        return (size_t)-1;
    id->dev = st->st_dev;
    id->ino = st->st_ino;
    id->index = index;
    found = tsearch(id, &set->root, compare);
    if (!found) {
        free(id);
        errno = ENOMEM;
        return (size_t)-1;
    }
    index = (*found)->index;
    if (*found != id)
        free(id);
    return index;
}

void idset_free(struct idset *set)
{
    tdestroy(set->root, free);
    set->root = NULL;
}
