/* project_shell.h - the shell that the makefiles have chosen
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_PROJECT_SHELL_H
#define SETTLE_PROJECT_SHELL_H

/* Takes down the shell of the outer make's recipe, where this make is a nested one.  To be called when the plugin is
   loaded. */
void project_shell_inherit(void);

/* Takes down SHELL as it is now, before it is replaced. */
void project_shell_capture(void);

/* The shell that the project would have got, in the current context, newly allocated.  "$(MAKE) SHELL=$(SHELL)" in an
   annotated recipe hands settle-sh on to a nested make: there it stands for the outer one's shell. */
char *project_shell(void);

/* The same as it may stand in make code, where it is a plain word or more and not settle-sh itself; else CALL, make code
   that is to call for project_shell. */
const char *project_shell_code(const char *call);

#endif
