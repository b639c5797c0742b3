/* program.h - where settle-sh is
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_PROGRAM_H
#define SETTLE_PROGRAM_H

#include <stdbool.h>

/* Looks for settle-sh beside LIBRARY, the path of settle.so, which holds in the build tree and wherever an
   installation is moved to; else where it was to be installed. */
void program_find(const char *library);

/* Its path: where IS_BOURNE, by a name that make takes for a Bourne shell.  A fatal error where it isn't there,
   or make can't run it: an annotation would silently do nothing. */
const char *program_path(bool is_bourne);

/* True where SHELL is that path, one or the other. */
bool program_is(const char *shell);

#endif
