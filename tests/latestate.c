/* latestate.c - when the ctime and block count of a file on latefs show
   SPDX-License-Identifier: GPL-3.0-or-later */

#include <pthread.h>
#include <time.h>

#include "latestate.h"

#define NS_PER_S 1000000000

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;  /* some file's state did, in a way that late_wait waits for */
    int64_t delay;
    bool after_fsync;
} common = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};

void late_configure(int64_t delay, bool after_fsync)
{
    common.delay = delay;
    common.after_fsync = after_fsync;
}

static int64_t to_ns(const struct timespec *time)
{
    return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

static struct timespec to_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* The clock that ctimes are read from. */
static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return to_ns(&time);
}

static int64_t real_ctime(const struct late *late, const struct stat *real)
{
    int64_t ctime = to_ns(&real->st_ctim);

    return ctime < late->floor ? late->floor : ctime;
}

/* Nothing runs at the late moment: that it has passed is noticed by whoever comes next. */
static void notice(struct late *late)
{
    if (late->pending && late->writers == 0 && now() >= late->due) {
        late->pending = false;
        late->floor = late->due;
    }
}

static void lock(struct late *late)
{
    pthread_mutex_lock(&common.mutex);
    notice(late);
}

static void unlock(void)
{
    pthread_mutex_unlock(&common.mutex);
}

void late_opened(struct late *late)
{
    lock(late);
    late->writers++;
    unlock();
}

void late_released(struct late *late)
{
    lock(late);
    late->writers--;
    late->due = now() + common.delay;
    pthread_cond_broadcast(&common.changed);
    unlock();
}

void late_write(struct late *late, const struct stat *real)
{
    lock(late);
    if (!late->pending) {
        late->pending = true;
        late->ctime = real_ctime(late, real);
        late->blocks = real->st_blocks;
    }
    unlock();
}

void late_synced(struct late *late, const struct stat *real)
{
    lock(late);
    if (common.after_fsync) {
        late->ctime = real_ctime(late, real);
        late->blocks = real->st_blocks;
    } else {
        late->pending = false;
        pthread_cond_broadcast(&common.changed);
    }
    unlock();
}

void late_touched(struct late *late, const struct stat *real)
{
    lock(late);
    late->ctime = real_ctime(late, real);
    if (late->blocks > real->st_blocks)  /* a truncation */
        late->blocks = real->st_blocks;
    unlock();
}

void late_show(struct late *late, struct stat *st)
{
    lock(late);
    st->st_ctim = to_timespec(late->pending ? late->ctime : real_ctime(late, st));
    if (late->pending)
        st->st_blocks = late->blocks;
    unlock();
}

void late_wait(struct late *late)
{
    lock(late);

    const int64_t patience = now() + common.delay;
    while (late->pending && (late->writers == 0 || now() < patience)) {
        const struct timespec until = to_timespec(late->writers == 0 ? late->due : patience);

        pthread_cond_timedwait(&common.changed, &common.mutex, &until);
        notice(late);
    }
    unlock();
}

bool late_is_over(struct late *late, const struct stat *real)
{
    bool over;

    lock(late);
    over = !late->pending && late->writers == 0 && to_ns(&real->st_ctim) >= late->floor;
    unlock();
    return over;
}
