/* shell.c - tests of the project's shell as a command
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdio.h>

#include "shell.h"
#include "sys.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static const char *existing;  /* the one file that is there */

/* A command lives as long as the process: that it is kept is what tells it from a leak. */
static char **volatile kept[64];
static size_t commands;

static int fake_stat(const char *path, struct stat *st)
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
    sys.stat = fake_stat;
    existing = NULL;
    return 0;
}

static char **make_command(const char *shell, char *const argument[])
{
    char **command = shell_command(shell, argument);

    assert_non_null(command);
    assert_true(commands < SIZE(kept));
    kept[commands++] = command;
    return command;
}

/* SHELL, run with the arguments "-c" and "a line", is the words EXPECTED, each in brackets. */
static void check(const char *shell, const char *expected)
{
    static char *const argument[] = {(char *)"-c", (char *)"a line", NULL};
    char got[256] = "", all[256];
    size_t end = 0;
    char **command = make_command(shell, argument);

    for (; *command; command++)
        end += (size_t)snprintf(got + end, sizeof got - end, "[%s]", *command);
    snprintf(all, sizeof all, "%s[-c][a line]", expected);
    assert_string_equal(got, all);
}

static void test_words(void **state)
{
    (void)state;
    check("sh", "[sh]");
    check("/usr/bin/env bash", "[/usr/bin/env][bash]");
    check(" \t/bin/sh\t\n -e  -u ", "[/bin/sh][-e][-u]");
    check("a b c d e f", "[a][b][c][d][e][f]");
    check("a", "[a]");
}

static void test_quotes(void **state)
{
    (void)state;
    check("'/my shells/sh' -e", "[/my shells/sh][-e]");
    check("\"/my shells/sh\" -e", "[/my shells/sh][-e]");
    check("/my' 'shells\"/\"sh", "[/my shells/sh]");
    check("'a\"b' \"c'd\"", "[a\"b][c'd]");
    check("sh '' \"\"", "[sh][][]");
    check("'a\tb\nc'", "[a\tb\nc]");
}

static void test_backslash(void **state)
{
    (void)state;
    check("/my\\ shells/sh -e", "[/my shells/sh][-e]");
    check("a\\\\b \\'c \\\"d", "[a\\b]['c][\"d]");
    check("'a\\b\\'", "[a\\b\\]");
    check("\"a\\\"b\"", "[a\"b]");
    check("a\\", "[a\\]");
}

static void test_no_command(void **state)
{
    static const char *const wrong[] = {
        "", " ", " \t\n", "'", "\"", "sh 'a", "sh \"a", "sh \"a'", "'a\"", "sh a'b' \"c", "\"a\\\"",
    };
    char *const argument[] = {NULL};

    (void)state;
    for (size_t i = 0; i < SIZE(wrong); i++) {
        errno = 0;
        assert_null(shell_command(wrong[i], argument));
        assert_int_equal(errno, EINVAL);
    }
}

/* As make has it: one word where it names a file as a whole. */
static void test_name_with_blanks(void **state)
{
    (void)state;
    existing = "/my shells/it's sh";
    check("/my shells/it's sh", "[/my shells/it's sh]");
    existing = "/bin/sh";
    check("/bin/sh -e", "[/bin/sh][-e]");
}

static void test_no_arguments(void **state)
{
    char *const argument[] = {NULL};
    char **command = make_command("sh -i", argument);

    (void)state;
    assert_string_equal(command[0], "sh");
    assert_string_equal(command[1], "-i");
    assert_null(command[2]);
}

static void test_is_bourne(void **state)
{
    static const char *const bourne[] = {
        "sh", "bash", "dash", "ksh", "rksh", "zsh", "ash", "/bin/sh", "./sh", "/usr/local/bin/bash",
        "/opt/my shells/zsh",
    };
    static const char *const others[] = {
        "", "/", "python3", "/usr/bin/python3", "fish", "csh", "tcsh", "shh", "s", "sh ", "sh -e",
        "/bin/sh/", "/sh/x", "BASH", "bash5", "settle-sh", "/usr/bin/env bash",
    };

    (void)state;
    for (size_t i = 0; i < SIZE(bourne); i++)
        assert_int_equal(shell_is_bourne(bourne[i]), 1);
    for (size_t i = 0; i < SIZE(others); i++)
        assert_int_equal(shell_is_bourne(others[i]), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_words),
        TEST(test_quotes),
        TEST(test_backslash),
        TEST(test_no_command),
        TEST(test_name_with_blanks),
        TEST(test_no_arguments),
        TEST(test_is_bourne),
    };

    return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
