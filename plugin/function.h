/* function.h - the make function $(settle file...)
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_FUNCTION_H
#define SETTLE_FUNCTION_H

/* A gmk_func_ptr: settles the files in ARGUMENT[0] and expands to the same names, separated by single
   blanks.  A failure, or a file that is not there, is a fatal error of make's. */
char *function_settle(const char *name, unsigned count, char **argument);

#endif
