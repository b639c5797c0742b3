/* engine.h - settles a set of files: the one engine behind plugin, shell and command
   SPDX-License-Identifier: GPL-3.0-or-later

   The engine knows nothing of make, prints nothing and exits nowhere.  It tells its caller, file by
   file, what became of it. */

#ifndef SETTLE_ENGINE_H
#define SETTLE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "options.h"

enum outcome_what {
    OUTCOME_SETTLED,
    OUTCOME_MISSING,     /* not there, and options->missing_ok */
    OUTCOME_LEFT_ALONE,  /* a device, FIFO or socket: nothing of it can be settled */
    OUTCOME_FAILED,
};

/* Which step failed.  An error of STEP_WRITEBACK or STEP_FSYNC speaks of the file's content. */
enum engine_step { STEP_FIND, STEP_OPEN, STEP_WRITEBACK, STEP_FSYNC, STEP_CLOSE };

/* What may move on its own after a writer has gone. */
struct attributes {
    off_t size;       /* bytes */
    blkcnt_t blocks;  /* of 512 bytes */
    struct timespec mtime;
    struct timespec ctime;
};

/* What became of one file, or of a directory that had to be synced for the sake of its entries. */
struct outcome {
    const char *name;  /* as the caller gave it; a directory's is the path by which it was reached */
    bool is_directory;
    enum outcome_what what;
    enum engine_step step;  /* of a failure: where */
    int error;              /* of a failure: errno */
    double seconds;         /* spent on starting its writeback and waiting for it */
    struct attributes before;  /* of a settled file: when it was found ... */
    struct attributes after;   /* ... and when it was settled */
};

/* True where the kernel said that data written to a regular file did not reach it: its content is
   not what was written, and a second fsync would succeed all the same (the pages count as clean). */
bool outcome_lost(const struct outcome *outcome);

/* Called when all is done, once for each name in the order given, then once for each other directory
   that failed.  OUTCOME lives only during the call; CONTEXT is engine_settle's. */
typedef void outcome_function(const struct outcome *outcome, void *context);

/* Settles the COUNT files in NAME as a set: writeback is started on all before the first is waited
   for, then each file is made durable, then each distinct parent directory (mode fsync).  A symbolic
   link stands for what it points to, and the directories of both are synced; a directory for itself,
   not for what is below it.  Content and mtime are never touched.  At most half of the descriptors
   that the process may have are open at a time.

   Goes on after a failure; EINTR is retried, nothing else is.  Returns 0 where all went well (what
   is missing with missing_ok or left alone included), 1 where a file failed, or -1 with errno ENOMEM
   and nothing told. */
int engine_settle(const struct settle_options *options, char *const *name, size_t count,
                  outcome_function *tell, void *context);

#endif
