/* resolve.c - tests of following symbolic links
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <limits.h>
#include <stdlib.h>

#include "fake.h"
#include "resolve.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static struct dirs dirs;

static int setup(void **state)
{
    (void)state;
    fake_start(FAKE_EXT4);
    fake_dir("d");
    fake_dir("d/sub");
    fake_dir("/e");
    fake_file("d/out");
    memset(&dirs, 0, sizeof dirs);
    return 0;
}

static void forget_dirs(void)
{
    dirs_free(&dirs);
    memset(&dirs, 0, sizeof dirs);
}

static int teardown(void **state)
{
    (void)state;
    forget_dirs();
    return fake.open == 0 ? 0 : -1;
}

/* NAME stands for the file PATH, and the directories that hold a link on the way are HOLDERS. */
static void check(const char *name, const char *path, const char *holders)
{
    char got[256] = "";
    size_t end = 0;
    struct stat st;
    char *found;

    assert_int_equal(resolve_name(name, &dirs, &found, &st), 0);
    assert_string_equal(found, path);
    assert_int_equal(st.st_ino, fake_walk("/w", path, false, 0)->st.st_ino);
    free(found);
    for (size_t i = 0; i < dirs.count; i++)
        end += (size_t)snprintf(got + end, sizeof got - end, "%s%s", i ? " " : "",
                                dirs.dir[i].name);
    assert_string_equal(got, holders);
    forget_dirs();
}

/* NAME stands for nothing, because of ERROR. */
static void check_failure(const char *name, int error)
{
    char *found = (char *)name;
    struct stat st;

    errno = 0;
    assert_int_equal(resolve_name(name, &dirs, &found, &st), -1);
    assert_int_equal(errno, error);
    assert_null(found);
    forget_dirs();
}

static void test_no_link(void **state)
{
    (void)state;
    check("d/out", "d/out", "");
    check("./d/../d/out", "./d/../d/out", "");
    check("/e", "/e", "");
    check(".", ".", "");
}

static void test_one_link(void **state)
{
    (void)state;
    fake_link("link", "d/out");
    fake_link("d/beside", "out");
    fake_link("d/sub/up", "../out");
    fake_link("absolute", "/w/d/out");
    check("link", "d/out", ".");
    check("d/beside", "d/out", "d");
    check("d/sub/up", "d/sub/../out", "d/sub");
    check("absolute", "/w/d/out", ".");
    check("/w/link", "/w/d/out", "/w");
}

static void test_chain(void **state)
{
    (void)state;
    fake_link("l1", "d/l2");
    fake_link("d/l2", "/e/l3");
    fake_link("/e/l3", "l4");
    fake_link("/e/l4", "../w/d/out");
    check("l1", "/e/../w/d/out", ". d /e");
}

/* The name of a file says nothing of how its folder is reached. */
static void test_link_in_the_middle(void **state)
{
    (void)state;
    fake_link("to-d", "d");
    fake_link("d/link", "out");
    check("to-d/out", "to-d/out", "");
    check("to-d/link", "to-d/out", "to-d");
}

static void test_failures(void **state)
{
    (void)state;
    fake_link("dangling", "none");
    fake_link("loop", "loop");
    fake_link("through-a-file", "d/out/x");
    check_failure("none", ENOENT);
    check_failure("", ENOENT);
    check_failure("dangling", ENOENT);
    check_failure("loop", ELOOP);
    check_failure("through-a-file", ENOTDIR);
}

static void test_failing_calls(void **state)
{
    static const struct {
        const char *verb;
        const char *path;
        int error;
    } cases[] = {
        {"lstat", "link", EACCES},
        {"readlink", "link", EIO},
        {"stat", ".", EIO},
        {"lstat", "d/out", ESTALE},
    };

    (void)state;
    fake_link("link", "d/out");
    for (size_t i = 0; i < SIZE(cases); i++) {
        fake.faults = 0;
        fake_fail(cases[i].verb, cases[i].path, cases[i].error, 1);
        check_failure("link", cases[i].error);
    }
}

/* A target of PATH_MAX bytes is a truncated one, as far as readlink(2) tells. */
static void test_too_long_a_target(void **state)
{
    static char target[PATH_MAX + 1];

    (void)state;
    memset(target, '/', PATH_MAX);
    fake_link("link", target);
    check_failure("link", ENAMETOOLONG);
    target[PATH_MAX - 1] = '\0';
    check("link", target, ".");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_no_link),
        TEST(test_one_link),
        TEST(test_chain),
        TEST(test_link_in_the_middle),
        TEST(test_failures),
        TEST(test_failing_calls),
        TEST(test_too_long_a_target),
    };

    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
