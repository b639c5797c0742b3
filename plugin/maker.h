/* maker.h - who has made a mark, and whether it still runs
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_MAKER_H
#define SETTLE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Room for a maker's text, the closing NUL included: with what mark.h adds, at most 59 bytes, which ext4
   stores in the inode itself (EXT4_N_BLOCKS * 4, less one). */
#define MAKER_TEXT 50

enum maker_state {
    MAKER_SELF,       /* this very process, maybe before an exec of its own (make does that) */
    MAKER_LIVES,
    MAKER_GONE,
    MAKER_ELSEWHERE,  /* another host's: nothing is known of it here */
    MAKER_UNKNOWN,    /* TEXT is not what maker_describe writes */
};

/* Writes who the process PID is, "machine.boot.pid.start.namespace" (the first two hashed, the third one's
   PID as seen here), into TEXT.  Returns 0, or -1 with errno where /proc doesn't tell. */
int maker_describe(pid_t pid, char text[MAKER_TEXT]);

/* What there is to know now of the maker described by the LENGTH bytes at TEXT.  A process of another
   PID namespace on this kernel can't be looked at: it lives if DIRECTORY, which makers of marks in it keep
   locked (maker_lock), is locked.  IS_LOCAL: the file system of DIRECTORY can't be mounted by two hosts at
   once, so another boot is an earlier one of this host. */
enum maker_state maker_look(const char *text, size_t length, const char *directory, bool is_local);

/* The PID in TEXT, or 0. */
pid_t maker_pid(const char *text);

/* Keeps DIRECTORY locked for as long as this process lives.  Where that can't be had, what depends on it
   (maker_look's other namespaces) takes this process for gone. */
void maker_lock(const char *directory);

#endif
