/* outcome.h - what became of a file, as the engine tells it and message.h words it
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_OUTCOME_H
#define SETTLE_OUTCOME_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

enum outcome_what {
    OUTCOME_SETTLED,
    OUTCOME_MISSING,     /* not there, and options->missing_ok */
    OUTCOME_LEFT_ALONE,  /* a device, FIFO or socket: nothing of it can be settled */
    OUTCOME_FAILED,
};

/* Which step failed.  An error of STEP_WRITEBACK or STEP_FSYNC speaks of the file's content. */
enum engine_step {
    STEP_FIND,
    STEP_OPEN,
    STEP_LIST,       /* a directory of a tree could not be read */
    STEP_WRITEBACK,
    STEP_FSYNC,
    STEP_CLOSE,
    STEP_QUIET,      /* somebody still has it open for writing, error ETIMEDOUT */
    STEP_STABLE,     /* its attributes still move, error ETIMEDOUT */
};

/* What may move on its own after a writer has gone. */
struct attributes {
    off_t size;       /* bytes */
    blkcnt_t blocks;  /* of 512 bytes */
    struct timespec mtime;
    struct timespec ctime;
    ino_t ino;        /* the file itself may be replaced */
};

/* A process that has a file open for writing, or mapped shared and writable; pid 0: not known. */
struct holder {
    pid_t pid;
    char name[16];  /* as ps(1) shows it */
};

/* How often each attribute was seen to move. */
struct moves {
    unsigned size, blocks, mtime, ctime, ino;
    unsigned back;  /* ... to what it had been before: it flaps */
};

/* What became of one file, or of a directory. */
struct outcome {
    const char *name;  /* as the caller gave it; of what was found, the path by which it was reached */
    bool is_directory;
    enum outcome_what what;
    enum engine_step step;  /* of a failure: where */
    int error;              /* of a failure: errno */
    double seconds;         /* spent on starting its writeback and waiting for it */
    struct attributes before;  /* of a settled file: when it was found ... */
    struct attributes after;   /* ... and when it was settled (with options->verbose or ->stable) */
    struct holder holder;   /* of a failure at STEP_QUIET */
    struct moves moves;     /* while it was watched (options->stable) */
    bool writers_unknown;   /* whether somebody else has it open for writing could not be told */
};

/* True where the kernel said that data written to a regular file did not reach it: its content is
   not what was written, and a second fsync would succeed all the same (the pages count as clean). */
bool outcome_lost(const struct outcome *outcome);

struct attributes attributes_of(const struct stat *st);

#endif
