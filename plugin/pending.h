/* pending.h - files of finished targets that are not yet durable
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_PENDING_H
#define SETTLE_PENDING_H

#include <stddef.h>

#include "job.h"
#include "list.h"

/* Takes in a recipe's FILES, and leaves the list empty: they are made durable together, and lose their marks one after
   another, as they are here.  The one of a target that is not among its files may be there, too (mark_is_key). */
void pending_add(struct list *files);

/* What is pending, as mark_escape has it with blanks between, for JOB to make it durable, in at most ROOM bytes; newly
   allocated, marked, and pending no more.  NULL: not yet enough to be worth it (JOB's options' batch_...). */
char *pending_take(const struct job *job, size_t room);

/* Makes all of it durable now, and removes MAKER's marks of it in DIRECTORY; what a job has taken must have lost its mark by
   now.  Returns 0, or 1 after a message. */
int pending_settle(const char *directory, const char *maker);

#endif
