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
    message("%s", "a\302\2331mb\302\240\302");  /* U+009B does what ESC [ does; U+00A0 is a blank */
    check_line("settle: a\\302\\2331mb\302\240\302\n");
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
        .before = {10, 8, {100, 0}, {200, 0}, 0},
        .after = {10, 8, {100, 0}, {200, 0}, 0},
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
        .before = {0, 0, {100, 500000000}, {200, 0}, 0},
        .after = {5000000000, 9765632, {102, 0}, {199, 750000000}, 0},
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
        {STEP_LIST, EACCES, true, "out: Permission denied"},
        {STEP_OPEN, ENOENT, true, "out: No such file or directory"},
        {STEP_OPEN, EMFILE, false, "out: Too many open files"},
        {STEP_FIND, ENAMETOOLONG, false, "out: File name too long"},
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

/* Whoever still has it open for writing: by name, or where nobody is to be seen, without. */
static void test_still_open(void **state)
{
    struct outcome outcome = {.name = "d/out",
                              .what = OUTCOME_FAILED,
                              .step = STEP_QUIET,
                              .error = ETIMEDOUT,
                              .holder = {4711, "postprocess"}};

    (void)state;
    check_text(&outcome, "d/out: still open for writing by process 4711 (postprocess)");
    strcpy(outcome.holder.name, "a b) (c");
    check_text(&outcome, "d/out: still open for writing by process 4711 (a b) (c)");
    outcome.holder.pid = 0;
    check_text(&outcome, "d/out: still open for writing by a process that can't be seen from here");
    outcome.error = EPERM;  /* the clock's */
    check_text(&outcome, "d/out: Operation not permitted");
}

static void test_does_not_stand_still(void **state)
{
#define FLAPS "; it flaps between two states (replicas that disagree?)"
    static const struct {
        struct moves moves;
        const char *moved;
    } cases[] = {
        {{0}, "just now"},
        {{.ctime = 1}, "ctime 1 time"},
        {{.ctime = 3}, "ctime 3 times"},
        {{.mtime = 2}, "mtime 2 times"},
        {{.size = 1}, "size 1 time"},
        {{.blocks = 12}, "blocks 12 times"},
        {{.ino = 1}, "the file itself 1 time"},
        {{.ctime = 3, .blocks = 1}, "ctime 3 times, blocks 1 time"},
        {{.size = 1, .blocks = 2, .mtime = 3, .ctime = 4, .ino = 5},
         "ctime 4 times, mtime 3 times, size 1 time, blocks 2 times, the file itself 5 times"},
        {{.ctime = 9, .back = 1}, "ctime 9 times" FLAPS},
        {{.ctime = 9, .back = 8}, "ctime 9 times" FLAPS},
        {{.size = UINT32_MAX, .blocks = UINT32_MAX, .mtime = UINT32_MAX, .ctime = UINT32_MAX,
          .ino = UINT32_MAX},
         "ctime 4294967295 times, mtime 4294967295 times, size 4294967295 times, "
         "blocks 4294967295 times, the file itself 4294967295 times"},
    };
    struct outcome outcome = {
        .name = "out", .what = OUTCOME_FAILED, .step = STEP_STABLE, .error = ETIMEDOUT};

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        char expected[256];

        outcome.moves = cases[i].moves;
        snprintf(expected, sizeof expected, "out: does not stand still: moved %s", cases[i].moved);
        check_text(&outcome, expected);
    }
    outcome.error = ENOMEM;
    check_text(&outcome, "out: Cannot allocate memory");
}

static void test_writers_unknown(void **state)
{
    struct outcome outcome = {.name = "out", .what = OUTCOME_SETTLED, .writers_unknown = true};

    (void)state;
    check_text(&outcome, "out: settled, 0 bytes in 0.000000 s; whether another user's process writes "
                         "to it can't be told");
    outcome.after.blocks = 8;
    check_text(&outcome, "out: settled, 0 bytes in 0.000000 s; blocks 0 -> 8; whether another user's "
                         "process writes to it can't be told");
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
        cmocka_unit_test(test_still_open),
        cmocka_unit_test(test_does_not_stand_still),
        cmocka_unit_test(test_writers_unknown),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
