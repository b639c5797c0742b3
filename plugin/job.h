/* job.h - what travels from the plugin, inside make, to settle-sh, one for each recipe line
   SPDX-License-Identifier: GPL-3.0-or-later

   File names and options travel as data in an environment variable, never through a shell's command
   line.  The plugin exports it; settle-sh takes it out of the recipe's environment, so that nothing in
   the recipe settles again, and puts JOB_SHELL there, since a settle-sh that the recipe runs as $(SHELL)
   has to be the project's shell. */

#ifndef SETTLE_JOB_H
#define SETTLE_JOB_H

#include "options.h"

#define JOB "SETTLE_JOB"
#define JOB_SHELL "SETTLE_SHELL"  /* as the project's SHELL expands in the target's context */

#define JOB_DEFAULT_SHELL "/bin/sh"

struct job {
    struct settle_options options;
    char *marks;  /* folder of the marks; empty: none are made */
    char *maker;  /* who they say has made them */
    char *shell;  /* the project's */
    char *files;  /* as SETTLE expands in the target's context */
};

/* JOB's text, newly allocated, or NULL with errno ENOMEM. */
char *job_format(const struct job *job);

/* Reads TEXT, that of an environment variable (NULL: there is none, and nothing to do), into JOB, whose
   texts are newly allocated.  Returns 0, or -1 with errno EINVAL where it isn't what job_format writes,
   or ENOMEM. */
int job_parse(struct job *job, const char *text);

void job_free(struct job *job);

#endif
