/* lateoptions.h - the command line of latefs
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef LATEOPTIONS_H
#define LATEOPTIONS_H

#include <fuse_opt.h>
#include <stdbool.h>
#include <stdint.h>

struct late_options {
    char *folder;         /* the one behind; freed by who has the options */
    int64_t delay;        /* nanoseconds */
    int64_t hold_reads;   /* bytes that can be read of a file that is late; -1: all */
    bool after_fsync;
    int fsync_errno;      /* 0: none, as with the next two */
    int fsyncdir_errno;
    int write_errno;
};

extern const struct late_options late_options_default;

/* What --help says of them. */
extern const char late_options_help[];

/* Takes our own options out of ARGS.  Returns 0, or -1 after a message on stderr. */
int late_options_parse(struct late_options *options, struct fuse_args *args);

#endif
