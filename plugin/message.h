/* message.h - messages of the three faces, one write(2) a line
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_MESSAGE_H
#define SETTLE_MESSAGE_H

#include "outcome.h"

/* Writes the line "settle: " FORMAT to stderr with one write(2), so that jobs that run in parallel
   don't mix theirs.  Control characters (a file name may hold a newline) are written as \ooo. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What there is to say of OUTCOME, newly allocated, without "settle: ": of a failure the file, the
   reason, and what follows from it; of a file that is settled what it took and what moved.
   NULL where memory is short. */
char *message_of(const struct outcome *outcome);

#endif
