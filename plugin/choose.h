/* choose.h - finds out what way.h wants to know of the files on one file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_CHOOSE_H
#define SETTLE_CHOOSE_H

#include "options.h"
#include "set.h"

/* Sets magic and way of the group of INDEX.  Files of an index below MAY_KEEP may stay open. */
void choose_way(struct set *set, const struct settle_options *options, size_t index,
                size_t may_keep);

#endif
