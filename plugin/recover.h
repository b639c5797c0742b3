/* recover.h - what is to be done about marks that a dead make has left
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_RECOVER_H
#define SETTLE_RECOVER_H

#include <stdbool.h>
#include <time.h>

#include "maker.h"
#include "mark.h"

/* What became of the file of one mark. */
enum recovery_what {
    RECOVERY_REMOVED,    /* the file is removed, and the mark */
    RECOVERY_CUT_SHORT,  /* it would have been */
    RECOVERY_DIRECTORY,  /* it is a directory, which is never removed: it is made as old as can be, or would have
                            been; the mark stays until recover_made_again */
    RECOVERY_NOTHING,    /* there was no such file, or the recipe has not touched it: then it is made as old as can be;
                            the mark is removed, or would have been */
    RECOVERY_WAITS,      /* its recipe still runs, and is waited for: another one of these follows */
    RECOVERY_AT_WORK,    /* it does not end; the mark stays */
    RECOVERY_FAILED,     /* it could not be removed (errno); the mark stays */
    RECOVERY_NOT_OURS,   /* its maker lives, or is another host's, or it is no mark of settle's, or the file's directory
                            isn't there, and DIRECTORY an absolute path */
    RECOVERY_OWN,        /* made by this process, before an exec of its own */
};

struct recovery {
    enum recovery_what what;
    const char *name;   /* of the file */
    const char *path;   /* of the mark */
    int error;
    pid_t worker;       /* where its recipe still runs: a process of that, or -1: in another PID namespace */
    enum maker_state maker;
    struct mark mark;
    time_t made;        /* seconds since the Epoch */
};

/* Why the file is not to be trusted, "its recipe was cut short"; not to be freed. */
const char *recovery_reason(const struct recovery *recovery);

/* What still runs of the recipe that MARK in DIRECTORY, of a make that is gone, is of: as struct recovery's worker, or 0. */
pid_t recovery_find_worker(const char *directory, const struct mark *mark);

/* "process 4711", or where it is that can't be named, of WORKER into TEXT. */
#define RECOVERY_WORKER 40
void recovery_describe_worker(pid_t worker, char text[RECOVERY_WORKER]);

/* Looks at each mark in DIRECTORY, and where its maker is gone removes its file and then the mark, unless
   JUST_LOOK; calls TELL for each.  Returns 0, or -1 with errno where DIRECTORY can't be read: ENOSYS where it has marks
   and there is no /proc, which tells whose they are. */
int recover(const char *directory, bool just_look,
            void (*tell)(const struct recovery *recovery, void *context), void *context);

/* What that errno ERROR means; not to be freed, and valid until the next call, as of strerror(3). */
const char *recover_error(int error);

/* The recipe of NAME, marked by MAKER in DIRECTORY, has run to its end: if recover has found that one a directory that was
   cut short, or not at all, that is over, and the dead make's marks of it go; what it has made old is new. */
void recover_made_again(const char *directory, const char *name, const char *maker);

#endif
