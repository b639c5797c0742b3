/* pool.c - tests of the threads
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "pool.h"

#define MANY 1000
#define SIZE(array) (sizeof(array) / sizeof *(array))

/* So many threads can be had. */
static unsigned may_start;

/* In place of the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (may_start == 0)
        return EAGAIN;
    may_start--;
    return real(thread, attributes, run, argument);
}

static struct {
    atomic_uint times[MANY];     /* each index was worked on */
    atomic_uint running, most;   /* at a time */
    atomic_uint ticks;
    atomic_uint by_caller;       /* done by the calling thread, ... */
    atomic_uint not_blocked;     /* ... by others that don't block all signals */
    pthread_t caller;
} seen;

static int setup(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    seen.caller = pthread_self();
    may_start = MANY;
    return 0;
}

static void work(void *context, size_t index)
{
    unsigned running, most = atomic_load(&seen.most);

    assert_ptr_equal(context, &seen);
    running = atomic_fetch_add(&seen.running, 1) + 1;
    while (running > most && !atomic_compare_exchange_weak(&seen.most, &most, running))
        ;
    if (pthread_equal(pthread_self(), seen.caller))
        atomic_fetch_add(&seen.by_caller, 1);
    else {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGURG, SIGIO, SIGUSR1, SIGALRM};
        sigset_t blocked;

        pthread_sigmask(SIG_BLOCK, NULL, &blocked);
        for (size_t i = 0; i < SIZE(signals); i++)
            if (!sigismember(&blocked, signals[i]))
                atomic_fetch_add(&seen.not_blocked, 1);
    }
    atomic_fetch_add(&seen.times[index], 1);
    atomic_fetch_sub(&seen.running, 1);
}

static void tick(void *context)
{
    assert_ptr_equal(context, &seen);
    assert_true(pthread_equal(pthread_self(), seen.caller));
    atomic_fetch_add(&seen.ticks, 1);
}

/* Each index below COUNT was worked on once, and it is all over. */
static void check_each_once(size_t count)
{
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(atomic_load(&seen.times[i]), i < count);
    assert_int_equal(atomic_load(&seen.running), 0);
    assert_int_equal(atomic_load(&seen.not_blocked), 0);
}

static void test_each_once(void **state)
{
    static const unsigned threads[] = {0, 1, 2, 3, 8, 32, 64, 1000};
    static const size_t counts[] = {0, 1, 2, 31, 32, 33, MANY};

    for (size_t i = 0; i < SIZE(threads); i++)
        for (size_t j = 0; j < SIZE(counts); j++)
            for (int with_tick = 0; with_tick <= 1; with_tick++) {
                setup(state);
                pool_run(threads[i], counts[j], work, with_tick ? tick : NULL, &seen);
                check_each_once(counts[j]);
                assert_in_range(atomic_load(&seen.most), counts[j] > 0,
                                threads[i] == 0 ? 1 : threads[i] > 64 ? 64 : threads[i]);
                if (with_tick)
                    assert_int_equal(atomic_load(&seen.by_caller), 0);
            }
}

static void test_without_threads(void **state)
{
    (void)state;
    may_start = 0;
    pool_run(1, 100, work, NULL, &seen);
    check_each_once(100);
    assert_int_equal(atomic_load(&seen.by_caller), 100);
}

/* Where none can be had, or not as many, the work is done all the same. */
static void test_threads_run_out(void **state)
{
    static const unsigned limits[] = {0, 1, 5};

    for (size_t i = 0; i < SIZE(limits); i++)
        for (int with_tick = 0; with_tick <= 1; with_tick++) {
            setup(state);
            may_start = limits[i];
            pool_run(32, MANY, work, with_tick ? tick : NULL, &seen);
            check_each_once(MANY);
            if (limits[i] == 0)
                assert_int_equal(atomic_load(&seen.by_caller), MANY);
            assert_in_range(atomic_load(&seen.most), 1, limits[i] + 1);
            assert_int_equal(may_start, 0);
        }
}

/* Works until it was ticked twice, at the most for ten seconds. */
static void wait_for_ticks(void *context, size_t index)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    for (int i = 0; i < 10000 && atomic_load(&seen.ticks) < 2; i++)
        nanosleep(&nap, NULL);
    work(context, index);
}

static void test_ticks(void **state)
{
    (void)state;
    pool_run(2, 2, wait_for_ticks, tick, &seen);
    check_each_once(2);
    assert_in_range(atomic_load(&seen.ticks), 2, 1000);
    assert_int_equal(atomic_load(&seen.by_caller), 0);
}

static volatile sig_atomic_t handled_by_caller, handled_by_others;

static void handle(int number)
{
    (void)number;
    if (pthread_equal(pthread_self(), seen.caller))
        handled_by_caller++;
    else
        handled_by_others++;
}

static void signal_us(void *context, size_t index)
{
    kill(getpid(), SIGUSR1);
    work(context, index);
}

/* A signal to the process is the calling thread's, whose handler runs while it waits; and its mask is what
   it was. */
static void test_signals(void **state)
{
    struct sigaction action = {.sa_handler = handle}, before;
    sigset_t mask, after;

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    pool_run(8, 100, signal_us, tick, &seen);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
    sigaction(SIGUSR1, &before, NULL);
    check_each_once(100);
    assert_in_range(handled_by_caller, 1, 100);
    assert_int_equal(handled_by_others, 0);
    assert_true(sigismember(&after, SIGWINCH));
    assert_false(sigismember(&after, SIGUSR1));
    assert_false(sigismember(&after, SIGINT));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_each_once), TEST(test_without_threads), TEST(test_threads_run_out),
        TEST(test_ticks),     TEST(test_signals),
    };

    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
