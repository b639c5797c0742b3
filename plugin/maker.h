/* maker.h - who has made a mark, and whether it still runs
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_MAKER_H
#define SETTLE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
   PID namespace on this kernel can't be looked at, nor one of this in a /proc that is another's: it lives if its byte
   of DIRECTORY is locked (maker_lock).  IS_LOCAL: the file system of DIRECTORY can't be mounted by two hosts at once,
   so another boot is an earlier one of this host. */
enum maker_state maker_look(const char *text, size_t length, const char *directory, bool is_local);

/* For how long the maker described by TEXT has been running, in nanoseconds, up to a hundredth of a second too long;
   0 where TEXT is no maker's. */
int64_t maker_age(const char *text);

/* The PID in TEXT, or 0. */
pid_t maker_pid(const char *text);

/* A hash of TEXT, up to the end of its first line. */
uint32_t maker_hash(const char *text);

/* What tells TEXT from other makers in the names of its marks, "pid.hash", into SHORT_TEXT: in two containers makes may
   have one number, and one start. */
#define MAKER_SHORT 24
void maker_shorten(const char *text, char short_text[MAKER_SHORT]);

/* Makes DIRECTORY and keeps it locked, and in it a byte that stands for the maker TEXT, until maker_unlock, or for as
   long as this process lives; where locks can't be had, goes without.  Once more: locks what is there now.  Returns 0,
   or -1 with errno. */
int maker_lock(const char *directory, const char *text);

/* The same by a settle-sh of the maker TEXT's, without making DIRECTORY: its line runs, whatever becomes of the make.
   Returns the descriptor that keeps it, or -1. */
int maker_lock_line(const char *directory, const char *text);

/* True where a settle-sh of TEXT's, in whatever PID namespace, keeps it so. */
bool maker_has_line(const char *directory, const char *text);

/* False where DIRECTORY is another one by now, or none, than the one that is locked: a recipe has removed it. */
bool maker_has_lock(const char *directory);

/* Gives that back, and removes DIRECTORY as maker_clear does. */
void maker_unlock(const char *directory);

/* Removes DIRECTORY if it is empty and nobody keeps it locked. */
void maker_clear(const char *directory);

/* The children of this process, zombies included, newly allocated; returns how many.  *CHILDREN is NULL where
   the kernel doesn't tell (CONFIG_PROC_CHILDREN). */
size_t maker_children(pid_t **children);

#endif
