/* dirs.c - tests of the set of directories
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdlib.h>

#include "dirs.h"
#include "fake.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))
#define NONE ((size_t)-1)

static struct dirs dirs;

static int setup(void **state)
{
    (void)state;
    fake_start(FAKE_EXT4);
    fake_dir("d");
    fake_dir("d/sub");
    memset(&dirs, 0, sizeof dirs);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dirs_free(&dirs);
    return fake.open == 0 ? 0 : -1;
}

static void test_each_once(void **state)
{
    (void)state;
    fake_link("link", "d");
    assert_int_equal(dirs_add(&dirs, "d"), 0);
    assert_int_equal(dirs_add(&dirs, "."), 1);
    assert_int_equal(dirs_add(&dirs, "./d"), 0);
    assert_int_equal(dirs_add(&dirs, "/w"), 1);
    assert_int_equal(dirs_add(&dirs, "link"), 0);
    assert_int_equal(dirs_add(&dirs, "d/sub/.."), 0);
    assert_int_equal(dirs_add(&dirs, "d/sub"), 2);
    assert_int_equal(dirs.count, 3);
    assert_string_equal(dirs.dir[0].name, "d");
    assert_string_equal(dirs.dir[1].name, ".");
    assert_string_equal(dirs.dir[2].name, "d/sub");
}

/* The files of one directory come in a row, thousands of them. */
static void test_same_path_in_a_row(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(dirs_add(&dirs, "d"), 0);
    assert_string_equal(fake_calls("stat"), "stat d");
}

static void test_failing_add(void **state)
{
    (void)state;
    errno = 0;
    assert_int_equal(dirs_add(&dirs, "none"), NONE);
    assert_int_equal(errno, ENOENT);
    fake_fail("stat", "d", EACCES, 1);
    assert_int_equal(dirs_add(&dirs, "d"), NONE);
    assert_int_equal(errno, EACCES);
    assert_int_equal(dirs_add_parent(&dirs, "none/a", 0), NONE);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(dirs.count, 0);
}

static void test_many(void **state)
{
    enum { MANY = 100 };
    char path[32];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "d/%zu", i);
        fake_dir(path);
        assert_int_equal(dirs_add(&dirs, path), i);
    }
    assert_int_equal(dirs_add(&dirs, "d/0"), 0);
    assert_int_equal(dirs.count, MANY);
    assert_string_equal(dirs.dir[MANY - 1].name, "d/99");
}

/* The path of the parent is as short as the name allows: it is what a failure is told by. */
static void test_parents(void **state)
{
    static const struct {
        const char *path;
        int is_directory;
        const char *parent;
    } cases[] = {
        {"a", 0, "."},         {"./a", 0, "."},          {"d/a", 0, "d"},
        {"d//a", 0, "d/"},     {"/a", 0, "/"},           {"/w/a", 0, "/w"},
        {".hidden", 0, "."},   {"d", 1, "."},            {"d/", 1, "."},
        {"d//", 1, "."},       {"d/sub", 1, "d"},        {"d/sub/", 1, "d"},
        {".", 1, "./.."},      {"..", 1, "../.."},       {"/", 1, "//.."},
        {"/w", 1, "/"},        {"d/.", 1, "d/./.."},     {"d/sub/..", 1, "d/sub/../.."},
        {"d/./", 1, "d/./.."}, {"d/.hidden", 1, "d"},    {"d/..x", 1, "d"},
        {"...", 1, "."},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        assert_int_equal(dirs_add_parent(&dirs, cases[i].path, cases[i].is_directory), 0);
        assert_string_equal(dirs.dir[0].name, cases[i].parent);
        dirs_free(&dirs);
        memset(&dirs, 0, sizeof dirs);
    }
}

/* As if for the first time. */
static void sync_all(void)
{
    size_t *order = dirs_order(&dirs);

    assert_non_null(order);
    for (size_t i = 0; i < dirs.count; i++) {
        dirs.dir[order[i]].error = 0;
        dirs.dir[order[i]].is_synced = false;
        dirs_sync(&dirs, order[i]);
    }
    free(order);
}

static size_t add_entry(size_t parent, const char *name, const char *path)
{
    struct stat st;

    assert_int_equal(sys.lstat(path, &st), 0);
    return dirs_add_entry(&dirs, parent, name, &st);
}

/* What was found below a directory comes before it, the deepest first. */
static void test_order_of_a_tree(void **state)
{
    size_t sub;

    (void)state;
    fake_dir("d/x");
    fake_dir("d/sub/deep");
    assert_int_equal(dirs_add(&dirs, "d"), 0);
    assert_int_equal(dirs_add(&dirs, "."), 1);
    assert_int_equal(add_entry(0, "x", "d/x"), 2);
    sub = add_entry(0, "sub", "d/sub");
    assert_int_equal(add_entry(sub, "deep", "d/sub/deep"), 4);
    assert_int_equal(add_entry(sub, "deep", "d/sub/deep"), 4);
    sync_all();
    assert_string_equal(fake_calls("fsync"),
                        "fsync d/sub/deep, fsync d/sub, fsync d/x, fsync d, fsync .");
}

static void check_path(size_t index, const char *name, const char *expected)
{
    char *path = dirs_path(&dirs, index, name);

    assert_string_equal(path, expected);
    free(path);
}

