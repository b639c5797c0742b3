/* child.h - runs the project's shell as if settle-sh were not there
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_CHILD_H
#define SETTLE_CHILD_H

#include <stdbool.h>

/* execvp(3) of ARGUMENT.  A script that does not say whose is /bin/sh's, as POSIX and GNU have it, and make; musl leaves
   that out.  Returns only where it could not be run, with errno. */
void child_exec(char *const argument[]);

/* Runs PLAIN or, where that is NULL or can't be run, ARGUMENT (their first words are looked up in PATH), waits for it
   and puts its wait status into *STATUS.  Signals that are meant for the recipe reach it exactly once meanwhile.  When
   one of them asks to stop, or what was run dies of one that the process group has not got, what it leaves behind is
   ended too, with that signal, or SIGTERM, and, where that does not help, five seconds later with SIGKILL.  Returns with
   the caller's signal mask restored.  MEANWHILE, where not NULL, is called with CONTEXT when it has been started, or
   could not be: signals wait for that.  Returns 0, or -1 with errno where ARGUMENT could not be run. */
int child_run(char *const plain[], char *const argument[], void (*meanwhile)(void *context), void *context,
              int *status);

/* True where a signal has ended it.  An exit status above 128 is what shells make of a signal that has ended a
   command. */
bool child_is_cut_short(int status);

/* True where nothing is left of what child_run has run: not even a process that it left behind.  Where one is, returns after
   20 ms: a shell's background command opens the files that it writes as the first thing it does. */
bool child_left_none(void);

/* Ends this process as wait status STATUS says: exits with its number or dies of its signal, without
   a core file of its own. */
_Noreturn void child_die_like(int status);

#endif
