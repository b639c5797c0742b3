/* engine.h - settles a set of files: the one engine behind plugin, shell and command
   SPDX-License-Identifier: GPL-3.0-or-later

   The engine knows nothing of make, prints nothing and exits nowhere.  It tells its caller, file by
   file, what became of it. */

#ifndef SETTLE_ENGINE_H
#define SETTLE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "outcome.h"

/* How far the engine has come, for a caller that shows it. */
struct progress {
    size_t files;    /* found so far */
    size_t done;
    uint64_t bytes;  /* of the files found so far */
};

struct engine_caller {
    /* Called when all is done, once for each file in the order in which it was named or found, then once
       for each other directory that failed.  OUTCOME lives only during the call. */
    void (*tell)(const struct outcome *outcome, void *context);
    /* Called now and then while it works, from the calling thread; may be NULL. */
    void (*show)(const struct progress *progress, void *context);
    void *context;
};

/* Settles the COUNT files in NAME as a set.  A name that ends in a slash stands for everything below that
   directory: regular files and directories, symbolic links not followed, other file systems included
   (but for the kernel's own, such as /proc).  Without it a directory stands for itself.  A symbolic link
   stands for what it points to, and the directories of both are synced.

   Writeback is started on all files before the first is waited for; then each file is made durable once,
   whatever number of names it has, then each distinct directory (mode fsync).  Which calls do that is
   way.h's choice.  A file that somebody still has open for writing, or mapped shared and writable, is
   waited for (options->timeout), and so are attributes that move (options->stable).  Content and mtime
   are never touched.  At most half of the descriptors that the process may have are open at a time.

   Threads, where it takes any, have all signals blocked and are gone when it returns.  A signal handler
   of the caller's may run while it waits, and may end the process.

   Goes on after a failure; EINTR is retried, nothing else is.  Returns 0 where all went well (what
   is missing with missing_ok or left alone included), 1 where a file failed, or -1 with errno ENOMEM
   and nothing told. */
int engine_settle(const struct settle_options *options, char *const *name, size_t count,
                  const struct engine_caller *caller);

#endif
