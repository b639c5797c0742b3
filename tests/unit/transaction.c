/* transaction.c - tests of the commit of a btrfs, without one
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#ifdef HAVE_LINUX_BTRFS_H
#include <linux/btrfs.h>
#endif

#include "transaction.h"

#ifdef HAVE_LINUX_BTRFS_H

#define FD 77
#define MOST 64  /* requests */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    unsigned lost;   /* so many requests are not answered before there is one more */
    int error;       /* of each */
    unsigned starts;
    unsigned waits;
    uint64_t waited_for;
    bool no_thread;  /* can be had */
} kernel = {.mutex = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};

static int start_sync(uint64_t *transaction)
{
    pthread_mutex_lock(&kernel.mutex);
    *transaction = 40 + ++kernel.starts;
    pthread_cond_broadcast(&kernel.woken);
    while (kernel.starts <= kernel.lost)
        pthread_cond_wait(&kernel.woken, &kernel.mutex);
    pthread_mutex_unlock(&kernel.mutex);
    errno = kernel.error;
    return kernel.error ? -1 : 0;
}

/* In place of the C library's. */
int ioctl(int fd, unsigned long request, ...)
{
    uint64_t *transaction;
    va_list arguments;

    va_start(arguments, request);
    transaction = va_arg(arguments, uint64_t *);
    va_end(arguments);
    assert_int_equal(fd, FD);
    if (request == BTRFS_IOC_START_SYNC)
        return start_sync(transaction);
    assert_true(request == BTRFS_IOC_WAIT_SYNC);
    kernel.waits++;
    kernel.waited_for = *transaction;
    return 0;
}

/* In place of the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return kernel.no_thread ? EAGAIN : real(thread, attributes, run, argument);
}

static int setup(void **state)
{
    (void)state;
    kernel.lost = kernel.starts = kernel.waits = 0;
    kernel.error = 0;
    kernel.no_thread = false;
    return 0;
}

/* On a machine that stands still for long enough there are more requests than needed. */
static void check_requests(unsigned needed)
{
    assert_in_range(kernel.starts, needed, MOST);
}

static void test_one_request(void **state)
{
    (void)state;
    assert_int_equal(transaction_commit(FD), 0);
    check_requests(1);
    assert_int_equal(kernel.waits, 1);
    assert_in_range(kernel.waited_for, 41, 40 + MOST);
}

/* Each would wait for the file system's next regular commit, and this test for ever. */
static void test_lost_requests(void **state)
{
    (void)state;
    for (kernel.lost = 1; kernel.lost <= 3; kernel.lost++) {
        kernel.starts = kernel.waits = 0;
        assert_int_equal(transaction_commit(FD), 0);
        check_requests(kernel.lost + 1);
        assert_int_equal(kernel.waits, 1);
        assert_in_range(kernel.waited_for, 41, 40 + MOST);
    }
}

/* One thread could not ask a second time: the caller goes another way. */
static void test_no_thread(void **state)
{
    (void)state;
    kernel.no_thread = true;
    assert_int_equal(transaction_commit(FD), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(kernel.starts, 0);
    assert_int_equal(kernel.waits, 0);
}

static void test_failure(void **state)
{
    (void)state;
    kernel.error = EROFS;
    assert_int_equal(transaction_commit(FD), -1);
    assert_int_equal(errno, EROFS);
    check_requests(1);
    assert_int_equal(kernel.waits, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_request, setup),
        cmocka_unit_test_setup(test_lost_requests, setup),
        cmocka_unit_test_setup(test_no_thread, setup),
        cmocka_unit_test_setup(test_failure, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_no_btrfs(void **state)
{
    (void)state;
    assert_int_equal(transaction_commit(-1), -1);
    assert_int_equal(errno, ENOSYS);
    print_message("the rest needs linux/btrfs.h (Debian package: linux-libc-dev)\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_btrfs)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
