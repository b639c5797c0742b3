/* probe_room.h - where the probe does its work: a hidden folder, its children, and interruption
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_PROBE_ROOM_H
#define SETTLE_PROBE_ROOM_H

#include <signal.h>
#include <sys/types.h>

#include "probe.h"

struct probe_room {
    char *path;         /* the folder */
    int fd;             /* it, open */
    int signals;        /* signalfd of those that end the probe */
    int stopped_by;     /* the one that did, or 0 */
    sigset_t old_mask;
};

/* Makes the hidden folder in DIRECTORY and holds signals back: SIGINT, SIGTERM and SIGHUP (where
   not ignored) for room_sleep to see, SIGIO and SIGURG for good.  Returns 0, or -1 with errno. */
int room_open(struct probe_room *room, const char *directory);

/* Removes the folder and lets signals in again.  Returns 0, or -1 with errno. */
int room_close(struct probe_room *room);

/* Waits until SECONDS have passed or FD (or -1) can be read.  Returns 0, or -1 with errno EINTR
   when the probe is to end. */
int room_sleep(struct probe_room *room, double seconds, int fd);

struct probe_child {
    pid_t pid;
    int report;  /* the child's 0 or errno, one int; or its end */
};

/* What a child does with the file NAME in the folder DIR; returns 0, or -1 with errno. */
typedef int child_work(int dir, const char *name);

/* Runs WORK in a child and waits for its end, or with room_hold only for its success: then the
   child stays as it is until room_release.  Return 0, or -1 with errno: the child's, or EIO where a
   signal (SIGBUS) killed it.  When the probe is to end, stopped_by is set and no child is left. */
int room_work(struct probe_room *room, child_work *work, const char *name);
int room_hold(struct probe_room *room, struct probe_child *child, child_work *work,
              const char *name);
void room_release(struct probe_child *child);

/* CLOCK_MONOTONIC */
double probe_now(void);

/* Works for children: they make the file NAME of PROBE_PAGES pages. */
#define PROBE_PAGES 16
extern child_work *const probe_writers[PROBE_WRITERS];
child_work probe_hold_descriptor, probe_hold_mapping;

/* The measurements.  Return 0, or -1 with errno EINTR (the probe is to end) or ENOMEM; whatever
   else fails is a finding. */
int probe_watch(struct probe_room *room, struct probe_facts *facts);
int probe_calls(struct probe_room *room, struct probe_facts *facts);

/* Fills magic, type, source and mount_point for the open folder DIR. */
void probe_find_mount(int dir, struct probe_facts *facts);

#endif
