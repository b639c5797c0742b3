/* failures.c - tests of the engine where calls fail: what is tried again, what is told
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "settle.h"

static void test_write_only_file(void **state)
{
    (void)state;
    fake_add("secret", S_IFREG | 0200);
    check(MODE_FSYNC, "secret", 0, "secret settled");
    assert_string_equal(fake_calls(OPENS), "open secret, openw secret, open .");
    assert_string_equal(fake_calls(SYNCS), "fsync secret, fsync .");
}

/* What opening for reading said tells more than what opening for writing says after it. */
static void test_no_access(void **state)
{
    (void)state;
    fake_add("closed", S_IFREG | 0000);
    fake_add("busy", S_IFREG | 0200);
    fake_fail("openw", "busy", ETXTBSY, FAKE_EVER);
    check(MODE_FSYNC, "closed busy", 1,
          "closed failed at open (Permission denied), busy failed at open (Permission denied)");
    assert_string_equal(fake_calls(OPENS),
                        "open closed, openw closed, open busy, openw busy, open .");
    assert_string_equal(fake_calls("start"), "");
}

/* Each call that a signal may interrupt is made again until it gets through. */
static void test_interrupted(void **state)
{
    static const struct {
        const char *verb;
        const char *path;
        enum settle_mode mode;
        unsigned long magic;
    } cases[] = {
        {"open", "d/a", MODE_FSYNC, FAKE_EXT4},
        {"openw", "d/w", MODE_FSYNC, FAKE_EXT4},
        {"start", "d/a", MODE_FSYNC, FAKE_EXT4},
        {"fsync", "d/a", MODE_FSYNC, FAKE_EXT4},
        {"open", "d", MODE_FSYNC, FAKE_EXT4},
        {"fsync", "d", MODE_FSYNC, FAKE_EXT4},
        {"start", "d/a", MODE_WRITEBACK, FAKE_EXT4},
        {"wait", "d/a", MODE_WRITEBACK, FAKE_EXT4},
        {"fdatasync", "d/a", MODE_WRITEBACK, FAKE_FUSE},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        char expected[128];

        setup(NULL);
        fake.magic = cases[i].magic;
        fake_file("d/a");
        fake_add("d/w", S_IFREG | 0200);
        fake_fail(cases[i].verb, cases[i].path, EINTR, 2);
        check(cases[i].mode, "d/a d/w", 0, "d/a settled, d/w settled");
        snprintf(expected, sizeof expected, "%s %s, %s %s, %s %s", cases[i].verb, cases[i].path,
                 cases[i].verb, cases[i].path, cases[i].verb, cases[i].path);
        assert_non_null(strstr(fake_calls(cases[i].verb), expected));
        assert_int_equal(fake.open, 0);
    }
}

/* close(2) is the exception: on Linux the descriptor is gone, and may be somebody else's by now. */
static void test_interrupted_close(void **state)
{
    (void)state;
    failing_file("a", "close", EINTR, FAKE_EVER);
    check(MODE_FSYNC, "a", 0, "a settled");
    assert_string_equal(fake_calls("close"), "close a, close .");
}

/* The kernel tells of lost pages once: the second try would succeed. */
static void test_failure_is_not_tried_again(void **state)
{
    (void)state;
    failing_file("a", "fsync", EIO, 1);
    check(MODE_FSYNC, "a", 1, "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls(SYNCS), "fsync a, fsync .");

    failing_file("b", "wait", ENOSPC, 1);
    check(MODE_WRITEBACK, "b", 1, "b failed at writeback (No space left on device)");
    assert_string_equal(fake_calls(SYNCS), "start b, wait b");

    fake.magic = FAKE_FUSE;
    failing_file("c", "fdatasync", EDQUOT, 1);
    check(MODE_WRITEBACK, "c", 1, "c failed at writeback (Disk quota exceeded)");
    assert_string_equal(fake_calls(SYNCS), "start c, fdatasync c");

    fake_fail("fsync", "d", EIO, 1);
    check(MODE_FSYNC, "d", 1, "d/ failed at fsync (Input/output error)");
    assert_string_equal(fake_calls(SYNCS), "fsync d, fsync .");
}

/* The start reports an error that the fsync after it would not see any more. */
static void test_failing_start(void **state)
{
    (void)state;
    failing_file("a", "start", EIO, 1);
    fake_file("b");
    check(MODE_FSYNC, "a b", 1, "a failed at writeback (Input/output error), b settled");
    assert_true(outcome_lost(&told.outcome[0]));
    assert_false(outcome_lost(&told.outcome[1]));
    assert_string_equal(fake_calls(SYNCS), "start a, start b, fsync b, fsync .");
    assert_string_equal(fake_calls("close"), "close a, close b, close .");
}

static void test_descriptors_run_out(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM};

    (void)state;
    fake_file("a");
    fake_file("b");
    for (size_t i = 0; i < SIZE(errors); i++) {
        fake_fail("open", "b", errors[i], 1);
        check(MODE_FSYNC, "a b", 0, "a settled, b settled");
        assert_string_equal(fake_calls(SYNCS), "start a, fsync a, fsync b, fsync .");
    }
    fake_fail("open", "b", EMFILE, FAKE_EVER);
    check(MODE_FSYNC, "a b", 1, "a settled, b failed at open (Too many open files)");
}

