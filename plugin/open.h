/* open.h - opens and closes a file of the set
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_OPEN_H
#define SETTLE_OPEN_H

#include "set.h"

/* Opens FILE unless it is open: without ever waiting for a FIFO's other end, and without taking a
   terminal as ours; for writing where it can't be read.  Returns 0, or -1 with errno: ENOENT also where a tree's
   file is there, but no regular file any more. */
int file_open(const struct set *set, struct file *file);

/* True where errno says that descriptors or memory have run out: others that are open, or our own threads, may hold
   what is missing. */
bool open_may_wait(void);

/* The same as file_open, but an error is FILE's failure.  Where descriptors or memory run out it is none yet: that
   can wait until others are closed, and /proc has to tell then who writes to it. */
int file_try_open(const struct set *set, const struct settle_options *options, struct file *file);

/* FILE may be a further name of a file whose first name is lost: vanished since it was found, or it stands for
   another file by now.  The inode may still be there by this one (or a new file was given its number): opens it.
   Returns true where FILE stands for itself from now on, open or put off as above. */
bool file_inherit(struct set *set, const struct settle_options *options, struct file *file);

/* Notes that STEP has failed with errno on FILE, which is open; as file_fail_missing does where it's a tree's, and no
   regular file any more. */
void file_fail_open(const struct settle_options *options, struct file *file, enum engine_step step);

/* Closes it if it is open; an error is FILE's failure. */
void file_close(struct file *file);

#endif
