/* orphans.h - processes that a recipe left behind
   SPDX-License-Identifier: GPL-3.0-or-later

   settle-sh is a child subreaper (prctl(2)): a process whose parent died becomes its child. */

#ifndef SETTLE_ORPHANS_H
#define SETTLE_ORPHANS_H

/* Makes this process the one that inherits the orphans below it.  Returns 0, or -1 with errno. */
int orphans_adopt(void);

/* Ends the children of this process that are in its session (a daemon that called setsid(2) has left
   the build), and the ones that these leave behind: each is sent SIGNAL once, and SIGKILL after five
   seconds.  Returns when there are none left
   that can be ended, at the latest ten seconds later.  SIGCHLD must be blocked. */
void orphans_end(int signal);

#endif
