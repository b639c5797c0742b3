/* stable.c - waits until the attributes of files stand still
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "path.h"
#include "stable.h"
#include "sys.h"

#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

/* Seconds between two looks: a part of what is asked for, within limits. */
#define LOOKS 8
#define SHORTEST_NAP 0.005
#define LONGEST_NAP 0.25

/* One file under watch. */
struct watched {
    size_t index;
    double changed;  /* when the last change was seen, on the watch's clock */
    struct attributes previous;  /* before the last change */
    bool is_rewritten;           /* its content has changed since it was settled */
};

/* What stable_wait was called with. */
struct watch {
    struct set *set;
    const struct settle_options *options;
    void (*rewritten)(void *context, size_t index);
    void *context;
    const struct stopwatch *clock;
};

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_attributes(const struct attributes *a, const struct attributes *b)
{
    return a->size == b->size && a->blocks == b->blocks && a->ino == b->ino &&
           same_time(a->mtime, b->mtime) && same_time(a->ctime, b->ctime);
}

static void count_moves(struct moves *moves, const struct attributes *a, const struct attributes *b)
{
    moves->size += a->size != b->size;
    moves->blocks += a->blocks != b->blocks;
    moves->ino += a->ino != b->ino;
    moves->mtime += !same_time(a->mtime, b->mtime);
    moves->ctime += !same_time(a->ctime, b->ctime);
}

/* Looks at FILE by its name: what the next reader will see, even if the file was replaced.  Returns 0, or
   -1 with errno. */
static int look(const struct set *set, const struct file *file, struct attributes *now)
{
    char *path = file_path(set, file);
    int fd = path ? path_open(path, O_PATH | O_CLOEXEC) : -1;
    struct stat st;
    int error;

    free(path);
    if (fd < 0)
        return -1;
    if (sys.stat_fresh(fd, &st) < 0) {
        error = errno;
        sys.close(fd);
        errno = error;
        return -1;
    }
    sys.close(fd);
    *now = attributes_of(&st);
    return 0;
}

static bool same_content(const struct attributes *a, const struct attributes *b)
{
    return a->size == b->size && a->ino == b->ino && same_time(a->mtime, b->mtime);
}

/* Takes a look at WATCHED at time NOW; true where it needs no further one. */
static bool is_over(const struct watch *watch, struct watched *watched, double now)
{
    struct file *file = &watch->set->file[watched->index];
    struct detail *detail = &watch->set->detail[watched->index];
    struct attributes seen;

    if (look(watch->set, file, &seen) < 0) {
        file_fail_missing(watch->options, file, STEP_FIND);
        return true;
    }
    if (!same_attributes(&seen, &detail->after)) {
        count_moves(&detail->moves, &detail->after, &seen);
        detail->moves.back += same_attributes(&seen, &watched->previous);
        watched->is_rewritten |= !same_content(&seen, &detail->after);
        watched->previous = detail->after;
        detail->after = seen;
        watched->changed = now;
    }
    if (!(now - watched->changed >= watch->options->stable))
        return false;  /* also where the clock fails, and NOW is NAN */
    if (!watched->is_rewritten)
        return true;
    watched->is_rewritten = false;
    watch->rewritten(watch->context, watched->index);
    watched->changed = stopwatch_read(watch->clock);
    return file->what != OUTCOME_SETTLED;
}

/* The files to watch, newly allocated; *COUNT receives their number.  NULL with errno ENOMEM. */
static struct watched *select_files(const struct set *set, double start, size_t *count)
{
    struct watched *watched = calloc(set->count + 1, sizeof *watched);

    *count = 0;
    for (size_t i = 0; watched && i < set->count; i++) {
        const struct file *file = &set->file[i];
        struct detail *detail = &set->detail[i];

        if (file->what != OUTCOME_SETTLED || file->same != SET_NONE || file->is_directory)
            continue;
        watched[*count].index = i;
        watched[*count].changed = start;
        watched[(*count)++].previous = detail->before;
        detail->after = detail->before;
    }
    return watched;
}

static void fail_all(struct set *set, const struct watched *watched, size_t count, int error)
{
    for (size_t i = 0; i < count; i++) {
        errno = error;
        file_fail(&set->file[watched[i].index], STEP_STABLE);
    }
}

void stable_wait(struct set *set, const struct settle_options *options,
                 const struct stopwatch *first_look, void (*check)(void *context),
                 void (*rewritten)(void *context, size_t index), void *context)
{
    const struct watch watch = {set, options, rewritten, context, first_look};
    size_t count;
    double start = stopwatch_read(first_look);
    struct watched *watched = select_files(set, start, &count);
    double nap = options->stable / LOOKS;

    if (!watched) {
        for (size_t i = 0; i < set->count; i++)
            if (set->file[i].what == OUTCOME_SETTLED && !set->file[i].is_directory)
                file_fail(&set->file[i], STEP_STABLE);
        return;
    }
    nap = nap < SHORTEST_NAP ? SHORTEST_NAP : nap > LONGEST_NAP ? LONGEST_NAP : nap;
    while (count > 0) {
        double now = stopwatch_read(first_look);
        int error = isnan(now - start) ? errno : ETIMEDOUT;

        for (size_t i = 0; i < count;)
            if (is_over(&watch, &watched[i], now))
                watched[i] = watched[--count];
            else
                i++;
        if (count > 0 && !(now - start < options->timeout)) {
            fail_all(set, watched, count, error);
            count = 0;
        }
        check(context);
        if (count > 0)
            stopwatch_sleep(nap);
    }
    free(watched);
}
