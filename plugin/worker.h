/* worker.h - processes that are at work on a marked file, though its make be gone
   SPDX-License-Identifier: GPL-3.0-or-later

   A settle-sh that was killed can't end what it has started, nor what that has: it goes on writing, to a file of
   which the next make knows nothing but the mark.  So all that a line starts has in its environment whose line it is. */

#ifndef SETTLE_WORKER_H
#define SETTLE_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "mark.h"

/* Of what a line starts: "MAKER=PID SESSION", the settle-sh that runs the line, and that one's session; behind those of
   the lines that have started its make, with ";" between. */
#define WORKER "SETTLE_LINE"

/* That variable's value, newly allocated, for a line that this process runs for MAKER where the value has been OUTER (NULL:
   none).  NULL with errno ENOMEM. */
char *worker_describe(const char *maker, const char *outer);

/* A process that is at work for MARK: a settle-sh of its maker or, unless the mark says that the line is over, well or not,
   what that has started, if it is in the same session (a daemon that called setsid(2) has left the build).  0 where there is
   none.  Other users' and other PID namespaces' processes are not seen, nor those that have cleared their
   environment. */
pid_t worker_find(const struct mark *mark);

/* True where MARK is that of a line which this process is run by: a make within its recipe. */
bool worker_runs_us(const struct mark *mark);

#endif
