/* mark_text.h - what a mark's text and time say, for mark.c, mark_make.c and mark_note.c
   SPDX-License-Identifier: GPL-3.0-or-later

   Others see struct mark alone: mark.h. */

#ifndef SETTLE_MARK_TEXT_H
#define SETTLE_MARK_TEXT_H

#include <stdbool.h>
#include <time.h>

#include "mark.h"

/* The modification time of a mark with "!" once the line is over, or once another one could not begin: so many seconds, and
   as many nanoseconds as the number of its process, which no recipe sets by chance. */
enum {
    MARK_TIME_OF_SETTLED = 1,
    MARK_TIME_OF_DEFERRED = 2,
    MARK_TIME_OF_CUT_SHORT = 3,
    MARK_TIME_OF_UNSUCCESSFUL = 4,
};

/* The one of END, which is not MARK_RUNNING. */
time_t mark_time_of(enum mark_end end);

/* For MARK_RUNNING, in a mark's text: see mark_note_failure. */
enum { MARK_HAS_FAILED = '-' };

/* Opens the mark at PATH itself. */
int mark_open(const char *path);

/* Reads the mark that FD is: text and time are of the same one, whoever replaces it meanwhile.  Returns 0, or -1 with
   errno. */
int mark_read_open(int fd, struct mark *mark);

/* True where MARK is MAKER's. */
bool mark_is_of(const struct mark *mark, const char *maker);

/* The text of a mark like MARK, of MAKER, of which process SHELL's line has come to END. */
void mark_describe(char text[MARK_TEXT], const struct mark *mark, const char *maker, enum mark_end end, pid_t shell);

#endif
