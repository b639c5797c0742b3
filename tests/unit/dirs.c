/* dirs.c - tests of the set of directories
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

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
    assert_string_equal(dirs.dir[0].path, "d");
    assert_string_equal(dirs.dir[1].path, ".");
    assert_string_equal(dirs.dir[2].path, "d/sub");
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
    assert_string_equal(dirs.dir[MANY - 1].path, "d/99");
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
        assert_string_equal(dirs.dir[0].path, cases[i].parent);
        dirs_free(&dirs);
        memset(&dirs, 0, sizeof dirs);
    }
}

static void test_sync(void **state)
{
    (void)state;
    dirs_add(&dirs, "d");
    dirs_add(&dirs, ".");
    dirs_sync(&dirs);
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
        dirs_sync(&dirs);
        assert_int_equal(dirs.dir[0].error, cases[i].expected);
        assert_int_equal(dirs.dir[1].error, 0);
        assert_string_equal(fake_calls("open fsync close"), cases[i].calls);
    }
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
        TEST(test_sync),
        TEST(test_failing_sync),
    };

    return cmocka_run_group_tests_name("dirs", tests, NULL, NULL);
}
