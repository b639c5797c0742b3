/* probe_calls.c - what F_SETLEASE, cachestat and sync_file_range can do on a file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe_room.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451  /* on all machines but alpha; Linux 6.5 */
#endif

#define TRIES 3  /* NFSv4 grants leases to whom the server happens to have given a delegation */

struct cachestat_range {
    uint64_t offset, length;  /* length 0: to the end */
};

struct cachestat_counts {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

/* Asks once for a lease on the file NAME, and gives it back.  Returns 0, or -1 with errno. */
static int ask_for_lease(const struct probe_room *room, const char *name)
{
    int fd = openat(room->fd, name, O_RDONLY | O_CLOEXEC);
    int result, error;

    if (fd < 0)
        return -1;
#ifdef F_SETLEASE
    /* Who opens the file meanwhile has SIGIO sent to us, which kills: SIGURG doesn't.  Both are
       blocked besides. */
    fcntl(fd, F_SETSIG, SIGURG);
    result = fcntl(fd, F_SETLEASE, F_RDLCK);
    error = errno;
    if (result == 0)
        fcntl(fd, F_SETLEASE, F_UNLCK);
#else
    result = -1;
    error = ENOSYS;
#endif
    close(fd);
    errno = error;
    return result;
}

/* How often of TRIES a lease is granted; *ERROR says why not. */
static int count_leases(const struct probe_room *room, const char *name, int *error)
{
    int granted = 0;

    for (int i = 0; i < TRIES; i++)
        if (ask_for_lease(room, name) == 0)
            granted++;
        else
            *error = errno;
    return granted;
}

/* Whether a lease sees who can write to NAME just now. */
static enum probe_sight lease_sight(const struct probe_room *room, const char *name)
{
    int error = 0;
    int granted = count_leases(room, name, &error);

    if (granted == TRIES)
        return SIGHT_UNSEEN;
    if (granted > 0)
        return SIGHT_RANDOM;
    return error == EAGAIN ? SIGHT_SEEN : SIGHT_UNKNOWN;
}

static int count_pages(int fd, struct cachestat_counts *counts)
{
    const struct cachestat_range whole = {0, 0};

    return (int)syscall(SYS_cachestat, fd, &whole, counts, 0);
}

static int write_range(int fd)
{
#ifdef HAVE_SYNC_FILE_RANGE
    return sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                         SYNC_FILE_RANGE_WAIT_AFTER);
#else
    (void)fd;
    errno = ENOSYS;
    return -1;
#endif
}

/* FD's file has dirty pages, if the file system lets any be: somebody has just written to it
   through a mapping that is still there. */
static void try_cachestat(int fd, struct probe_facts *facts)
{
    struct cachestat_counts counts = {0};
    char byte;

    if (count_pages(fd, &counts) < 0) {
        facts->cachestat_error = errno;
        return;
    }
    facts->dirty_before = counts.dirty + counts.writeback;
    /* written out and dropped meanwhile?  What is read now must be there. */
    if (counts.cached == 0 && pread(fd, &byte, 1, 0) == 1 && count_pages(fd, &counts) < 0)
        counts.cached = 0;
    facts->cachestat = counts.cached > 0 ? CALL_WORKS : CALL_BLIND;
}

/* The page cache that sync_file_range writes out is the one that cachestat looks into: the open
   file's f_mapping (fs/sync.c, mm/filemap.c). */
static void try_range(int fd, struct probe_facts *facts)
{
    struct cachestat_counts counts = {0};

    if (write_range(fd) < 0) {
        facts->range_error = errno;
        return;
    }
    facts->range = facts->cachestat == CALL_BLIND ? CALL_BLIND : CALL_UNPROVEN;
    if (facts->cachestat != CALL_WORKS || count_pages(fd, &counts) < 0)
        return;
    facts->dirty_after = counts.dirty + counts.writeback;
    if (facts->dirty_after > 0)
        facts->range = CALL_LEAVES;
    else if (facts->dirty_before > 0)
        facts->range = CALL_WORKS;
}

static int try_with_descriptor(struct probe_room *room, struct probe_facts *facts)
{
    static const char name[] = "opened";
    struct probe_child child;

    if (room_hold(room, &child, probe_hold_descriptor, name) < 0)
        return room->stopped_by ? -1 : 0;
    if (facts->lease.granted)
        facts->lease.descriptor = lease_sight(room, name);
    room_release(&child);
    return 0;
}

static int try_with_mapping(struct probe_room *room, const char *name, int fd,
                            struct probe_facts *facts)
{
    struct probe_child child;

    if (room_hold(room, &child, probe_hold_mapping, name) < 0) {
        facts->cachestat_error = facts->range_error = errno;
        return room->stopped_by ? -1 : 0;
    }
    try_cachestat(fd, facts);
    try_range(fd, facts);
    if (facts->lease.granted)
        facts->lease.mapping = lease_sight(room, name);
    room_release(&child);
    return 0;
}

/* The file is opened before it is written to: to open a file on FUSE drops its pages. */
static int try_page_cache(struct probe_room *room, struct probe_facts *facts)
{
    static const char name[] = "mapped";
    int fd = openat(room->fd, name, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    int result;

    if (fd < 0) {
        facts->cachestat_error = facts->range_error = errno;
        return 0;
    }
    result = try_with_mapping(room, name, fd, facts);
    close(fd);
    return result;
}

int probe_calls(struct probe_room *room, struct probe_facts *facts)
{
    static const char name[] = "free";
    int granted;

    if (room_work(room, probe_writers[WRITER_WRITE], name) < 0 && room->stopped_by)
        return -1;
    granted = count_leases(room, name, &facts->lease.error);
    facts->lease.granted = granted == TRIES;
    if (granted > 0)
        facts->lease.error = 0;
    if (try_with_descriptor(room, facts) < 0)
        return -1;
    return try_page_cache(room, facts);
}
