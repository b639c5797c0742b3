/* makefiles.h - what is to be seen in the makefiles that make has read
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_MAKEFILES_H
#define SETTLE_MAKEFILES_H

#include <stdbool.h>

/* To be called when the plugin is loaded. */
void makefiles_note(void);

/* True where TARGET may have another recipe, as far as the makefiles tell.  To be called when all are read. */
bool makefiles_may_have_double_colon(const char *target);

/* True where a target of the name TARGET, in some folder, has double-colon rules in those that have been read so far. */
bool makefiles_have_double_colon(const char *target);

#endif
