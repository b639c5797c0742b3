/* writers.h - waits until nobody has the files open for writing any more
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_WRITERS_H
#define SETTLE_WRITERS_H

#include "options.h"
#include "set.h"

/* Asks for FILE, which is open, by a lease: sets its is_held, or ask_proc where /proc has to tell. */
void writers_ask(const struct set *set, const struct settle_options *options, struct file *file);

/* Looks through /proc once for the files that have ask_proc set, and sets their is_held (and the holder in
   their detail), or writers_unknown where it can't be told, either. */
void writers_look(struct set *set);

/* Waits for the files that are held, up to options->timeout seconds: calls RELEASED for each that is let
   go of, and makes it a failure of the others.  CHECK is called now and then. */
void writers_wait(struct set *set, const struct settle_options *options,
                  void (*released)(void *context, size_t index), void (*check)(void *context),
                  void *context);

#endif