/* What our own threads have taken is there again once they are gone. */
static void test_memory_runs_out_for_threads(void **state)
{
    char names[20 * 6 + 1];

    (void)state;
    many_files(20);
    name_many(names, 20);
    fake_fail("open", "d/007", ENOMEM, 2);
    fake_fail("open", "d", ENOMEM, 1);
    assert_int_equal(settle(MODE_FSYNC, names), 0);
    assert_int_equal(told.count, 20);
    assert_int_equal(count_steps("fsync"), 21);
    assert_int_equal(fake.fired, 3);
    fake_fail("open", "d/007", ENOMEM, FAKE_EVER);
    assert_int_equal(settle(MODE_FSYNC, names), 1);
    assert_non_null(strstr(told.text, "d/007 failed at open (Cannot allocate memory), d/008 settled"));
}

static void test_failing_close(void **state)
{
    (void)state;
    failing_file("a", "close", EIO, 1);
    check(MODE_FSYNC, "a", 1, "a failed at close (Input/output error)");
    failing_file("b", "close", ENOSPC, 1);
    check(MODE_WRITEBACK, "b", 1, "b failed at close (No space left on device)");
}

static void test_first_failure_stands(void **state)
{
    (void)state;
    failing_file("a", "fsync", EIO, 1);
    fake_fail("fstat", "a", ESTALE, 1);
    fake_fail("close", "a", ENOSPC, 1);
    check(MODE_FSYNC, "a", 1, "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls("close"), "close a, close .");
}

/* Some file systems have no fsync for a directory; that much is documented, all else is final. */
static void test_directory_without_fsync(void **state)
{
    static const int ignored[] = {EINVAL, EBADF};
    static const int final[] = {EIO, ENOSPC, EROFS, EDQUOT};

    (void)state;
    fake_file("d/a");
    for (size_t i = 0; i < SIZE(ignored); i++) {
        fake_fail("fsync", "d", ignored[i], 1);
        check(MODE_FSYNC, "d/a", 0, "d/a settled");
        assert_string_equal(fake_calls("fsync"), "fsync d/a, fsync d");
        check(MODE_FSYNC, "d/a", 0, "d/a settled");
    }
    for (size_t i = 0; i < SIZE(final); i++) {
        char expected[128];

        fake.faults = 0;
        fake_fail("fsync", "d", final[i], 1);
        snprintf(expected, sizeof expected, "d/a settled, d/ failed at fsync (%s)",
                 strerror(final[i]));
        check(MODE_FSYNC, "d/a", 1, expected);
        assert_false(outcome_lost(&told.outcome[1]));
    }
}

/* One outcome for each name in the order given, then the directories that nobody named. */
static void test_order_of_outcomes(void **state)
{
    (void)state;
    fake_dir("e");
    fake_file("d/a");
    fake_file("e/b");
    fake_fail("fsync", "d", EIO, 1);
    fake_fail("fsync", "e", ENOSPC, 1);
    fake_fail("open", ".", EMFILE, 1);
    fake_fail("fsync", "d/a", EROFS, 1);
    check(MODE_FSYNC, "e/b none e d/a", 1,
          "e/b settled, none failed at find (No such file or directory), "
          "e/ failed at fsync (No space left on device), "
          "d/a failed at fsync (Read-only file system), "
          "./ failed at open (Too many open files), d/ failed at fsync (Input/output error)");
}

static void test_failing_directory_named_twice(void **state)
{
    (void)state;
    fake_fail("fsync", "d", EIO, 1);
    check(MODE_FSYNC, "d ./d", 1,
          "d/ failed at fsync (Input/output error), ./d/ failed at fsync (Input/output error)");
}

static void test_outcome_lost(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS, EBADF, EINVAL, ENOMEM, ENOENT, EACCES};
    static const bool is_loss[] = {true, true, true};  /* the first three */

    (void)state;
    for (int step = STEP_FIND; step <= STEP_CLOSE; step++)
        for (size_t i = 0; i < SIZE(errors); i++) {
            struct outcome outcome = {.what = OUTCOME_FAILED,
                                      .step = (enum engine_step)step,
                                      .error = errors[i]};
            bool expected = i < SIZE(is_loss) && (step == STEP_WRITEBACK || step == STEP_FSYNC);

            assert_int_equal(outcome_lost(&outcome), expected);
            outcome.is_directory = true;
            assert_false(outcome_lost(&outcome));
            outcome.is_directory = false;
            outcome.what = OUTCOME_SETTLED;
            assert_false(outcome_lost(&outcome));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_write_only_file),
        TEST(test_no_access),
        TEST(test_interrupted),
        TEST(test_interrupted_close),
        TEST(test_failure_is_not_tried_again),
        TEST(test_failing_start),
        TEST(test_descriptors_run_out),
        TEST(test_memory_runs_out_for_threads),
        TEST(test_failing_close),
        TEST(test_first_failure_stands),
        TEST(test_directory_without_fsync),
        TEST(test_order_of_outcomes),
        TEST(test_failing_directory_named_twice),
        TEST(test_outcome_lost),
    };

    return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
