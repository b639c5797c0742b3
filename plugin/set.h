/* set.h - the files that one call of the engine settles
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_SET_H
#define SETTLE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "dirs.h"
#include "idset.h"
#include "options.h"
#include "outcome.h"
#include "way.h"

#define SET_NONE ((uint32_t)-1)

/* One file, in the 48 bytes that a million of them leave room for. */
struct file {
    const char *shown;  /* the caller's name of it; NULL: its path is shown */
    char *name;         /* its path; of a tree's file, its entry in the directory DIR */
    uint32_t dir;       /* its directory, an index in set->dirs; of a directory, itself */
    uint32_t same;      /* the file that stands for this one, which is the same, or SET_NONE */
    int fd;             /* open since its writeback was started, or -1 */
    int error;
    float seconds;
    uint8_t group;      /* an index in set->group */
    uint8_t what;       /* enum outcome_what */
    uint8_t step;       /* enum engine_step, of a failure */
    bool is_directory : 1;
    bool in_tree : 1;
    bool is_named : 1;     /* in_tree, and the caller named it as well: it has to be there */
    bool write_only : 1;   /* FD is: the file can't be read */
    bool is_held : 1;      /* somebody has it open for writing */
    bool ask_proc : 1;     /* the lease can't tell that, /proc may */
    bool writers_unknown : 1;  /* neither can */
    bool was_held : 1;     /* when the waiting for writers began */
    bool has_names : 1;    /* further ones, which are files of their own in the set (SAME) */
    bool is_put_off : 1;   /* nothing was left to open it with: until the threads have ended */
    bool is_checked : 1;   /* in_tree, and it was a regular file when it was opened first */
    bool is_lost : 1;      /* what was found by this name is not there any more */
    bool is_asked : 1;     /* of errors from before the syncfs that is to come: there are none */
};

/* What is kept of a file only where somebody wants to know. */
struct detail {
    struct attributes before, after;
    struct holder holder;
    struct moves moves;
};

/* The files on one file system. */
struct group {
    dev_t dev;
    unsigned long magic;
    enum way way;
    bool is_mixed;   /* several file systems, of which nothing is known */
    int fd;          /* of its first file, for the call that syncs the group, or -1 */
    size_t first;    /* the index of its first file */
    size_t files;
    uint64_t bytes;  /* of all its files */
};

#define SET_GROUPS 255  /* more file systems than that share the last group: one after another */

struct set {
    struct file *file;
    size_t count;
    size_t again;  /* of which so many are further names */
    size_t room;
    struct detail *detail;  /* one for each file: from the start with WANTS_DETAIL, else once all are found */
    struct idset files;
    struct dirs dirs;
    struct group *group;
    size_t groups;
    bool wants_detail;
};

/* Adds a file to SET, with nothing known of it but SHOWN; returns it, or NULL with errno ENOMEM.  It
   lives until the next call. */
struct file *set_add(struct set *set, const char *shown);

/* Notes that FILE is the regular file ST: its group, and whether it is in SET already.  Returns 0, or
   -1 with errno ENOMEM. */
int set_identify(struct set *set, struct file *file, const struct stat *st);

/* Notes that FILE is a further name of the file of index FIRST. */
void set_same(struct set *set, struct file *file, size_t first);

/* All are found: makes room for the details.  Returns 0, or -1 with errno ENOMEM. */
int set_close(struct set *set);

/* The path of FILE, newly allocated, or NULL with errno ENOMEM. */
char *file_path(const struct set *set, const struct file *file);

/* True where FILE is still to be settled: the first of its names stands for it, and what has failed is
   over. */
bool file_is_open_question(const struct file *file);

/* Notes that STEP has failed with errno; the first failure stands. */
void file_fail(struct file *file, enum engine_step step);

/* The same, but a file that is not there is no failure where OPTIONS say so, or where it was found in a
   tree and has vanished since.  By another name it may still be there (file_inherit). */
void file_fail_missing(const struct settle_options *options, struct file *file,
                       enum engine_step step);

/* True where FILE has failed because there is nothing, or no file, by its name any more. */
bool file_has_vanished(const struct file *file);

void set_free(struct set *set);

#endif
