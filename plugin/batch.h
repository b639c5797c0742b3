/* batch.h - makes the files of finished targets durable, many at once, and removes their marks
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_BATCH_H
#define SETTLE_BATCH_H

#include <stddef.h>
#include <sys/types.h>

#include "outcome.h"

/* Fsyncs the COUNT files NAME, whose marks in DIRECTORY are MAKER's, and removes the marks of those that
   are safe.  Failures are told on stderr; a file whose content is lost is removed.  Returns 0, or 1 where a
   file failed. */
int batch_settle(const char *directory, const char *maker, char *const *name, size_t count);

/* The shell that has noted in NAME's mark that the file is finished and not durable; 0 where none has: another
   recipe is at work on it again, say. */
pid_t batch_shell(const char *directory, const char *name, const char *maker);

/* Removes MAKER's mark of NAME, which is safe, in DIRECTORY.  Where that can't be done it is told on stderr, once. */
void unmark(const char *directory, const char *name, const char *maker);

/* Tells on stderr of OUTCOME, a failure.  A file whose content is lost is removed: make must not take it for
   up to date. */
void tell_failure(const struct outcome *outcome);

#endif
