/* engine.c - settles a set of files
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "choose.h"
#include "dirs.h"
#include "engine.h"
#include "find.h"
#include "open.h"
#include "path.h"
#include "pool.h"
#include "retry.h"
#include "set.h"
#include "stable.h"
#include "stopwatch.h"
#include "sys.h"
#include "tell.h"
#include "way.h"
#include "writeback.h"
#include "writers.h"

/* As many as the times in way.c were taken with. */
#define THREADS 32u

struct run {
    const struct settle_options *options;
    const struct engine_caller *caller;
    struct set set;
    size_t may_keep;    /* files of a lower index may stay open from start to end */
    unsigned threads;   /* at the most */
    size_t *order;      /* of the directories */
    bool syncfs_tells;  /* of errors */
    bool wants_threads; /* the files of which way it is the turn of */
    atomic_size_t done;
};

static void show(void *context)
{
    struct run *run = context;
    struct progress progress = {.files = run->set.count - run->set.again, .done = atomic_load(&run->done)};

    if (!run->caller->show)
        return;
    for (size_t i = 0; i < run->set.groups; i++)
        progress.bytes += run->set.group[i].bytes;
    run->caller->show(&progress, run->caller->context);
}

static void limit_descriptors(struct run *run)
{
    struct rlimit limit = {.rlim_cur = 8};
    size_t budget;

    getrlimit(RLIMIT_NOFILE, &limit);
    budget = limit.rlim_cur > 512 ? 256 : (size_t)(limit.rlim_cur / 2);
    run->threads = budget / 2 < THREADS ? (unsigned)(budget / 2) : THREADS;
    run->may_keep = budget - run->threads;
}

static enum way way_of(const struct run *run, const struct file *file)
{
    return run->set.group[file->group].way;
}

/* With syncfs the files need no threads to share a commit, but opening and asking each takes most of the time. */
static bool is_threaded(enum way way)
{
    return way == WAY_THREADS || way == WAY_SYNCFS;
}

static bool is_its_turn(const struct run *run, const struct file *file)
{
    return file_is_open_question(file) &&
           is_threaded(way_of(run, file)) == run->wants_threads;
}

/* Runs WORK on all files: those of a way with threads from several at once, then the others. */
static void each_file(struct run *run, void (*work)(void *context, size_t index))
{
    void (*tick)(void *context) = run->caller->show ? show : NULL;
    bool has_others = false, has_threads = false;

    for (size_t i = 0; i < run->set.groups; i++)
        if (is_threaded(run->set.group[i].way))
            has_threads = true;
        else
            has_others = true;
    run->wants_threads = true;
    if (has_threads)
        pool_run(run->threads, run->set.count, work, tick, run);
    run->wants_threads = false;
    if (has_others)
        pool_run(1, run->set.count, work, tick, run);
}

/* What is to be done to FILE, which is open, before the others' turn.  Returns 0, or -1 with errno. */
static int prepare(const struct run *run, struct file *file)
{
    switch (way_of(run, file)) {
    case WAY_EACH:
    case WAY_THREADS:
    case WAY_COMMIT:
        return writeback_start(file->fd);
    case WAY_SYNCFS:
        /* The syncfs will tell of what fails from now on, its descriptor being open (sync_group); but not of an
           error that somebody else's syncfs has been told of. */
        file->is_asked = run->syncfs_tells;
        return run->syncfs_tells ? writeback_ask(file->fd) : 0;
    case WAY_PLAIN:
    case WAY_NOTHING:
        break;
    }
    return 0;
}

/* Where nobody will ask how long it took, the clock is left alone: the first look at it costs two page faults. */
static struct stopwatch start_watch(const struct run *run)
{
    return run->set.wants_detail ? stopwatch_start() : (struct stopwatch){{0, 0}, 0};
}

static void add_time(const struct run *run, struct file *file, const struct stopwatch *watch)
{
    if (run->set.wants_detail)
        file->seconds += stopwatch_seconds(watch);
}

/* Opens a file, prepares it, and asks whether somebody writes to it. */
static void begin_file(void *context, size_t index)
{
    struct run *run = context;
    struct file *file = &run->set.file[index];
    struct stopwatch watch = start_watch(run);

    if (file_try_open(&run->set, run->options, file) < 0)
        return;
    if (prepare(run, file) < 0)
        file_fail_open(run->options, file, STEP_WRITEBACK);
    else
        writers_ask(&run->set, run->options, file);
    if (file->what != OUTCOME_SETTLED || index >= run->may_keep)
        file_close(file);
    add_time(run, file, &watch);
}

static void begin(void *context, size_t index)
{
    struct run *run = context;

    if (is_its_turn(run, &run->set.file[index]))
        begin_file(run, index);
}

