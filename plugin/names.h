/* names.h - file names out of a text of make's
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_NAMES_H
#define SETTLE_NAMES_H

#include <stddef.h>

struct names {
    char **name;   /* COUNT names and a closing NULL */
    size_t count;
    char *text;    /* what they point into */
};

/* Splits TEXT at blanks, as make's own lists are.  make can't tell a name with blanks ($@ of a
   target with escaped ones) from two names, so where the whole text names an existing file it is
   that one file.  Returns 0, or -1 with errno ENOMEM; names_free gives the memory back. */
int names_split(struct names *names, const char *text);
void names_free(struct names *names);

/* The same for a TEXT that is known to be one name, and may have blanks in it. */
int names_whole(struct names *names, const char *text);

/* TEXT without the blanks around it, newly allocated, or NULL with errno ENOMEM. */
char *names_trim(const char *text);

/* What of PATH stands behind its last slash, or all of it. */
const char *names_last_part(const char *path);

/* NAME without "./" at its beginning. */
const char *names_without_dots(const char *name);

#endif
