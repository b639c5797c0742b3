/* probe_watch.c - watches files whose writers are gone for what still moves
   SPDX-License-Identifier: GPL-3.0-or-later

   All at once.  The files that get an fsync come first: it may write out others' pages, too (ext3
   with data=ordered). */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe_room.h"

/* More than one: on GlusterFS a late move after fsync is seen by one trial in 25. */
#define COPIES 4
#define FILES (PROBE_WRITERS * PROBE_WATCHES * COPIES)
#define WATCHED 5.0    /* seconds */
#define INTERVAL 0.05

struct look {
    struct statx_timestamp ctime, mtime;
    uint64_t size, blocks;
};

struct watched {
    char name[16];
    enum probe_watch watch;
    struct probe_trial *trial;
    struct look seen;  /* the last time */
    double start;      /* of the watch */
    double moved;      /* when it did, or the start */
    bool has_moved;
    bool lost;         /* it can't be watched any longer */
};

struct session {
    struct probe_room *room;
    struct watched files[FILES];
    struct statx_timestamp writers_gone;  /* by the file system's clock, a server's for instance;
                                             0 before */
};

/* FORCE_SYNC, as settle itself looks: else FUSE may answer from a cache for a second. */
static int look_at(const struct probe_room *room, const struct watched *file, struct look *look)
{
    int flags = AT_SYMLINK_NOFOLLOW |
                (file->watch == WATCH_CACHED ? AT_STATX_DONT_SYNC : AT_STATX_FORCE_SYNC);
    struct statx stx;

    memset(&stx, 0, sizeof stx);
    if (statx(room->fd, file->name, flags,
              STATX_CTIME | STATX_MTIME | STATX_SIZE | STATX_BLOCKS, &stx) < 0)
        return -1;
    look->ctime = stx.stx_ctime;
    look->mtime = stx.stx_mtime;
    look->size = stx.stx_size;
    look->blocks = stx.stx_blocks;
    return 0;
}

static bool same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static unsigned differences(const struct look *a, const struct look *b)
{
    return (same_time(&a->ctime, &b->ctime) ? 0 : (unsigned)PROBE_CTIME) |
           (same_time(&a->mtime, &b->mtime) ? 0 : (unsigned)PROBE_MTIME) |
           (a->size == b->size ? 0 : (unsigned)PROBE_SIZE) |
           (a->blocks == b->blocks ? 0 : (unsigned)PROBE_BLOCKS);
}

static bool is_late(const struct statx_timestamp *time, const struct statx_timestamp *gone)
{
    if (gone->tv_sec == 0)
        return false;
    return time->tv_sec > gone->tv_sec ||
           (time->tv_sec == gone->tv_sec && time->tv_nsec > gone->tv_nsec);
}

/* Who doesn't ask may have an outdated idea of a file, put right some time later: that is no move.
   What became of the file after its writer's exit is one, and has a time to show for it. */
static unsigned cached_differences(const struct look *before, const struct look *now,
                                   const struct statx_timestamp *gone)
{
    unsigned late = (is_late(&now->ctime, gone) ? (unsigned)PROBE_CTIME : 0) |
                    (is_late(&now->mtime, gone) ? (unsigned)PROBE_MTIME : 0);

    return differences(before, now) & late;
}

static void note(int *error)
{
    if (*error == 0)
        *error = errno;
}

/* Looks again at FILE; returns what moved since the last time. */
static unsigned look_again(const struct session *session, struct watched *file)
{
    struct look now;
    unsigned moved;

    if (look_at(session->room, file, &now) < 0) {
        note(&file->trial->look_error);
        file->lost = true;
        return 0;
    }
    moved = file->watch == WATCH_CACHED
                ? cached_differences(&file->seen, &now, &session->writers_gone)
                : differences(&file->seen, &now);
    file->seen = now;
    return moved;
}

static void look_at_all(struct session *session, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct watched *file = &session->files[i];
        struct probe_trial *trial = file->trial;
        unsigned moved = file->lost ? 0 : look_again(session, file);
        double now = probe_now();

        if (!moved)
            continue;
        trial->attributes |= moved;
        trial->moved += !file->has_moved;
        file->has_moved = true;
        if (trial->last < now - file->start)
            trial->last = now - file->start;
        if (trial->still < now - file->moved)
            trial->still = now - file->moved;
        file->moved = now;
    }
}

