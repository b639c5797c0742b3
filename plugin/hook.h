/* hook.h - makes make run settle-sh for the recipes of annotated targets
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_HOOK_H
#define SETTLE_HOOK_H

#include <stdbool.h>

/* Sets the hook, to go in when all makefiles are read.  LIBRARY is the path of settle.so: settle-sh
   is looked for beside it, then where it was configured to be installed. */
void hook_prepare(const char *library);

/* HOOK_WAITING until make has read all makefiles; HOOK_DRY where it doesn't run recipes then. */
enum hook_state { HOOK_WAITING, HOOK_IN, HOOK_DRY };
enum hook_state hook_state(void);

/* True where SHELL is, in the current context, what the hook has made it. */
bool hook_has_shell(void);

/* A gmk_func_ptr, $(settle-hook PART): the make side of it all, see hook.c. */
char *hook_function(const char *name, unsigned count, char **argument);

#endif
