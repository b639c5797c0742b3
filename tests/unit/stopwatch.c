/* stopwatch.c - tests of the time that passes
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <math.h>
#include <time.h>

#include "stopwatch.h"
#include "sys.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static struct timespec now, slept;
static int clock_error;

static int fake_clock(struct timespec *time)
{
    if (clock_error) {
        errno = clock_error;
        return -1;
    }
    *time = now;
    return 0;
}

static int fake_sleep(const struct timespec *duration)
{
    slept = *duration;
    errno = EINTR;
    return -1;
}

static struct sys real;

static int setup(void **state)
{
    (void)state;
    sys = real;
    sys.clock = fake_clock;
    sys.sleep = fake_sleep;
    clock_error = 0;
    return 0;
}

static void test_seconds(void **state)
{
    static const struct {
        struct timespec start, end;
        double seconds;
    } cases[] = {
        {{100, 0}, {100, 0}, 0},
        {{100, 0}, {103, 500000000}, 3.5},
        {{100, 750000000}, {101, 250000000}, 0.5},
        {{100, 999999999}, {101, 0}, 1e-9},
        {{0, 0}, {1000000000, 1000000}, 1e9 + 1e-3},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct stopwatch watch;

        now = cases[i].start;
        watch = stopwatch_start();
        now = cases[i].end;
        assert_true(fabs(stopwatch_read(&watch) - cases[i].seconds) < 1e-12);
        assert_true(fabs((double)stopwatch_seconds(&watch) - cases[i].seconds) <=
                    1e-7 * cases[i].seconds);
    }
}

/* It must not look as if no time had passed: a wait would never end. */
static void test_failing_clock(void **state)
{
    struct stopwatch watch;

    (void)state;
    clock_error = EPERM;
    watch = stopwatch_start();
    clock_error = 0;
    errno = 0;
    assert_true(isnan(stopwatch_read(&watch)));
    assert_int_equal(errno, EPERM);
    assert_true(stopwatch_seconds(&watch) == 0);
    watch = stopwatch_start();
    clock_error = EINVAL;
    assert_true(isnan(stopwatch_read(&watch)));
    assert_int_equal(errno, EINVAL);
    assert_true(stopwatch_seconds(&watch) == 0);
    clock_error = 0;
    assert_true(stopwatch_read(&watch) == 0);
}

static void test_sleep(void **state)
{
    static const struct {
        double seconds;
        struct timespec duration;
    } cases[] = {
        {0, {0, 0}}, {0.25, {0, 250000000}}, {1, {1, 0}}, {2.5, {2, 500000000}}, {1e7, {10000000, 0}},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        stopwatch_sleep(cases[i].seconds);
        assert_int_equal(slept.tv_sec, cases[i].duration.tv_sec);
        assert_int_equal(slept.tv_nsec, cases[i].duration.tv_nsec);
    }
    stopwatch_sleep(0.999999999999);
    assert_int_equal(slept.tv_sec, 0);
    assert_in_range(slept.tv_nsec, 999999998, 999999999);
}

/* The real clock goes on, and on only. */
static void test_real_clock(void **state)
{
    struct stopwatch watch;
    double before = 0;

    (void)state;
    sys = real;
    watch = stopwatch_start();
    for (int i = 0; i < 1000; i++) {
        double seconds = stopwatch_read(&watch);

        assert_true(seconds >= before);
        before = seconds;
    }
    stopwatch_sleep(0.01);
    assert_true(stopwatch_read(&watch) >= before + 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_seconds, setup),
        cmocka_unit_test_setup(test_failing_clock, setup),
        cmocka_unit_test_setup(test_sleep, setup),
        cmocka_unit_test_setup(test_real_clock, setup),
    };

    real = sys;
    return cmocka_run_group_tests_name("stopwatch", tests, NULL, NULL);
}
