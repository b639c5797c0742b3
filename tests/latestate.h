/* latestate.h - when the ctime and block count of a file on latefs show
   SPDX-License-Identifier: GPL-3.0-or-later

   One struct late per inode, all zeros at first.  Nothing here touches a file: the caller says what
   happened and hands over what stat says of the backing file.  Any thread may call anything. */

#ifndef LATESTATE_H
#define LATESTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct late {
    unsigned writers;  /* descriptors and mappings left that can write */
    bool pending;      /* a write has yet to show; until then stat says: */
    int64_t ctime;
    blkcnt_t blocks;
    int64_t due;    /* when it shows, once there are no writers */
    int64_t floor;  /* no ctime before the last late moment; times are ns since the Epoch */
};

/* Changes show DELAY nanoseconds after the last writer has gone, or at fsync; with AFTER_FSYNC
   fsync shows what is there, and at the late moment the ctime moves nevertheless.  Called once,
   before all else. */
void late_configure(int64_t delay, bool after_fsync);

/* The file was opened for writing; the last descriptor or mapping of such an open went away. */
void late_opened(struct late *late);
void late_released(struct late *late);

/* A write is about to change what REAL says. */
void late_write(struct late *late, const struct stat *real);

/* fsync has succeeded, and left REAL. */
void late_synced(struct late *late, const struct stat *real);

/* The user changed an attribute, a name or the size, which left REAL and shows at once. */
void late_touched(struct late *late, const struct stat *real);

/* Turns what the backing file has into what is to be seen. */
void late_show(struct late *late, struct stat *st);

/* Waits until nothing is pending.  While there are writers, for the delay at most: who reads a file
   that he holds open for writing himself must not wait for ever. */
void late_wait(struct late *late);

/* Whether the state can be forgotten: what is to be seen from now on is REAL. */
bool late_is_over(struct late *late, const struct stat *real);

#endif
