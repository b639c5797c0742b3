/* setting.h - $(SETTLE), in the context of a target whose SHELL make is expanding
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_SETTING_H
#define SETTLE_SETTING_H

#include <stdbool.h>

/* $(SETTLE) in the current context, newly allocated. */
char *setting_expand(void);

/* To be called first where make expands SHELL: true where it does so for setting_expand alone, which has its answer then. */
bool setting_answer(void);

/* What is expanded from now on is what the job of UNIT is made of (NULL: no more): a $(shell) in it gets the project's
   shell. */
void setting_answer_for(const char *unit);

/* The target for which that is so, or NULL. */
const char *setting_asker(void);

/* True where a $(shell) may be in what a job is made of.  make expands SHELL for it, too: within that, nothing of this can
   be expanded when it comes to the line; and not when the $(shell) is in a variable that the recipe refers to as well,
   which make is expanding then.  What make exports it expands by itself, after SHELL: that is the time. */
bool setting_may_run_shell(void);

#endif
