/* tell.h - tells the engine's caller what became of everything
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_TELL_H
#define SETTLE_TELL_H

#include <stdbool.h>

#include "engine.h"
#include "set.h"

/* Calls CALLER's tell for each file of SET and each directory that failed (engine.h).  Returns true where
   something failed. */
bool tell_all(struct set *set, const struct engine_caller *caller);

#endif
