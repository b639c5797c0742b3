/* resolve.h - from a name to the file it stands for, symbolic links followed one by one
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_RESOLVE_H
#define SETTLE_RESOLVE_H

#include <sys/stat.h>

#include "dirs.h"

/* Finds the file that NAME stands for: its path, newly allocated, into *PATH and its attributes into
   *ST.  Each directory that holds a link on the way (not those in the middle of a path: they are not
   part of the name's fate) is taken into DIRS.  Returns 0, or -1 with errno. */
int resolve_name(const char *name, struct dirs *dirs, char **path, struct stat *st);

#endif
