/* mark_state.h - what a marked file was like before its recipe
   SPDX-License-Identifier: GPL-3.0-or-later

   For mark_make.c and others of mark*.c; what asks for it is in mark.h. */

#ifndef SETTLE_MARK_STATE_H
#define SETTLE_MARK_STATE_H

#include <stdint.h>
#include <time.h>

/* Gives the mark at PATH the modification TIME.  Returns 0, or -1 with errno. */
int mark_set_time(const char *path, struct timespec time);

/* Notes down in the fresh mark at PATH what NAME is like before its recipe.  Where a link's time can't be set,
   the file counts as touched; and so it does where the make itself, at work for AGE nanoseconds, has changed it:
   another recipe of that one writes to it as well (t:: has two), and it is not whole before both are over. */
void mark_note_state(const char *path, const char *name, int64_t age);

#endif