/* Runs WORK on what is still there, but by another name only than the one that stood for it. */
static void each_heir(struct run *run, void (*work)(void *context, size_t index))
{
    for (size_t i = 0; i < run->set.count; i++)
        if (file_inherit(&run->set, run->options, &run->set.file[i]))
            work(run, i);
}

/* Nothing is left to be done to FILE. */
static bool is_done(const struct run *run, const struct file *file)
{
    enum way way = way_of(run, file);

    return way == WAY_NOTHING || (way == WAY_SYNCFS && file->is_asked);
}

/* Waits until FILE, which is open, is what the mode asks for.  A failure is never tried again: the kernel reports
   it once and counts the pages as clean afterwards, so the second try would succeed with the data lost. */
static int settle_file(const struct run *run, const struct file *file)
{
    const struct group *group = &run->set.group[file->group];

    if (is_done(run, file))
        return 0;
    /* After a syncfs that tells of no errors, or of a file that was not asked before it: it is now. */
    if (run->options->mode != MODE_FSYNC || group->way == WAY_SYNCFS)
        return writeback_wait(file->fd, group->magic);
    return group->way == WAY_COMMIT ? writeback_complete(file->fd) : RETRY(sys.fsync(file->fd));
}

static void finish_file(struct run *run, struct file *file)
{
    struct stopwatch watch = start_watch(run);
    struct stat st;

    if (file_open(&run->set, file) < 0) {
        file->is_put_off = run->wants_threads && open_may_wait();
        if (!file->is_put_off)
            file_fail_missing(run->options, file, STEP_OPEN);
        return;
    }
    if (settle_file(run, file) < 0)
        file_fail_open(run->options, file, run->options->mode == MODE_FSYNC ? STEP_FSYNC : STEP_WRITEBACK);
    if (run->set.wants_detail) {
        if (sys.fstat(file->fd, &st) < 0)
            file_fail(file, STEP_FIND);
        else
            run->set.detail[file - run->set.file].after = attributes_of(&st);
    }
    file_close(file);
    add_time(run, file, &watch);
    atomic_fetch_add(&run->done, 1);
}

static void finish(void *context, size_t index)
{
    struct run *run = context;
    struct file *file = &run->set.file[index];

    if (!is_its_turn(run, file) || file->is_held)
        return;
    if (is_done(run, file) && file->fd < 0 && !run->set.wants_detail) {
        atomic_fetch_add(&run->done, 1);
        return;
    }
    finish_file(run, file);
}

static void finish_released(void *context, size_t index)
{
    struct run *run = context;

    if (file_is_open_question(&run->set.file[index]))
        finish_file(run, &run->set.file[index]);
}

/* Once the threads, and the files that they had open, are gone. */
static void finish_put_off(struct run *run)
{
    for (size_t i = 0; i < run->set.count; i++)
        if (run->set.file[i].is_put_off)
            finish_released(run, i);
}

/* Settles what is there now by the name of a file that was written to or replaced after it was settled. */
static void settle_again(void *context, size_t index)
{
    struct run *run = context;
    struct dirs *dirs = &run->set.dirs;
    struct file *file = &run->set.file[index];
    size_t dir;

    finish_file(run, file);
    atomic_fetch_sub(&run->done, 1);  /* it was counted before */
    if (run->options->mode != MODE_FSYNC || file->what != OUTCOME_SETTLED)
        return;
    dir = file->in_tree ? file->dir : dirs_add_parent(dirs, file->name, 0);
    if (dir == DIRS_NONE) {
        file_fail_missing(run->options, file, STEP_FIND);
        return;
    }
    dirs->dir[dir].is_synced = false;
    dirs_sync(dirs, dir);
}

/* Opens the first file of GROUP for the call that syncs the group.  Returns 0, or -1. */
static int open_group(const struct run *run, struct group *group)
{
    const struct file *file = &run->set.file[group->first];
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (file->in_tree ? O_NOFOLLOW : 0);
    char *path = file_path(&run->set, file);
    struct stat st;

    group->fd = path ? path_open(path, flags) : -1;
    free(path);
    if (group->fd < 0)
        return -1;
    if (sys.fstat(group->fd, &st) == 0 && st.st_dev == group->dev)
        return 0;
    sys.close(group->fd);  /* something else goes by that name by now */
    group->fd = -1;
    return -1;
}

/* syncfs does nothing, and succeeds, on a file system that is read-only, though it be so because of an error, with
   dirty pages left; so it does on ext4 after a shutdown (until Linux 6.12), and until 5.17 nobody is told of a journal
   that can't be written.  On ext4 and xfs any fsync fails then, and a btrfs has become read-only. */
static bool is_in_order(struct run *run, const struct group *group)
{
    struct file *first = &run->set.file[group->first];

    if (sys.is_writable(group->fd) != 1)
        return false;
    if (group->way != WAY_SYNCFS || RETRY(sys.fsync(group->fd)) == 0)
        return true;
    file_fail(first, STEP_FSYNC);  /* it may have been told for the last time */
    file_close(first);
    return false;
}

