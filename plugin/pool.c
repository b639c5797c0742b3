/* pool.c - the same work on many things, from several threads at once
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "pool.h"

/* What a thread's work needs is little: paths are on the heap, but for one part of a long one. */
#define STACK (256L * 1024)
#define TICK_NANOSECONDS 100000000L
#define MOST_THREADS 64

struct pool {
    size_t count;
    void (*work)(void *context, size_t index);
    void *context;
    atomic_size_t next;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    unsigned running;  /* under the mutex */
};

static void work_off(struct pool *pool)
{
    size_t index;

    while ((index = atomic_fetch_add(&pool->next, 1)) < pool->count)
        pool->work(pool->context, index);
}

static void *run_thread(void *argument)
{
    struct pool *pool = argument;

    work_off(pool);
    pthread_mutex_lock(&pool->mutex);
    pool->running--;
    pthread_cond_signal(&pool->ended);
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

int pool_thread(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error = pthread_attr_init(&attributes);

    if (error != 0)
        return error;
    pthread_attr_setstacksize(&attributes, (size_t)(STACK > PTHREAD_STACK_MIN ? STACK : PTHREAD_STACK_MIN));
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    error = pthread_create(thread, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

/* Starts up to COUNT threads.  Returns how many there are. */
static unsigned start(struct pool *pool, pthread_t *thread, unsigned count)
{
    unsigned started = 0;

    pthread_mutex_lock(&pool->mutex);
    while (started < count && pool_thread(&thread[started], run_thread, pool) == 0)
        started++;
    pool->running = started;
    pthread_mutex_unlock(&pool->mutex);
    return started;
}

struct timespec pool_deadline(clockid_t clock, long nanoseconds)
{
    struct timespec time;

    clock_gettime(clock, &time);
    time.tv_sec += nanoseconds / 1000000000L;
    time.tv_nsec += nanoseconds % 1000000000L;
    if (time.tv_nsec >= 1000000000L) {
        time.tv_nsec -= 1000000000L;
        time.tv_sec++;
    }
    return time;
}

/* Until all threads have ended. */
static void tick_meanwhile(struct pool *pool, void (*tick)(void *context))
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->running > 0) {
        const struct timespec until = pool_deadline(CLOCK_REALTIME, TICK_NANOSECONDS);

        pthread_cond_timedwait(&pool->ended, &pool->mutex, &until);
        pthread_mutex_unlock(&pool->mutex);
        tick(pool->context);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

void pool_run(unsigned threads, size_t count, void (*work)(void *context, size_t index),
              void (*tick)(void *context), void *context)
{
    struct pool pool = {.count = count,
                        .work = work,
                        .context = context,
                        .mutex = PTHREAD_MUTEX_INITIALIZER,
                        .ended = PTHREAD_COND_INITIALIZER};
    pthread_t thread[MOST_THREADS];
    unsigned started;

    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    if (threads > count)
        threads = (unsigned)count;
    if (tick && threads == 0)
        threads = count > 0;
    else if (!tick && threads > 0)
        threads--;  /* this one works, too */
    started = threads > 0 ? start(&pool, thread, threads) : 0;
    if (tick && started > 0)
        tick_meanwhile(&pool, tick);
    work_off(&pool);
    for (unsigned i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    pthread_cond_destroy(&pool.ended);
    pthread_mutex_destroy(&pool.mutex);
}
