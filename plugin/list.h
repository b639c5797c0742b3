/* list.h - a growing list of file names
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_LIST_H
#define SETTLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    char **name;
    size_t count;
    size_t room;
};

/* Adds a copy of NAME.  Returns 0, or -1 with errno ENOMEM. */
int list_add(struct list *list, const char *name);

bool list_has(const struct list *list, const char *name);

/* Adds the names in FILE ("-" is stdin), each ended by SEPARATOR (the last one need not be); empty
   ones are passed over.  Returns 0, or -1 with errno: ENOENT..., or EINVAL where a line holds a
   NUL. */
int list_read(struct list *list, const char *file, int separator);

void list_free(struct list *list);

#endif
