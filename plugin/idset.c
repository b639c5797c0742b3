/* idset.c - a set of files, told apart by device and inode
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "idset.h"

#define FIRST_PLACES 64

/* Inode numbers mostly come in a row; the multiplication (Fibonacci hashing) spreads them.  It carries to
   higher bits only, where numbers of some file systems differ alone, hence both halves of the product. */
static size_t hash(dev_t dev, ino_t ino)
{
    uint64_t product = ((uint64_t)ino ^ (uint64_t)dev << 40) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(product ^ product >> 32);
}

/* The place where the file is, or the free one where it belongs. */
static struct id *find_place(const struct idset *set, dev_t dev, ino_t ino)
{
    size_t mask = set->places - 1, i = hash(dev, ino) & mask;

    while (set->place[i].index_1 != 0 && (set->place[i].dev != dev || set->place[i].ino != ino))
        i = (i + 1) & mask;
    return &set->place[i];
}

static int grow(struct idset *set)
{
    struct idset grown = {.places = set->places ? 2 * set->places : FIRST_PLACES,
                          .count = set->count};

    grown.place = calloc(grown.places, sizeof *grown.place);
    if (!grown.place)
        return -1;
    for (size_t i = 0; i < set->places; i++)
        if (set->place[i].index_1 != 0)
            *find_place(&grown, set->place[i].dev, set->place[i].ino) = set->place[i];
    free(set->place);
    *set = grown;
    return 0;
}

size_t idset_add(struct idset *set, const struct stat *st, size_t index)
{
    struct id *place;

    if (2 * set->count >= set->places && grow(set) < 0) {
        errno = ENOMEM;
        return IDSET_NONE;
    }
    place = find_place(set, st->st_dev, st->st_ino);
    if (place->index_1 == 0) {
        *place = (struct id){st->st_dev, st->st_ino, index + 1};
        set->count++;
    }
    return place->index_1 - 1;
}

bool idset_alike(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_nlink == b->st_nlink && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void idset_change(struct idset *set, const struct stat *st, size_t index)
{
    find_place(set, st->st_dev, st->st_ino)->index_1 = index + 1;
}

size_t idset_find(const struct idset *set, dev_t dev, ino_t ino)
{
    return set->count > 0 ? find_place(set, dev, ino)->index_1 - 1 : IDSET_NONE;
}

void idset_free(struct idset *set)
{
    free(set->place);
    memset(set, 0, sizeof *set);
}
