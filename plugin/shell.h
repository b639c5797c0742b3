/* shell.h - the project's own shell, as a command
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_SHELL_H
#define SETTLE_SHELL_H

/* The command that runs the arguments ARGUMENT (NULL-terminated) with the shell SHELL, which is a
   value of make's SHELL and may hold arguments of its own ("/usr/bin/env bash"): split as make splits
   it, at blanks, with quotes and backslashes; or, as make has it under .ONESHELL, one word where it
   names a file as a whole.  Returns a NULL-terminated vector that lives as long as the process, or
   NULL with errno ENOMEM, or EINVAL where SHELL has an open quote or no word at all. */
char **shell_command(const char *shell, char *const argument[]);

/* True where make takes SHELL for a Bourne shell: it then leaves out lines that are just ":", and
   under .ONESHELL strips @, - and + from inner lines (job.c, is_bourne_compatible_shell). */
int shell_is_bourne(const char *shell);

#endif
