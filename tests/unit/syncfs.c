/* syncfs.c - tests of the engine where one syncfs does for a whole set
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "settle.h"

#define MANY ((size_t)130)

static char names[MANY * 6 + 64];

/* 130 files in d, and nothing else is dirty. */
static int setup_many(void **state)
{
    setup(state);
    many_files(MANY);
    name_many(names, MANY);
    return 0;
}

static void test_one_call(void **state)
{
    (void)state;
    assert_int_equal(settle_many(names, 0), MANY);
    /* it has the directory, too; the fsync tells whether it did anything */
    assert_string_equal(fake_calls("syncfs writable fsync"), "syncfs d/000, writable d/000, fsync d/000");
    assert_int_equal(count_steps("ask"), MANY);  /* for an error that the syncfs won't tell */
    assert_int_equal(count_steps("open"), MANY + 1);  /* and one for the syncfs */
    assert_int_equal(count_steps("lease"), MANY);
    assert_int_equal(count_steps("open"), count_steps("close"));
}

/* Each file is asked by fsync whether the error is its own, the directory as well. */
static void test_failure_of_one_file(void **state)
{
    (void)state;
    fake_fail("syncfs", "d/000", EIO, 1);
    fake_fail("fsync", "d/007", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at fsync (Input/output error), d/008 settled"));
    assert_int_equal(count_steps("syncfs"), 1);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

static void test_failure_of_the_directory(void **state)
{
    (void)state;
    fake_fail("syncfs", "d/000", ENOSPC, 1);
    fake_fail("fsync", "d", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY);
    assert_non_null(strstr(told.text, "d/129 settled, d/ failed at fsync (Input/output error)"));
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* Somebody else's syncfs was told of it before: this one says nothing. */
static void test_hidden_failure(void **state)
{
    (void)state;
    fake_fail("ask", "d/007", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at writeback (Input/output error), d/008 settled"));
    assert_int_equal(count_steps("fsync"), 1);
}

/* An error is told by the descriptor that was open before it: the one for syncfs is, when a file is asked. */
static void test_order(void **state)
{
    size_t opened = 0;

    (void)state;
    assert_int_equal(settle_many(names, 0), MANY);
    for (size_t i = 0; i < fake.steps && strcmp(fake.step[i].verb, "ask") != 0; i++)
        opened += strcmp(fake.step[i].verb, "open") == 0 && strcmp(fake.step[i].path, "d/000") == 0;
    assert_int_equal(opened, 2);  /* the other one is the file itself */
}

/* Linux before 5.8 has a syncfs that succeeds whatever happens: each file is asked after it. */
static void test_older_kernel(void **state)
{
    (void)state;
    fake.kernel = "5.7.19";
    fake_fail("wait", "d/007", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at fsync (Input/output error), d/008 settled"));
    assert_int_equal(count_steps("wait"), MANY);
    assert_int_equal(count_steps("ask"), 0);
}

/* It has succeeded without doing anything: each file is asked by fsync. */
static void test_read_only(void **state)
{
    (void)state;
    fake.is_read_only = true;
    fake_fail("fsync", "d/007", EROFS, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/007 failed at fsync (Read-only file system), d/008 settled"));
    assert_int_equal(count_steps("syncfs"), 1);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* The file whose descriptor was used has its own failure, and the others are asked. */
static void test_shut_down(void **state)
{
    (void)state;
    fake_fail("fsync", "d/000", EIO, 1);
    assert_int_equal(settle_many(names, 1), MANY - 1);
    assert_non_null(strstr(told.text, "d/000 failed at fsync (Input/output error), d/001 settled"));
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* What was opened for it may be on another file system. */
static void test_unknown_descriptor(void **state)
{
    (void)state;
    fake_fail_later("fstat", "d/000", EIO, 1, 0);
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("syncfs"), 0);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

static int (*open_before)(const char *path, int flags);

/* Somebody has put d/000 on another file system by then. */
static int open_replaced(const char *path, int flags)
{
    fake_find("/w/d/000")->st.st_dev = 2;
    return open_before(path, flags);
}

static void test_first_file_is_replaced(void **state)
{
    (void)state;
    open_before = sys.open;
    sys.open = open_replaced;
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("syncfs"), 0);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* It was some other file's. */
static void test_failure_of_none(void **state)
{
    (void)state;
    fake_fail("syncfs", "d/000", EIO, 1);
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

static void test_interrupted(void **state)
{
    (void)state;
    fake_fail("syncfs", "d/000", EINTR, 2);
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("syncfs"), 3);
    assert_int_equal(count_steps("fsync"), 1);
}

static void test_first_file_is_gone(void **state)
{
    (void)state;
    fake_fail_later("open", "d/000", ENOENT, FAKE_EVER, 1);  /* when syncfs wants it */
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("syncfs"), 0);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* Directories on other file systems are none of its. */
static void test_other_file_systems(void **state)
{
    (void)state;
    fake_add("e", S_IFDIR | 0755)->st.st_dev = 2;
    fake_add("e/x", S_IFREG | 0644)->st.st_dev = 2;
    snprintf(names + 6 * MANY, sizeof names - 6 * MANY, "e/x d");
    assert_int_equal(settle_many(names, 0), MANY + 2);
    assert_string_equal(fake_calls("syncfs fsync"), "syncfs d/000, fsync d/000, fsync e/x, fsync e");
}

/* Where others' data would be dragged along, it is not taken. */
static void test_much_else_is_dirty(void **state)
{
    (void)state;
    fake.dirty_in_all = 1 << 30;
    assert_int_equal(settle_many(names, 0), MANY);
    assert_int_equal(count_steps("syncfs"), 0);
    assert_int_equal(count_steps("start"), MANY);
    assert_int_equal(count_steps("fsync"), MANY + 1);
}

/* Who writes after the syncfs is waited for, and his file gets an fsync of its own. */
static void test_held_file(void **state)
{
    (void)state;
    fake.written[fake_find("/w/d/005") - fake.entry] = true;
    fake.let_go_at = 5;
    assert_int_equal(settle_many(names, 0), MANY);
    assert_string_equal(fake_calls("syncfs fsync"), "syncfs d/000, fsync d/000, fsync d/005");
    assert_true(fake.now >= 5 + FAKE_SYNC_TAKES);
}

/* More files than may be open at a time. */
static void test_descriptors(void **state)
{
    enum { FILES = 600 };
    static char text[FILES][8];
    char *name[FILES];

    setup(state);
    many_files(FILES);
    for (size_t i = 0; i < FILES; i++) {
        snprintf(text[i], sizeof *text, "d/%03zu", i);
        name[i] = text[i];
    }
    memset(&told, 0, sizeof told);
    assert_int_equal(engine_settle(&asked, name, FILES,
                                   &(struct engine_caller){.tell = tell, .context = &told}), 0);
    assert_int_equal(told.count, FILES);
    assert_string_equal(fake_calls("syncfs fsync"), "syncfs d/000, fsync d/000");
    assert_in_range(fake.peak, 1, 257);  /* and the one for syncfs */
}

int main(void)
{
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_many, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_one_call),
        TEST(test_failure_of_one_file),
        TEST(test_failure_of_the_directory),
        TEST(test_hidden_failure),
        TEST(test_order),
        TEST(test_older_kernel),
        TEST(test_read_only),
        TEST(test_shut_down),
        TEST(test_unknown_descriptor),
        TEST(test_first_file_is_replaced),
        TEST(test_failure_of_none),
        TEST(test_interrupted),
        TEST(test_first_file_is_gone),
        TEST(test_other_file_systems),
        TEST(test_much_else_is_dirty),
        TEST(test_held_file),
        TEST(test_descriptors),
    };

    return cmocka_run_group_tests_name("syncfs", tests, NULL, NULL);
}
