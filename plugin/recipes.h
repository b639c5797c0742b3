/* recipes.h - which recipes of this make are over, and what is to be done for their marks
   SPDX-License-Identifier: GPL-3.0-or-later

   settle-sh marks a target's files before its first line and notes the end of each line in their marks, in that
   of the first one last; make doesn't say when the last line was.  But it starts the next line at once when it has
   reaped the one before (job.c, reap_children), and expands SHELL for it.  So when SHELL is expanded for
   another target, a line that has ended and is reaped, and was followed by nothing, was the last one; unless the target
   may have another recipe (rules.h). */

#ifndef SETTLE_RECIPES_H
#define SETTLE_RECIPES_H

#include <stdbool.h>
#include <stddef.h>

#include "job.h"

/* Sets the folder of the marks, for all of this make (SETTLE_DIR; empty: none are made), and makes it and
   keeps it locked; DURABLY before what comes next, where that isn't free.  Returns 0, or -1 with errno; EXDEV:
   it is another one than before. */
int recipes_mark_in(const char *directory, bool durably);

/* Who these marks are made by, or an empty text where none are. */
const char *recipes_maker(void);

/* A line that make is about to start, while it expands SHELL for it.  For a $(shell) in there it starts the next
   lines of other targets meanwhile; or an error ends it there, and the line is never run. */
struct announced {
    const char *target;
    const struct announced *outer;  /* within whose SHELL this one was announced */
};

/* Takes in LINE, one of TARGET's recipe, which may be one without marks.  Both stay the caller's, and are wanted until
   recipes_start, which is to be called for the last one first. */
void recipes_announce(struct announced *line, const char *target);
void recipes_start(const struct announced *line);

/* JOB is that of all lines of its target's recipe, of which the first is about to start; sets its page.  IS_ONE_OF_MANY:
   the target may have another recipe. */
void recipes_job(struct job *job, bool is_one_of_many);

/* How many recipes of recipes_job are not known to be over. */
size_t recipes_begun(void);

/* At make's end, or when it starts anew: all that has ended is made durable and its marks are removed; what
   of it fails is told on stderr.  Returns 0, or 1 where something failed. */
int recipes_end(void);

#endif
