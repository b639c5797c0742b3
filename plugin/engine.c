/* engine.c - settles a set of files: the one engine behind plugin, shell and command
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "dirs.h"
#include "engine.h"
#include "idset.h"
#include "resolve.h"
#include "retry.h"
#include "sys.h"
#include "writeback.h"

#define NONE ((size_t)-1)

struct item {
    struct outcome outcome;
    char *path;   /* of a regular file: where it really is */
    int fd;       /* open since its writeback was started, or -1 */
    size_t same;  /* an earlier item that is the same file, or NONE */
    size_t dir;   /* of a directory: its index in run.dirs, or NONE */
};

struct run {
    const struct settle_options *options;
    struct item *item;
    size_t count;
    struct idset files;
    struct dirs dirs;
    size_t may_keep;  /* descriptors that may stay open between start and wait */
};

static void fail(struct item *item, enum engine_step step)
{
    if (item->outcome.what == OUTCOME_FAILED)
        return;  /* the first error stands */
    item->outcome.what = OUTCOME_FAILED;
    item->outcome.step = step;
    item->outcome.error = errno;
}

static void fail_find(const struct run *run, struct item *item)
{
    if (errno == ENOENT && run->options->missing_ok)
        item->outcome.what = OUTCOME_MISSING;
    else
        fail(item, STEP_FIND);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now = *start;

    sys.clock(&now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static struct attributes attributes_of(const struct stat *st)
{
    return (struct attributes){st->st_size, st->st_blocks, st->st_mtim, st->st_ctim};
}

/* Opens without ever waiting for a FIFO's other end, and without taking a terminal as ours.  A file
   that may be written but not read can be synced as well; the first error tells more. */
static int open_file(const char *path)
{
    const int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = RETRY(sys.open(path, O_RDONLY | flags));

    if (fd < 0 && errno == EACCES) {
        fd = RETRY(sys.open(path, O_WRONLY | flags));
        if (fd < 0)
            errno = EACCES;
    }
    return fd;
}

static void close_file(struct item *item)
{
    /* EINTR: Linux has closed the descriptor all the same (close(2)) */
    if (item->fd >= 0 && sys.close(item->fd) < 0 && errno != EINTR)
        fail(item, STEP_CLOSE);
    item->fd = -1;
}

/* Opens ITEM's file and starts its writeback.  Where descriptors run out, waiting for it starts it
   as well: that is no failure yet. */
static void item_start(struct run *run, struct item *item)
{
    struct timespec start;

    sys.clock(&start);
    item->fd = open_file(item->path);
    if (item->fd < 0) {
        if (errno != EMFILE && errno != ENFILE)
            fail_find(run, item);
        return;
    }
    if (writeback_start(item->fd) < 0)
        fail(item, STEP_WRITEBACK);
    if (item->outcome.what == OUTCOME_FAILED || run->may_keep == 0)
        close_file(item);
    else
        run->may_keep--;
    item->outcome.seconds = seconds_since(&start);
}

/* A directory that was named: itself and its own entry.  It has no pages that writeback would
   concern. */
static void item_find_directory(struct run *run, struct item *item, const char *path)
{
    item->outcome.is_directory = true;
    if (run->options->mode != MODE_FSYNC)
        return;
    item->dir = dirs_add(&run->dirs, path);
    if (item->dir == NONE || dirs_add_parent(&run->dirs, path, 1) == NONE)
        fail(item, STEP_FIND);
}

/* A regular file: the first of its names starts its writeback. */
static void item_find_file(struct run *run, struct item *item, const struct stat *st)
{
    size_t index = (size_t)(item - run->item);
    size_t first = idset_add(&run->files, st, index);

    if (first == NONE ||
        (run->options->mode == MODE_FSYNC && dirs_add_parent(&run->dirs, item->path, 0) == NONE))
        fail(item, STEP_FIND);
    else if (first != index)
        item->same = first;
    else
        item_start(run, item);
}

/* Finds out what ITEM is and starts what can be started. */
static void item_find(struct run *run, struct item *item)
{
    size_t length = strlen(item->outcome.name);
    struct stat st;

    if (length > 1 && item->outcome.name[length - 1] == '/') {
        errno = EISDIR;  /* "all below it", which must not be taken for the directory alone */
        fail(item, STEP_FIND);
        return;
    }
    if (resolve_name(item->outcome.name, &run->dirs, &item->path, &st) < 0) {
        fail_find(run, item);
        return;
    }
    item->outcome.before = item->outcome.after = attributes_of(&st);
    if (S_ISREG(st.st_mode))
        item_find_file(run, item, &st);
    else if (S_ISDIR(st.st_mode))
        item_find_directory(run, item, item->path);
    else
        item->outcome.what = OUTCOME_LEFT_ALONE;
}

/* Waits until ITEM's file is what the mode asks for.  A failure is never tried again: the kernel
   reports it once and counts the pages as clean afterwards, so the second try would succeed with
   the data lost. */
static void item_finish(struct run *run, struct item *item)
{
    struct timespec start;
    struct stat st;

    sys.clock(&start);
    if (item->fd < 0)
        item->fd = open_file(item->path);
    if (item->fd < 0) {
        fail_find(run, item);
        return;
    }
    if (run->options->mode == MODE_FSYNC) {
        if (RETRY(sys.fsync(item->fd)) < 0)
            fail(item, STEP_FSYNC);
    } else if (writeback_wait(item->fd) < 0)
        fail(item, STEP_WRITEBACK);
    if (sys.fstat(item->fd, &st) < 0)
        fail(item, STEP_FIND);
    else
        item->outcome.after = attributes_of(&st);
    close_file(item);
    item->outcome.seconds += seconds_since(&start);
}

static bool is_to_finish(const struct item *item)
{
    return item->outcome.what == OUTCOME_SETTLED && item->same == NONE &&
           !item->outcome.is_directory;
}

/* What became of ITEM in the end: a second name shares the first one's fate, and a directory is as
   its sync went. */
static void item_conclude(struct run *run, struct item *item)
{
    const char *name = item->outcome.name;

    if (item->same != NONE) {
        item->outcome = run->item[item->same].outcome;
        item->outcome.name = name;
    }
    if (item->dir != NONE && run->dirs.dir[item->dir].error) {
        errno = run->dirs.dir[item->dir].error;
        fail(item, STEP_FSYNC);
        run->dirs.dir[item->dir].error = 0;  /* told under its own name */
    }
}

/* Tells the caller everything; true where something failed. */
static bool run_tell(struct run *run, outcome_function *tell, void *context)
{
    bool failed = false;

    for (size_t i = 0; i < run->count; i++) {
        item_conclude(run, &run->item[i]);
        failed |= run->item[i].outcome.what == OUTCOME_FAILED;
        tell(&run->item[i].outcome, context);
    }
    for (size_t i = 0; i < run->dirs.count; i++) {
        struct outcome outcome = {.name = run->dirs.dir[i].path,
                                  .is_directory = true,
                                  .what = OUTCOME_FAILED,
                                  .step = STEP_FSYNC,
                                  .error = run->dirs.dir[i].error};

        if (!outcome.error)
            continue;
        failed = true;
        tell(&outcome, context);
    }
    return failed;
}

static size_t descriptors_to_keep(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    return limit.rlim_cur > 512 ? 256 : (size_t)(limit.rlim_cur / 2);
}

bool outcome_lost(const struct outcome *outcome)
{
    return outcome->what == OUTCOME_FAILED && !outcome->is_directory &&
           (outcome->step == STEP_WRITEBACK || outcome->step == STEP_FSYNC) &&
           (outcome->error == EIO || outcome->error == ENOSPC || outcome->error == EDQUOT);
}

int engine_settle(const struct settle_options *options, char *const *name, size_t count,
                  outcome_function *tell, void *context)
{
    struct run run = {.options = options, .count = count};
    bool failed;

    if (options->mode == MODE_OFF || count == 0)
        return 0;
    run.item = calloc(count, sizeof *run.item);
    if (!run.item)
        return -1;
    run.may_keep = descriptors_to_keep();
    for (size_t i = 0; i < count; i++) {
        struct item *item = &run.item[i];

        item->outcome.name = name[i];
        item->fd = -1;
        item->same = item->dir = NONE;
        item_find(&run, item);
    }
    for (size_t i = 0; i < count; i++)
        if (is_to_finish(&run.item[i]))
            item_finish(&run, &run.item[i]);
    if (options->mode == MODE_FSYNC)
        dirs_sync(&run.dirs);
    failed = run_tell(&run, tell, context);
    for (size_t i = 0; i < count; i++)
        free(run.item[i].path);
    free(run.item);
    idset_free(&run.files);
    dirs_free(&run.dirs);
    return failed;
}
