/* hook.h - makes make run settle-sh for the recipes of annotated targets
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_HOOK_H
#define SETTLE_HOOK_H

#include <stdbool.h>

/* Sets the hook, to go in when all makefiles are read.  LIBRARY is the path of settle.so: settle-sh
   is looked for beside it, then where it was configured to be installed.  Returns 0, or -1 where
   another copy of the plugin is there already. */
int hook_prepare(const char *library);

/* True where a target of the name TARGET, in some folder, has double-colon rules in the makefiles that have been read. */
bool hook_has_double_colon(const char *target);

/* A gmk_func_ptr, $(settle-hook PART): the make side of it all, see hook.c. */
char *hook_function(const char *name, unsigned count, char **argument);

#endif