/* Opened for reading, as settle itself does it. */
static int fsync_file(const struct probe_room *room, const char *name)
{
    int fd = openat(room->fd, name, O_RDONLY | O_CLOEXEC);
    int result, error;

    if (fd < 0)
        return -1;
    result = fsync(fd);
    error = errno;
    close(fd);
    errno = error;
    return result;
}

static int fsync_timed(const struct probe_room *room, struct watched *file, double *seconds)
{
    double start = probe_now();

    if (fsync_file(room, file->name) < 0) {
        note(&file->trial->fsync_error);
        return -1;
    }
    *seconds = probe_now() - start;
    return 0;
}

/* Has one file written, and begins to watch it unless something failed: FILE is lost then.
   Returns -1 when the probe is to end. */
static int begin(struct probe_room *room, struct watched *file, enum probe_writer writer,
                 double *seconds)
{
    file->lost = true;
    if (room_work(room, probe_writers[writer], file->name) < 0) {
        note(&file->trial->write_error);
        return room->stopped_by ? -1 : 0;
    }
    if (file->watch == WATCH_SYNCED && fsync_timed(room, file, seconds) < 0)
        return 0;
    if (look_at(room, file, &file->seen) < 0) {
        note(&file->trial->look_error);
        return 0;
    }
    file->start = file->moved = probe_now();
    file->trial->files++;
    file->lost = false;
    return 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void summarize(struct probe_fsync *sum, double *times, unsigned count)
{
    sum->count = count;
    if (count == 0)
        return;
    qsort(times, count, sizeof *times, compare);
    sum->min = times[0];
    sum->median = (times[(count - 1) / 2] + times[count / 2]) / 2;
    sum->max = times[count - 1];
}

static int begin_all(struct session *session, struct probe_facts *facts)
{
    double times[FILES];
    unsigned synced = 0;

    for (unsigned i = 0; i < FILES; i++) {
        struct watched *file = &session->files[i];
        enum probe_writer writer = i / COPIES % PROBE_WRITERS;
        double seconds = -1;

        file->watch = i / COPIES / PROBE_WRITERS;  /* WATCH_SYNCED is the first */
        file->trial = &facts->trial[writer][file->watch];
        snprintf(file->name, sizeof file->name, "file%u", i);
        if (begin(session->room, file, writer, &seconds) < 0)
            return -1;
        if (seconds >= 0)
            times[synced++] = seconds;
        look_at_all(session, i);
    }
    summarize(&facts->fsync, times, synced);
    return 0;
}

/* Asks the file system for its time, which a new file's is. */
static int note_time(struct session *session)
{
    const struct watched file = {.name = "clock"};
    struct look look;

    if (room_work(session->room, probe_writers[WRITER_WRITE], file.name) < 0)
        return session->room->stopped_by ? -1 : 0;
    if (fsync_file(session->room, file.name) == 0 && look_at(session->room, &file, &look) == 0)
        session->writers_gone = look.ctime;
    return 0;
}

/* What moves now because of an fsync would have moved later by itself, when the kernel writes out
   what is 30 s old.  Unless an fsync moves even files that had one before, as on GlusterFS, which
   notes there that a file is being written: hence all files. */
static int find_unsettled(struct session *session)
{
    for (unsigned i = 0; i < FILES; i++) {
        struct watched *file = &session->files[i];

        if (room_sleep(session->room, 0, -1) < 0)
            return -1;
        if (!file->lost && fsync_file(session->room, file->name) < 0) {
            note(&file->trial->fsync_error);
            file->lost = true;
        }
    }
    for (unsigned i = 0; i < FILES; i++) {
        struct watched *file = &session->files[i];
        unsigned moved = file->lost ? 0 : look_again(session, file);

        if (file->watch == WATCH_SYNCED)
            file->trial->unsettled += moved != 0;
        else if (!file->has_moved && moved) {
            file->trial->attributes |= moved;
            file->trial->unsettled++;
        }
    }
    return 0;
}

static int watch(struct session *session, struct probe_facts *facts)
{
    double start;

    if (begin_all(session, facts) < 0 || note_time(session) < 0)
        return -1;
    start = probe_now();
    do {
        if (room_sleep(session->room, INTERVAL, -1) < 0)
            return -1;
        look_at_all(session, FILES);
        facts->watched = probe_now() - start;
    } while (facts->watched < WATCHED);
    return find_unsettled(session);
}

int probe_watch(struct probe_room *room, struct probe_facts *facts)
{
    struct session *session = calloc(1, sizeof *session);
    int result, error;

    if (!session)
        return -1;
    session->room = room;
    result = watch(session, facts);
    error = errno;
    free(session);
    errno = error;
    return result;
}
