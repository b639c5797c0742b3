/* pending.h - files of finished targets that are not yet durable
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_PENDING_H
#define SETTLE_PENDING_H

#include <stddef.h>

#include "job.h"

/* Takes in the file NAME. */
void pending_add(const char *name);

/* What is pending, as mark_escape has it with blanks between, for JOB to make it durable, in at most ROOM bytes; newly
   allocated, marked, and pending no more.  NULL: not yet enough to be worth it (JOB's options' batch_...). */
char *pending_take(const struct job *job, size_t room);

/* Makes all of it durable now, and removes MAKER's marks of it in DIRECTORY; what a job has taken must have lost its mark by
   now.  Returns 0, or 1 after a message. */
int pending_settle(const char *directory, const char *maker);

#endif
