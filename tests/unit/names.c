/* names.c - tests of splitting make's lists into file names
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "names.h"
#include "sys.h"

static const char *existing;  /* the one file that is there */

static int fake_lstat(const char *path, struct stat *st)
{
    (void)st;
    if (existing && strcmp(path, existing) == 0)
        return 0;
    errno = ENOENT;
    return -1;
}

static int setup(void **state)
{
    (void)state;
    sys.lstat = fake_lstat;
    existing = NULL;
    return 0;
}

static void test_words(void **state)
{
    struct names names;

    (void)state;
    assert_int_equal(names_split(&names, "  a\tb,c \n d  "), 0);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.name[0], "a");
    assert_string_equal(names.name[1], "b,c");
    assert_string_equal(names.name[2], "d");
    assert_null(names.name[3]);
    names_free(&names);
}

static void test_nothing(void **state)
{
    struct names names;

    (void)state;
    assert_int_equal(names_split(&names, " \t "), 0);
    assert_int_equal(names.count, 0);
    assert_null(names.name[0]);
    names_free(&names);
}

static void test_one_name_with_blanks(void **state)
{
    struct names names;

    (void)state;
    existing = "my  output";
    assert_int_equal(names_split(&names, " my  output "), 0);
    assert_int_equal(names.count, 1);
    assert_string_equal(names.name[0], "my  output");
    names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_words, setup),
        cmocka_unit_test_setup(test_nothing, setup),
        cmocka_unit_test_setup(test_one_name_with_blanks, setup),
    };

    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
