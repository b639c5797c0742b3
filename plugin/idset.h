/* idset.h - a set of files, told apart by device and inode
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_IDSET_H
#define SETTLE_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define IDSET_NONE ((size_t)-1)

/* A table of at least twice as many places as files, 24 bytes each: a tree of a million files has to
   fit.  All zeros is the empty set. */
struct idset {
    struct id {
        dev_t dev;
        ino_t ino;
        size_t index_1;  /* index + 1; 0: a free place */
    } *place;
    size_t places;  /* a power of two, or 0 */
    size_t count;
};

/* Puts the file of ST into SET with INDEX, unless it is there already.  Returns the index under
   which it is there (INDEX itself where it is new), or IDSET_NONE with errno ENOMEM. */
size_t idset_add(struct idset *set, const struct stat *st, size_t index);

/* True where A and B, which have one number, look alike otherwise, too: file systems that show several others below them
   (FUSE) may pass on the numbers of all, and one of them twice then. */
bool idset_alike(const struct stat *a, const struct stat *b);

/* Gives the file of ST, which is in SET, another INDEX. */
void idset_change(struct idset *set, const struct stat *st, size_t index);

/* The index under which the file is in SET, or IDSET_NONE. */
size_t idset_find(const struct idset *set, dev_t dev, ino_t ino);

void idset_free(struct idset *set);

#endif