/* One call of SYNC (syncfs or commit) for GROUP, which is open, and closed then.  Returns whether that went well. */
static bool sync_group(struct run *run, struct group *group, int (*sync)(int fd))
{
    struct dirs *dirs = &run->set.dirs;
    bool went_well = RETRY(sync(group->fd)) == 0 && is_in_order(run, group);

    sys.close(group->fd);
    group->fd = -1;
    for (size_t i = 0; went_well && i < dirs->count; i++)
        dirs->dir[i].is_synced |= dirs->dir[i].dev == group->dev;
    return went_well;
}

/* Before the first file is asked for errors, so that none comes in between. */
static void open_groups(struct run *run)
{
    for (size_t i = 0; i < run->set.groups; i++) {
        struct group *group = &run->set.group[i];

        if (group->way != WAY_SYNCFS)
            continue;
        run->syncfs_tells = writeback_syncfs_tells();
        if (open_group(run, group) < 0)
            group->way = WAY_THREADS;
    }
}

/* Where syncfs fails, whatever the reason, fsync says for each file whether that is its own: the group goes
   the other way. */
static void sync_groups(struct run *run)
{
    for (size_t i = 0; i < run->set.groups; i++)
        if (run->set.group[i].way == WAY_SYNCFS &&
            !sync_group(run, &run->set.group[i], sys.syncfs))
            run->set.group[i].way = WAY_THREADS;
}

/* Files that come later have to be fsynced, for the commit, or syncfs, was before them; and so have all where
   it failed. */
static void commit_groups(struct run *run)
{
    for (size_t i = 0; i < run->set.groups; i++) {
        struct group *group = &run->set.group[i];
        enum way way = group->way;

        if (way != WAY_COMMIT && way != WAY_SYNCFS)
            continue;
        group->way = WAY_PLAIN;
        if (way == WAY_SYNCFS || (open_group(run, group) == 0 && sync_group(run, group, sys.commit)))
            continue;
        for (size_t j = group->first; j < run->set.count; j++)
            if (run->set.file[j].group == i && !run->set.file[j].is_held)
                finish_released(run, j);
    }
}

static void sync_directory(void *context, size_t index)
{
    struct run *run = context;

    dirs_sync(&run->set.dirs, run->order[index]);
}

static int sync_directories(struct run *run)
{
    bool has_threads = run->set.groups > 0 && run->set.group[0].way == WAY_THREADS;

    run->order = dirs_order(&run->set.dirs);
    if (!run->order)
        return -1;
    pool_run(has_threads ? run->threads : 1, run->set.dirs.count, sync_directory,
             run->caller->show ? show : NULL, run);
    for (size_t i = 0; has_threads && i < run->set.dirs.count; i++)
        dirs_sync_put_off(&run->set.dirs, run->order[i]);
    free(run->order);
    return 0;
}

static bool any(const struct run *run, bool (*is_so)(const struct file *file))
{
    for (size_t i = 0; i < run->set.count; i++)
        if (is_so(&run->set.file[i]))
            return true;
    return false;
}

static bool asks_proc(const struct file *file)
{
    return file->ask_proc && file->what == OUTCOME_SETTLED;
}

static bool is_held(const struct file *file)
{
    return file->is_held;
}

static int settle_set(struct run *run)
{
    struct stopwatch first_look = start_watch(run);

    for (size_t i = 0; i < run->set.groups; i++)
        choose_way(&run->set, run->options, i, run->may_keep);
    open_groups(run);
    each_file(run, begin);
    each_heir(run, begin_file);
    if (any(run, asks_proc))
        writers_look(&run->set);
    sync_groups(run);
    each_file(run, finish);
    commit_groups(run);
    finish_put_off(run);
    if (any(run, is_held))
        writers_wait(&run->set, run->options, finish_released, show, run);
    each_heir(run, finish_released);
    if (run->options->mode == MODE_FSYNC && sync_directories(run) < 0)
        return -1;
    if (run->options->stable > 0)
        stable_wait(&run->set, run->options, &first_look, show, settle_again, run);
    return 0;
}

int engine_settle(const struct settle_options *options, char *const *name, size_t count,
                  const struct engine_caller *caller)
{
    struct run run = {.options = options, .caller = caller};
    int result = 0;

    if (options->mode == MODE_OFF || count == 0)
        return 0;
    run.set.wants_detail = options->verbose || options->stable > 0;
    limit_descriptors(&run);
    for (size_t i = 0; i < count && result == 0; i++)
        result = find_name(&run.set, options, name[i], show, &run);
    if (result == 0)
        result = set_close(&run.set);
    if (result == 0)
        result = settle_set(&run);
    if (result == 0)
        result = tell_all(&run.set, caller);
    set_free(&run.set);
    if (result < 0)
        errno = ENOMEM;
    return result;
}
