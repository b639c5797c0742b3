/* job.h - what travels from the plugin, inside make, to settle-sh, one for each recipe line
   SPDX-License-Identifier: GPL-3.0-or-later

   File names and options travel as data in an environment variable, never through a shell's command
   line.  The plugin exports it; settle-sh takes it out of the recipe's environment, so that nothing in
   the recipe settles again, and puts JOB_SHELL there, since a settle-sh that the recipe runs as $(SHELL)
   has to be the project's shell. */

#ifndef SETTLE_JOB_H
#define SETTLE_JOB_H

#include "ledger.h"
#include "list.h"
#include "names.h"
#include "options.h"
#include "order.h"

#define JOB "SETTLE_JOB"
#define JOB_SHELL "SETTLE_SHELL"  /* as the project's SHELL expands in the target's context */

#define JOB_DEFAULT_SHELL "/bin/sh"

struct job {
    struct settle_options options;
    char *marks;  /* folder of the marks; empty: none are made */
    char *maker;  /* who they say has made them */
    char *target; /* whose line it is; an archive's member as "archive(member)" */
    struct ledger_page page;  /* of the maker's ledger, for the marks */
    struct order_known order;  /* of the marks' file system */
    char *batch;  /* files to make durable besides, as pending_take has them */
    char *shell;  /* the project's */
    char *files;  /* as SETTLE expands in the target's context */
};

/* The names in JOB's files, which are one name where they are the target's, maybe with blanks in it.  Returns 0, or -1
   with errno ENOMEM; names_free gives the memory back. */
int job_names(const struct job *job, struct names *names);

/* JOB's text, newly allocated, or NULL with errno ENOMEM. */
char *job_format(const struct job *job);

/* Reads TEXT, that of an environment variable (NULL: there is none, and nothing to do), into JOB, whose
   texts are newly allocated.  Returns 0, or -1 with errno EINVAL where it isn't what job_format writes,
   or ENOMEM. */
int job_parse(struct job *job, const char *text);

/* Adds to NAMES what is marked for JOB: first the target, in whose mark settle-sh notes the end of each line last
   and which the plugin looks at, then its other files.  Where the target is none of the files, nor below a directory
   that is among them with a slash at its end, it is not ours to
   remove after a crash: the first mark is then that of a file that can't exist, below the folder of the marks.  The
   same for plugin and settle-sh, whatever files there are: only a SETTLE that is the target, blanks and all, is one
   name with blanks.  Returns 0, or -1 with errno ENOMEM. */
int job_marked(const struct job *job, struct list *names);

void job_free(struct job *job);

#endif
