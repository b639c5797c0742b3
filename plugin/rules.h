/* rules.h - which targets may have more than one recipe
   SPDX-License-Identifier: GPL-3.0-or-later

   Between two recipes of a target with double-colon rules ("t::") make builds what the second one needs: nothing that
   it does tells that the first was not the last.  Nor does it tell who has such rules: its makefiles do. */

#ifndef SETTLE_RULES_H
#define SETTLE_RULES_H

#include <stdbool.h>

/* Takes in the double-colon rules of MAKEFILE (NULL: of one whose name isn't known).  What can't be read, or read once
   more, as a pipe, may have them for any target. */
void rules_read(const char *makefile);

/* The same for TEXT, which is changed. */
void rules_read_text(char *text);

/* True where TARGET may have double-colon rules, as far as what was read tells: one whose targets are not to be seen
   before make expands them counts for all, and a name for those in all folders (VPATH). */
bool rules_are_double(const char *target);

/* True where they have been seen. */
bool rules_name(const char *target);

#endif
