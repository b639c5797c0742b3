/* expansion.h - what make would do to expand a variable
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_EXPANSION_H
#define SETTLE_EXPANSION_H

#include <stdbool.h>

/* True where expanding the variable NAME in the current context, or one that it refers to, may call $(shell), as far as
   the text tells: a computed name ("$($(x))") is not followed.  Expands nothing. */
bool expansion_may_run_shell(const char *name);

/* The same of the variables alone that NAME refers to. */
bool expansion_passes_on_to_shell(const char *name);

#endif
