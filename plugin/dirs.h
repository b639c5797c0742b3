/* dirs.h - the directories of a set of files, each synced once
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_DIRS_H
#define SETTLE_DIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "idset.h"

#define DIRS_NONE ((size_t)-1)

enum dir_step { DIR_OPEN, DIR_LIST, DIR_FSYNC };

/* A directory of a tree is kept as an entry of the one above it, so that a tree of any depth takes
   memory in proportion to its entries. */
struct dir {
    char *name;       /* its path, or its entry in the directory PARENT */
    size_t parent;    /* an index, or DIRS_NONE */
    size_t length;    /* of its path, in bytes */
    dev_t dev;
    int error;        /* errno of its first failure, or 0 */
    enum dir_step step;  /* where that was */
    bool is_named;    /* by the caller, or by a link: it has to be there */
    bool is_listed;   /* all below it is in the set */
    bool is_synced;   /* nothing is left to be done */
    bool is_told;     /* its error, under the name that the caller has for it */
};

struct dirs {
    struct dir *dir;
    size_t count;
    size_t room;
    struct idset known;
};

/* Takes the directory PATH into the set.  Returns its index in dirs->dir, or DIRS_NONE with errno. */
size_t dirs_add(struct dirs *dirs, const char *path);

/* The same for the directory in which PATH is an entry.  PATH itself must be no symbolic link;
   IS_DIRECTORY tells whether it is a directory (whose last part may then be "." or ".."). */
size_t dirs_add_parent(struct dirs *dirs, const char *path, int is_directory);

/* The same for the directory NAME in the directory of index PARENT, of which ST is known. */
size_t dirs_add_entry(struct dirs *dirs, size_t parent, const char *name, const struct stat *st);

/* The path of the directory of INDEX or, where NAME isn't NULL, of NAME in it; newly allocated, or
   NULL with errno ENOMEM.  It may be longer than PATH_MAX: path_open opens it. */
char *dirs_path(const struct dirs *dirs, size_t index, const char *name);

/* Opens the directory of INDEX for reading.  Returns its descriptor, or -1 with errno.  What was found in a tree is
   opened only in it: a symbolic link that has taken its place, or that of a directory above it, is not followed. */
int dirs_open(const struct dirs *dirs, size_t index);

/* True where errno says that DIR, which was found in a tree, has vanished since or is no directory any more. */
bool dir_has_vanished(const struct dir *dir);

/* Notes that STEP has failed with errno; the first failure stands. */
void dir_fail(struct dir *dir, enum dir_step step);

/* The indexes of all directories in the order in which to sync them, each after what is below it (from several
   threads, about so: the order is no part of what is guaranteed);
   newly allocated, or NULL with errno ENOMEM. */
size_t *dirs_order(struct dirs *dirs);

/* Fsyncs the directory of INDEX unless that is done, or it has failed. */
void dirs_sync(struct dirs *dirs, size_t index);

/* The same once more where there was nothing left to open it with, which threads may have taken that are gone now. */
void dirs_sync_put_off(struct dirs *dirs, size_t index);

void dirs_free(struct dirs *dirs);

#endif
