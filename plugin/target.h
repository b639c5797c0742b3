/* target.h - what is to be done for the target whose recipe make runs
   SPDX-License-Identifier: GPL-3.0-or-later

   For the hook (hook.c).  Both return a value for make, allocated as make wants it, or NULL for an empty one. */

#ifndef SETTLE_TARGET_H
#define SETTLE_TARGET_H

/* What SHELL is to be for the next line, before each one of a recipe and where $(shell) needs it: the project's own where
   there is nothing to settle (make then runs simple lines itself, without any shell, as it does without the plugin), else
   settle-sh. */
char *target_shell(void);

/* The job of the target whose environment make puts together.  make has just expanded SHELL for it, so SETTLE need not
   be expanded once more. */
char *target_job(void);

#endif
