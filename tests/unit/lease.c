/* lease.c - tests of the question whether somebody writes
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake.h"
#include "lease.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static int setup(void **state)
{
    (void)state;
    fake_start(FAKE_EXT4);
    fake_file("a");
    return 0;
}

static void test_answers(void **state)
{
    static const struct {
        int error;
        enum lease_answer answer;
    } cases[] = {
        {EAGAIN, LEASE_SOMEBODY_WRITES}, {EACCES, LEASE_CANT_TELL}, {EPERM, LEASE_CANT_TELL},
        {EINVAL, LEASE_CANT_TELL},       {ENOSYS, LEASE_CANT_TELL}, {EBADF, LEASE_CANT_TELL},
        {ENOMEM, LEASE_CANT_TELL},       {EBUSY, LEASE_CANT_TELL},  {ENOLCK, LEASE_CANT_TELL},
        {EOPNOTSUPP, LEASE_CANT_TELL},   {EIO, LEASE_CANT_TELL},
    };
    int fd = sys.open("a", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        fake.steps = 0;
        fake_fail("lease", "a", cases[i].error, 1);
        assert_int_equal(lease_ask(fd), cases[i].answer);
        assert_string_equal(fake_calls("lease unlease"), "lease a");
        fake.faults = 0;
    }
    sys.close(fd);
}

/* It is held for an instant only. */
static void test_given_back(void **state)
{
    int fd = sys.open("a", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    (void)state;
    fake_fail("lease", "a", EINTR, 2);
    assert_int_equal(lease_ask(fd), LEASE_NONE_WRITES);
    assert_string_equal(fake_calls("lease unlease"), "lease a, lease a, lease a, unlease a");
    sys.close(fd);
}

static void test_sight(void **state)
{
    static const struct {
        unsigned long magic;
        enum lease_sight sight;
    } cases[] = {
        {0xef53, LEASE_SEES_ALL},           {0x58465342, LEASE_SEES_ALL},
        {0x9123683e, LEASE_SEES_ALL},       {0xf2f52010, LEASE_SEES_ALL},
        {0x01021994, LEASE_SEES_ALL},       {0x6969, LEASE_SEES_NOTHING},
        {0x01021997, LEASE_SEES_NOTHING},   {FAKE_OVERLAYFS, LEASE_SEES_DESCRIPTORS},
        {FAKE_FUSE, LEASE_SEES_DESCRIPTORS}, {0, LEASE_SEES_DESCRIPTORS},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++)
        assert_int_equal(lease_sight(cases[i].magic), cases[i].sight);
}

static struct sys real;

/* A real file in the current directory, gone but for its descriptors. */
static int real_setup(void **state)
{
    (void)state;
    sys = real;
    return 0;
}

/* What the kernel says of a file that this process has open for writing. */
static void test_real_lease(void **state)
{
    char name[] = "lease.XXXXXX";
    int writing = mkstemp(name), reading = open(name, O_RDONLY | O_CLOEXEC);
    enum lease_answer held = lease_ask(reading), free;

    (void)state;
    unlink(name);
    close(writing);
    free = lease_ask(reading);
    close(reading);
    if (held == LEASE_CANT_TELL) {
        print_message("no leases on the file system of the current directory\n");
        skip();
    }
    assert_int_equal(held, LEASE_SOMEBODY_WRITES);
    assert_int_equal(free, LEASE_NONE_WRITES);
}

static volatile sig_atomic_t signals;

static void count(int number)
{
    (void)number;
    signals++;
}

/* SIGIO would kill make: whoever opens a file while its lease is held causes SIGURG instead, which is
   ignored by default. */
static void test_signal(void **state)
{
    char name[] = "lease.XXXXXX";
    int writing = mkstemp(name), reading = open(name, O_RDONLY | O_CLOEXEC), error;
    struct sigaction action = {.sa_handler = count}, before;

    (void)state;
    close(writing);
    assert_int_equal(sigaction(SIGURG, &action, &before), 0);
    error = sys.lease(reading, F_RDLCK) < 0 ? errno : 0;
    writing = error ? -1 : open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(writing, -1);
    unlink(name);
    close(reading);
    sigaction(SIGURG, &before, NULL);
    if (error) {
        print_message("no leases on the file system of the current directory: %s\n",
                      strerror(error));
        skip();
    }
    assert_int_equal(signals, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_answers, setup),
        cmocka_unit_test_setup(test_given_back, setup),
        cmocka_unit_test_setup(test_sight, setup),
        cmocka_unit_test_setup(test_real_lease, real_setup),
        cmocka_unit_test_setup(test_signal, real_setup),
    };

    real = sys;
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