static void test_paths_of_a_tree(void **state)
{
    (void)state;
    fake_dir("d/sub/deep");
    dirs_add(&dirs, "d");
    add_entry(0, "sub", "d/sub");
    add_entry(1, "deep", "d/sub/deep");
    check_path(0, NULL, "d");
    check_path(0, "file", "d/file");
    check_path(2, NULL, "d/sub/deep");
    check_path(2, "file", "d/sub/deep/file");
}

static void test_synced_once(void **state)
{
    (void)state;
    dirs_add(&dirs, "d");
    dirs_sync(&dirs, 0);
    dirs_sync(&dirs, 0);
    assert_string_equal(fake_calls("fsync"), "fsync d");
}

static void test_sync(void **state)
{
    (void)state;
    dirs_add(&dirs, "d");
    dirs_add(&dirs, ".");
    sync_all();
    assert_string_equal(fake_calls("open fsync close"),
                        "open d, fsync d, close d, open ., fsync ., close .");
    assert_int_equal(dirs.dir[0].error, 0);
    assert_int_equal(dirs.dir[1].error, 0);
}

static void test_failing_sync(void **state)
{
    static const struct {
        const char *verb;
        int error;
        int expected;
        const char *calls;
    } cases[] = {
        {"open", EACCES, EACCES, "open d, open ., fsync ., close ."},
        {"open", EINTR, 0, "open d, open d, fsync d, close d, open ., fsync ., close ."},
        {"fsync", EIO, EIO, "open d, fsync d, close d, open ., fsync ., close ."},
        {"fsync", EROFS, EROFS, "open d, fsync d, close d, open ., fsync ., close ."},
        {"fsync", EINTR, 0, "open d, fsync d, fsync d, close d, open ., fsync ., close ."},
        {"fsync", EINVAL, 0, "open d, fsync d, close d, open ., fsync ., close ."},
        {"fsync", EBADF, 0, "open d, fsync d, close d, open ., fsync ., close ."},
        {"close", EIO, 0, "open d, fsync d, close d, open ., fsync ., close ."},
    };

    (void)state;
    dirs_add(&dirs, "d");
    dirs_add(&dirs, ".");
    for (size_t i = 0; i < SIZE(cases); i++) {
        fake.steps = fake.faults = 0;
        fake_fail(cases[i].verb, "d", cases[i].error, 1);
        sync_all();
        assert_int_equal(dirs.dir[0].error, cases[i].expected);
        assert_int_equal(dirs.dir[1].error, 0);
        assert_string_equal(fake_calls("open fsync close"), cases[i].calls);
    }
}

/* What was found in a tree may vanish; what was named may not, whichever came first. */
static void test_vanished(void **state)
{
    (void)state;
    fake_dir("d/x");
    fake_dir("d/y");
    dirs_add(&dirs, "d");
    assert_int_equal(add_entry(0, "sub", "d/sub"), 1);
    assert_int_equal(add_entry(0, "x", "d/x"), 2);
    assert_int_equal(dirs_add(&dirs, "d/x"), 2);
    assert_int_equal(dirs_add(&dirs, "d/y"), 3);
    assert_int_equal(add_entry(0, "y", "d/y"), 3);
    fake_fail("open", "d", ENOENT, 1);
    fake_fail("open", "d/sub", ENOENT, 1);
    fake_fail("open", "d/x", ENOENT, 1);
    fake_fail("open", "d/y", ENOENT, 1);
    sync_all();
    assert_int_equal(dirs.dir[0].error, ENOENT);
    assert_int_equal(dirs.dir[1].error, 0);
    assert_int_equal(dirs.dir[2].error, ENOENT);
    assert_int_equal(dirs.dir[3].error, ENOENT);
    assert_int_equal(dirs.dir[0].step, DIR_OPEN);
}

static void test_put_off(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM, EACCES};

    (void)state;
    dirs_add(&dirs, "d");
    for (size_t i = 0; i < SIZE(errors); i++) {
        fake_fail("open", "d", errors[i], 1);
        sync_all();
        assert_int_equal(dirs.dir[0].error, errors[i]);
        dirs_sync_put_off(&dirs, 0);
        assert_int_equal(dirs.dir[0].error, errors[i] == EACCES ? EACCES : 0);
        fake.faults = 0;
    }
    fake_fail("fsync", "d", ENOMEM, 1);
    sync_all();
    dirs_sync_put_off(&dirs, 0);
    assert_int_equal(dirs.dir[0].error, ENOMEM);
}

static void test_first_failure_stands(void **state)
{
    (void)state;
    dirs_add(&dirs, "d");
    errno = EIO;
    dir_fail(&dirs.dir[0], DIR_LIST);
    errno = ENOSPC;
    dir_fail(&dirs.dir[0], DIR_FSYNC);
    dirs_sync(&dirs, 0);
    assert_int_equal(dirs.dir[0].error, EIO);
    assert_int_equal(dirs.dir[0].step, DIR_LIST);
    assert_string_equal(fake_calls("fsync"), "");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_each_once),
        TEST(test_same_path_in_a_row),
        TEST(test_failing_add),
        TEST(test_many),
        TEST(test_parents),
        TEST(test_order_of_a_tree),
        TEST(test_paths_of_a_tree),
        TEST(test_synced_once),
        TEST(test_sync),
        TEST(test_failing_sync),
        TEST(test_vanished),
        TEST(test_put_off),
        TEST(test_first_failure_stands),
    };

    return cmocka_run_group_tests_name("dirs", tests, NULL, NULL);
}
