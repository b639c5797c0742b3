/* dirs.h - the directories of a set of files, each synced once
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_DIRS_H
#define SETTLE_DIRS_H

#include <stddef.h>

#include "idset.h"

struct dirs {
    struct dir {
        char *path;
        int error;  /* errno of its sync, or 0 */
    } *dir;
    size_t count;
    size_t room;
    struct idset known;
};

/* Takes the directory PATH into the set.  Returns its index in dirs->dir, or (size_t)-1 with
   errno. */
size_t dirs_add(struct dirs *dirs, const char *path);

/* The same for the directory in which PATH is an entry.  PATH itself must be no symbolic link;
   IS_DIRECTORY tells whether it is a directory (whose last part may then be "." or ".."). */
size_t dirs_add_parent(struct dirs *dirs, const char *path, int is_directory);

/* Fsyncs each directory and sets its error. */
void dirs_sync(struct dirs *dirs);

void dirs_free(struct dirs *dirs);

#endif
