/* commit.c - tests of the engine on btrfs, where one commit does for many files
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "settle.h"

#define MANY ((size_t)20)

static char names[MANY * 6 + 64];

/* 20 files in d, beside much that is dirty. */
static int setup_many(void **state)
{
    setup(state);
    many_files(MANY);
    name_many(names, MANY);
    fake.magic = FAKE_BTRFS;
    fake.dirty_in_fs = fake.dirty_in_all = UINT64_MAX;
    return 0;
}

static void test_one_commit(void **state)
{
    (void)state;
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("start"), MANY);
    assert_int_equal(count_steps("fiemap"), MANY);
    assert_int_equal(count_steps("commit"), 1);
    assert_int_equal(count_steps("fsync"), 0);  /* the directory is in the commit */
    assert_string_equal(fake.step[fake.steps - 3].verb, "commit");  /* after all of it, then a look, and close */
}

/* The file's own failure, which no commit mends. */
static void test_failure_of_one_file(void **state)
{
    (void)state;
    fake_fail("fiemap", "d/007", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at fsync (Input/output error), d/008 settled"));
    assert_int_equal(count_steps("commit"), 1);
}

/* An error that FIEMAP has told somebody else of. */
static void test_error_of_before(void **state)
{
    (void)state;
    fake_fail("ask", "d/007", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at fsync (Input/output error), d/008 settled"));
    assert_int_equal(count_steps("commit"), 1);
}

/* A file that has no such call is fsynced. */
static void test_no_fiemap(void **state)
{
    (void)state;
    fake_fail("fiemap", "d/007", EOPNOTSUPP, 1);
    assert_int_equal(settle_many(names, 0), MANY);
    assert_string_equal(fake_calls("fsync"), "fsync d/007");
}

/* Each file is asked by fsync then, and the directory. */
static void test_failing_commit(void **state)
{
    (void)state;
    fake_fail("commit", "d/000", EIO, 1);
    fake_fail("fsync", "d/007", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at fsync (Input/output error), d/008 settled"));
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* What comes after the commit is fsynced. */
static void test_held_file(void **state)
{
    (void)state;
    fake.written[fake_find("/w/d/005") - fake.entry] = true;
    fake.let_go_at = 5;
    assert_int_equal(settle_many(names, 0), MANY);
    assert_string_equal(fake_calls("commit fsync"), "commit d/000, fsync d/005");
}

/* Before Linux 6.1, FIEMAP left something of a file undone. */
static void test_older_kernel(void **state)
{
    (void)state;
    fake.kernel = "6.0.19";
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("fiemap") + count_steps("commit"), 0);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

static void test_a_few(void **state)
{
    (void)state;
    assert_int_equal(settle(MODE_FSYNC, "d/000 d/001"), 0);
    assert_string_equal(fake_calls("start fiemap commit fsync"), "fsync d/000, fsync d/001, fsync d");
}

int main(void)
{
#define MANY_TEST(function) cmocka_unit_test_setup_teardown(function, setup_many, teardown)
    const struct CMUnitTest tests[] = {
        MANY_TEST(test_one_commit),
        MANY_TEST(test_failure_of_one_file),
        MANY_TEST(test_error_of_before),
        MANY_TEST(test_no_fiemap),
        MANY_TEST(test_failing_commit), MANY_TEST(test_held_file),         MANY_TEST(test_older_kernel),
        MANY_TEST(test_a_few),
    };

    return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
