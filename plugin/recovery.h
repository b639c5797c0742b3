/* recovery.h - what the plugin does about the marks of a dead make
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_RECOVERY_H
#define SETTLE_RECOVERY_H

/* Removes the outputs of recipes that were cut short, so that make builds them again; under -n and -q, and
   with SETTLE_RECOVER=keep, only tells, the former with the targets out of date.  To be called when the
   plugin is loaded, before make knows all of the makefile. */
void recovery_run(void);

/* The same for the folder that the makefile has set since, where it is another one. */
void recovery_run_again(void);

#endif
