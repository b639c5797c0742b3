/* job.h - what travels from the plugin, inside make, to settle-sh, one for each recipe line
   SPDX-License-Identifier: GPL-3.0-or-later

   File names and options travel as data in these environment variables, never through a shell's
   command line.  The plugin exports them; settle-sh takes JOB_FILES and JOB_OPTIONS out of the
   recipe's environment, so that nothing in it settles again, and leaves JOB_SHELL there, since a
   settle-sh that the recipe runs as $(SHELL) has to be the project's shell. */

#ifndef SETTLE_JOB_H
#define SETTLE_JOB_H

#define JOB_FILES "SETTLE_FILES"      /* as SETTLE expands in the target's context */
#define JOB_OPTIONS "SETTLE_OPTIONS"  /* options_format's text */
#define JOB_SHELL "SETTLE_SHELL"      /* as the project's SHELL expands there */

#define JOB_DEFAULT_SHELL "/bin/sh"

#endif
