/* tree.h - finds everything below a directory
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_TREE_H
#define SETTLE_TREE_H

#include "options.h"
#include "set.h"

/* Takes all regular files and directories below the directory of index ROOT in set->dirs, and itself, into
   SET.  Symbolic links are not followed, other file systems below it are included but for the kernel's
   own (proc, sysfs...).  What vanishes meanwhile is passed over; a directory that can't be read gets its
   error noted down (dir_fail).  One descriptor is open at a time, and there is no limit on depth or
   length of paths.  CHECK is called now and then, with CONTEXT; it may be NULL.

   Returns 0, or -1 with errno ENOMEM. */
int tree_walk(struct set *set, size_t root, void (*check)(void *context), void *context);

#endif
