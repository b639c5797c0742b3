/* list.c - tests of lists of file names
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "list.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static struct list list;

static int teardown(void **state)
{
    (void)state;
    list_free(&list);
    memset(&list, 0, sizeof list);
    return 0;
}

/* A file that holds the LENGTH bytes of TEXT and is gone when its descriptor is closed. */
static int make_file(const char *text, size_t length)
{
    int fd = memfd_create("list", MFD_CLOEXEC);

    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static int read_text(const char *text, size_t length, int separator)
{
    int fd = make_file(text, length);
    char path[32];
    int result, error;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    errno = 0;
    result = list_read(&list, path, separator);
    error = errno;
    close(fd);
    errno = error;
    return result;
}

/* The names of the list, each in brackets. */
static void check_names(const char *expected)
{
    char got[256] = "";
    size_t end = 0;

    for (size_t i = 0; i < list.count; i++)
        end += (size_t)snprintf(got + end, sizeof got - end, "[%s]", list.name[i]);
    assert_string_equal(got, expected);
}

static void test_texts(void **state)
{
#define TEXT(text) (text), sizeof(text) - 1
    static const struct {
        const char *text;
        size_t length;
        int separator;
        const char *names;
    } cases[] = {
        {TEXT(""), '\n', ""},
        {TEXT("a\n"), '\n', "[a]"},
        {TEXT("a\nb\n"), '\n', "[a][b]"},
        {TEXT("a\nb"), '\n', "[a][b]"},
        {TEXT("\n\na\n\n\nb\n\n"), '\n', "[a][b]"},
        {TEXT(" a b \n\tc\r\n"), '\n', "[ a b ][\tc\r]"},
        {TEXT("a\0b\0"), '\0', "[a][b]"},
        {TEXT("a\0b"), '\0', "[a][b]"},
        {TEXT("\0\0a\0\0"), '\0', "[a]"},
        {TEXT("a\nb\0c\n\0"), '\0', "[a\nb][c\n]"},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        assert_int_equal(read_text(cases[i].text, cases[i].length, cases[i].separator), 0);
        check_names(cases[i].names);
        teardown(NULL);
    }
}

/* A list of --null's that is read without it must not pass for one long name. */
static void test_nul_in_a_line(void **state)
{
    (void)state;
    assert_int_equal(read_text(TEXT("a\nb\0c\nd\n"), '\n'), -1);
    assert_int_equal(errno, EINVAL);
    check_names("[a]");
}

static void test_nul_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(read_text(TEXT("a\0"), '\n'), -1);
    assert_int_equal(errno, EINVAL);
}

static void test_added_to_what_is_there(void **state)
{
    char name[] = "first";

    (void)state;
    assert_int_equal(list_add(&list, name), 0);
    name[0] = '?';  /* the list has a copy */
    assert_int_equal(read_text(TEXT("second\n"), '\n'), 0);
    assert_int_equal(list_add(&list, "first"), 0);
    check_names("[first][second][first]");
}

static void test_many(void **state)
{
    enum { MANY = 1000 };
    char name[16];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%zu", i);
        assert_int_equal(list_add(&list, name), 0);
    }
    assert_int_equal(list.count, MANY);
    assert_string_equal(list.name[0], "0");
    assert_string_equal(list.name[MANY - 1], "999");
}

static void test_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(list_read(&list, "/nothing/list", '\n'), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(list_read(&list, "/", '\n'), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(list.count, 0);
}

static void test_standard_input(void **state)
{
    int fd = make_file(TEXT("a\nb\n"));
    int before = dup(STDIN_FILENO);
    int result;

    (void)state;
    dup2(fd, STDIN_FILENO);
    result = list_read(&list, "-", '\n');
    if (before >= 0)
        dup2(before, STDIN_FILENO);
    close(before);
    close(fd);
    assert_int_equal(result, 0);
    check_names("[a][b]");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_texts),
        TEST(test_nul_in_a_line),
        TEST(test_nul_at_the_end),
        TEST(test_added_to_what_is_there),
        TEST(test_many),
        TEST(test_cannot_be_read),
        TEST(test_standard_input),
    };

    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
