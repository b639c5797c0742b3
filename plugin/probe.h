/* probe.h - what "settle --probe" finds out about a file system, and what follows from it
   SPDX-License-Identifier: GPL-3.0-or-later

   Measuring (probe_watch.c, probe_calls.c, probe_mount.c) fills struct probe_facts; the verdict is
   a pure function of it; the report prints both.  Times are in seconds. */

#ifndef SETTLE_PROBE_H
#define SETTLE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* What the programs do whose files are watched.  All but the last one write through a shared
   mapping. */
enum probe_writer {
    WRITER_UNMAP,        /* unmap, close, exit */
    WRITER_EXIT,         /* exit with the mapping in place */
    WRITER_CLOSE_FIRST,  /* close the descriptor; only then write, unmap and exit */
    WRITER_WRITE,        /* write(2), for comparison */
    PROBE_WRITERS,
};

/* How a file is watched when its writer is gone.  On the client that wrote a file NFS flushes it
   for the sake of a stat, and so hides what another host sees: hence WATCH_CACHED. */
enum probe_watch {
    WATCH_SYNCED,  /* by stat (AT_STATX_FORCE_SYNC), after an fsync by another process */
    WATCH_STAT,    /* the same, without fsync */
    WATCH_CACHED,  /* by statx with AT_STATX_DONT_SYNC, without fsync */
    PROBE_WATCHES,
};

enum probe_attribute { PROBE_CTIME = 1, PROBE_MTIME = 2, PROBE_SIZE = 4, PROBE_BLOCKS = 8 };

/* The files of one kind of writer and one way of watching, together. */
struct probe_trial {
    unsigned files;
    unsigned moved;       /* whose attributes moved by themselves */
    unsigned unsettled;   /* that stood still, and moved when they were fsynced in the end; with
                             WATCH_SYNCED, all that moved when they were fsynced again */
    unsigned attributes;  /* which of them did, either way: PROBE_ bits */
    double last;          /* the last move by itself, after the writer's exit or the fsync */
    double still;         /* the longest standstill before such a move */
    int write_error;      /* errno of the first failure of each kind, or 0 */
    int fsync_error;
    int look_error;
};

struct probe_fsync {
    unsigned count;
    double median, min, max;
};

/* F_SETLEASE with F_RDLCK, which must be refused while somebody can write. */
enum probe_sight {
    SIGHT_UNKNOWN,
    SIGHT_SEEN,    /* each time */
    SIGHT_UNSEEN,  /* never */
    SIGHT_RANDOM,
};

struct probe_lease {
    bool granted;  /* on a file that nobody else has, each time: else it is of no use */
    int error;     /* of that, or 0 where it was granted at times */
    enum probe_sight descriptor;  /* one open for writing */
    enum probe_sight mapping;     /* a shared writable one whose descriptor was closed */
};

enum probe_call {
    CALL_FAILS,
    CALL_WORKS,
    CALL_BLIND,     /* cachestat sees no page of a file just written to and read; sync_file_range,
                       which works on the same pages, then does nothing */
    CALL_LEAVES,    /* sync_file_range returned 0 and left dirty pages */
    CALL_UNPROVEN,  /* sync_file_range returned 0; whether it can do more can't be told */
};

struct probe_facts {
    const char *directory;
    char kernel[128];
    unsigned long magic;               /* f_type of statfs(2) */
    char *type, *source, *mount_point;  /* of /proc/self/mountinfo, or NULL */
    double watched;                    /* how long */
    struct probe_trial trial[PROBE_WRITERS][PROBE_WATCHES];
    struct probe_fsync fsync;
    struct probe_lease lease;
    enum probe_call cachestat, range;
    int cachestat_error, range_error;
    uint64_t dirty_before, dirty_after;  /* pages, around sync_file_range */
};

enum probe_status {
    PROBE_STILL,          /* nothing moves */
    PROBE_FSYNC_SETTLES,  /* it does without fsync, not after it */
    PROBE_FSYNC_MOVES,    /* even after fsync */
    PROBE_FSYNC_FAILS,
    PROBE_UNSEEN,         /* no file could be written and watched */
};

struct probe_verdict {
    enum probe_status status;
    bool asking_settles;  /* files of some writer moved late only where nobody asked by stat */
    bool fsync_touches;   /* it moves even files that had one before */
    bool later;           /* some moved when they were fsynced in the end: else they would later */
    double stable;        /* for SETTLE_STABLE; meaningless with PROBE_FSYNC_FAILS, PROBE_UNSEEN */
    double timeout;       /* for SETTLE_TIMEOUT; 0: its default will do */
};

struct probe_verdict probe_judge(const struct probe_facts *facts);

/* What first went wrong in TRIAL: errno, or 0. */
int probe_error(const struct probe_trial *trial);

/* The name of a statfs(2) number, or NULL. */
const char *probe_magic_name(unsigned long magic);

/* Prints FACTS and VERDICT to stdout, for people or as JSON.  Whether all of it got there is for
   the caller to see (ferror, fclose). */
void probe_print(const struct probe_facts *facts, const struct probe_verdict *verdict);
void probe_print_json(const struct probe_facts *facts, const struct probe_verdict *verdict);

/* Probes DIRECTORY and prints; complains itself.  Returns the exit status, or dies of the signal
   that interrupted it.  Either way its files are gone. */
int probe_run(const char *directory, bool json);

#endif
