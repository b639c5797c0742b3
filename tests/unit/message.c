/* message.c - tests of what is said, and that it is said in one piece
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

/* Where stderr goes in a test: each write(2) arrives as a packet of its own. */
static int arriving = -1;
static int real_stderr = -1;

static int setup(void **state)
{
    int ends[2];

    (void)state;
    real_stderr = dup(STDERR_FILENO);
    if (real_stderr < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    arriving = ends[0];
    dup2(ends[1], STDERR_FILENO);
    return close(ends[1]);
}

static int teardown(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    return close(real_stderr) + close(arriving);
}

/* LINE arrived with one write, and nothing else. */
static void check_line(const char *line)
{
    static char got[16384];
    ssize_t length = recv(arriving, got, sizeof got - 1, MSG_DONTWAIT);

    assert_int_not_equal(length, -1);
    got[length] = '\0';
    assert_string_equal(got, line);
    assert_int_equal(length, strlen(line));
    assert_int_equal(recv(arriving, got, sizeof got, MSG_DONTWAIT), -1);
}

static void test_line(void **state)
{
    (void)state;
    message("%s: %d%%", "out", 50);
    check_line("settle: out: 50%\n");
    message("a");
    check_line("settle: a\n");
    message("%s", "");
    check_line("settle: \n");
}

/* A line is a line, and a terminal gets no commands, whatever a file is called. */
static void test_control_characters(void **state)
{
    (void)state;
    message("%s", "a\nb\tc\033[1m\177\001\r");
    check_line("settle: a\\012b\\011c\\033[1m\\177\\001\\015\n");
    message("%s", "\n\n\n\n");
    check_line("settle: \\012\\012\\012\\012\n");
}

static void test_other_bytes(void **state)
{
    (void)state;
    message("%s", "gr\303\266\303\237e \\ \377 ~");
    check_line("settle: gr\303\266\303\237e \\ \377 ~\n");
}

static void test_long_line(void **state)
{
    static char name[10001], line[sizeof name + 16];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    message("%s", name);
    snprintf(line, sizeof line, "settle: %s\n", name);
    check_line(line);
}

static void check_text(const struct outcome *outcome, const char *text)
{
    char *got = message_of(outcome);

    assert_string_equal(got, text);
    free(got);
}

static void test_settled(void **state)
{
    struct outcome outcome = {
        .name = "d/out",
        .what = OUTCOME_SETTLED,
        .seconds = 1.5,
        .before = {10, 8, {100, 0}, {200, 0}},
        .after = {10, 8, {100, 0}, {200, 0}},
    };

    (void)state;
    check_text(&outcome, "d/out: settled, 10 bytes in 1.500000 s");
    outcome.after.ctime.tv_nsec = 950000000;
    check_text(&outcome, "d/out: settled, 10 bytes in 1.500000 s; ctime +0.950 s");
    outcome.after.blocks = 16;
    check_text(&outcome,
               "d/out: settled, 10 bytes in 1.500000 s; blocks 8 -> 16; ctime +0.950 s");
}

static void test_all_moved(void **state)
{
    const struct outcome outcome = {
        .name = "out",
        .what = OUTCOME_SETTLED,
        .seconds = 0.000123,
        .before = {0, 0, {100, 500000000}, {200, 0}},
        .after = {5000000000, 9765632, {102, 0}, {199, 750000000}},
    };

    (void)state;
    check_text(&outcome, "out: settled, 5000000000 bytes in 0.000123 s; size 0 -> 5000000000; "
                         "blocks 0 -> 9765632; mtime +1.500 s; ctime -0.250 s");
}

static void test_not_settled(void **state)
{
    static const struct {
        struct outcome outcome;
        const char *text;
    } cases[] = {
        {{.name = "out", .what = OUTCOME_MISSING}, "out: not there (yet), nothing to settle"},
        {{.name = "tty", .what = OUTCOME_LEFT_ALONE},
         "tty: neither a file nor a directory, left alone"},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++)
        check_text(&cases[i].outcome, cases[i].text);
}

static void test_failed(void **state)
{
#define LOST "; what was written to it is lost"
    static const struct {
        enum engine_step step;
        int error;
        bool is_directory;
        const char *text;
    } cases[] = {
        {STEP_FIND, ENOENT, false, "out: No such file or directory"},
        {STEP_FIND, EIO, false, "out: Input/output error"},
        {STEP_OPEN, EACCES, false, "out: Permission denied"},
        {STEP_WRITEBACK, EIO, false, "out: Input/output error" LOST},
        {STEP_FSYNC, EIO, false, "out: Input/output error" LOST},
        {STEP_FSYNC, ENOSPC, false, "out: No space left on device" LOST},
        {STEP_FSYNC, EDQUOT, false, "out: Disk quota exceeded" LOST},
        {STEP_FSYNC, EROFS, false, "out: Read-only file system"},
        {STEP_FSYNC, EIO, true, "out: Input/output error"},
        {STEP_CLOSE, EIO, false, "out: Input/output error"},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        const struct outcome outcome = {.name = "out",
                                        .is_directory = cases[i].is_directory,
                                        .what = OUTCOME_FAILED,
                                        .step = cases[i].step,
                                        .error = cases[i].error};

        check_text(&outcome, cases[i].text);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_line),
        TEST(test_control_characters),
        TEST(test_other_bytes),
        TEST(test_long_line),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_all_moved),
        cmocka_unit_test(test_not_settled),
        cmocka_unit_test(test_failed),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
