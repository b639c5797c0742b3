/* batch.h - makes the files of finished targets durable, many at once, and removes their marks
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_BATCH_H
#define SETTLE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "outcome.h"

/* Fsyncs the COUNT files NAME, whose marks in DIRECTORY are MAKER's, and removes the marks of those that are safe; what has
   none is made durable as well.  Failures are told on stderr; a file whose content is lost is removed.  Returns
   0, or 1 where a file or the removal of a mark failed. */
int batch_settle(const char *directory, const char *maker, char *const *name, size_t count);

/* True where MAKER's mark of NAME, of a finished target, says that it isn't durable; or where there is none, which may have
   been removed by a recipe.  It is not where another recipe is at work on it again, say. */
bool batch_is_due(const char *directory, const char *name, const char *maker);

/* Removes MAKER's mark of NAME, which is safe, in DIRECTORY.  Returns 0, or -1, which is told on stderr, once. */
int batch_unmark(const char *directory, const char *name, const char *maker);

/* Tells on stderr of OUTCOME, a failure.  A file whose content is lost is removed: make must not take it for
   up to date. */
void tell_failure(const struct outcome *outcome);

#endif
