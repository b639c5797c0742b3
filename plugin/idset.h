/* idset.h - a set of files, told apart by device and inode
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_IDSET_H
#define SETTLE_IDSET_H

#include <stddef.h>
#include <sys/stat.h>

struct idset {
    void *root;  /* all zeros is the empty set */
};

/* Puts the file of ST into SET with INDEX, unless it is there already.  Returns the index under
   which it is there (INDEX itself where it is new), or (size_t)-1 with errno ENOMEM. */
size_t idset_add(struct idset *set, const struct stat *st, size_t index);
void idset_free(struct idset *set);

#endif
