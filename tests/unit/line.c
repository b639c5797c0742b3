/* line.c - tests of which recipe lines need no shell
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

/* LINE is the words EXPECTED, each in brackets; empty: a shell has to read it. */
static void check(const char *line, const char *expected)
{
    char **words = line_words(line), got[256] = "";
    size_t end = 0;

    for (char **word = words; word && *word; word++)
        end += (size_t)snprintf(got + end, sizeof got - end, "[%s]", *word);
    assert_string_equal(got, expected);
    assert_true((words == NULL) == (*expected == '\0'));
    free(words);
}

static void test_plain(void **state)
{
    (void)state;
    check("true", "[true]");
    check("cc -O2 -DN=1 -c -o out/a.o src/a.c", "[cc][-O2][-DN=1][-c][-o][out/a.o][src/a.c]");
    check("\t ./tool  a\tb ", "[./tool][a][b]");
    check("env A=b x@y:1,2+3%", "[env][A=b][x@y:1,2+3%]");
    check("a b c d e f g h", "[a][b][c][d][e][f][g][h]");
    check("/bin/cd x", "[/bin/cd][x]");
    check("cdrom if", "[cdrom][if]");
}

/* One byte at a time, at every place: whatever is not known to stand for itself is the shell's. */
static void test_every_byte(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        bool is_plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:@% \t=",
                               byte) != NULL;
        char line[] = "cc a?b -x";
        char **words;

        line[4] = (char)byte;
        words = line_words(line);
        assert_true((words != NULL) == is_plain);
        free(words);
    }
}

static void test_for_the_shell(void **state)
{
    static const char *const lines[] = {
        "", " ", "\t ", "a > b", "a; b", "a | b", "a && b", "a &", "a $b", "a `b`", "(a)", "a 'b'", "a \"b\"",
        "a *", "a ?", "a [b]", "a {b,c}", "~/a", "a ~", "! a", "a # b", "a\\ b", "a\nb", "a^b", "a <b",
        "A=b", "A=b c", "A=b=c d", "cd x", ". x", ": x", "exit 3", "exec a", "test -f a", "umask 022",
        "if a", "while a", "for a in b", "case a in", "set -e", "wait", "ulimit -n 3", "type a", "local a",
    };

    (void)state;
    for (size_t i = 0; i < SIZE(lines); i++)
        check(lines[i], "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_for_the_shell),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
