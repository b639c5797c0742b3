/* find.h - from a name to the files it stands for
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_FIND_H
#define SETTLE_FIND_H

#include "options.h"
#include "set.h"

/* Takes what NAME stands for (engine.h) into SET, failures included.  CHECK is called now and then, with
   CONTEXT; it may be NULL.  Returns 0, or -1 with errno ENOMEM. */
int find_name(struct set *set, const struct settle_options *options, const char *name,
              void (*check)(void *context), void *context);

#endif
