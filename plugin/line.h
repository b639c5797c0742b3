/* line.h - a recipe line that needs no shell
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_LINE_H
#define SETTLE_LINE_H

/* The words of LINE where it is a command with plain arguments, which make, too, runs without a shell where nothing is
   settled (job.c, construct_command_argv): half of what a settled line costs is the process of that shell.  A
   NULL-terminated vector, one block for free(3) with what it points to; NULL where a shell has to read LINE, or memory
   is short. */
char **line_words(const char *line);

#endif
