/* recipes.c - tests of which recipes are over; this process is make, its children are settle-shs
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "folder.h"
#include "mark.h"
#include "pending.h"
#include "recipes.h"

static struct settle_options options;

static int setup(void **state)
{
    signal(SIGQUIT, SIG_IGN);
    options = options_default;
    options.batch_files = 4;  /* half of which is a batch */
    return folder_setup(state) < 0 ? -1 : recipes_mark_in(".settle", true);
}

static int teardown(void **state)
{
    recipes_end();
    return folder_teardown(state);
}

static struct job job_of(const char *target, const char *files)
{
    struct job job = {.options = options, .marks = (char *)".settle", .maker = (char *)recipes_maker(),
                      .target = (char *)target, .batch = (char *)"", .shell = (char *)"",
                      .files = (char *)files};

    return job;
}

static char *take(size_t room)
{
    struct job job = job_of("other", "other");

    return pending_take(&job, room);
}

/* What settle-sh does to the marks: begins, which it says on READY, and unless END is MARK_RUNNING ends so.  What
   ends it is a byte from HELD, or half a minute. */
static _Noreturn void shell(const struct job *job, enum mark_end end, int ready, int held)
{
    struct list names = {0};
    char byte;

    alarm(30);
    if (job_marked(job, &names) < 0 ||
        mark_make(".settle", names.name, names.count, job->maker, false, NULL, NO_PAGE) != names.count ||
        write(ready, "x", 1) != 1 ||
        read(held, &byte, 1) != 1)
        _exit(1);
    if (end != MARK_RUNNING && mark_note(".settle", names.name[0], job->maker, end, getpid()) < 0)
        _exit(1);
    _exit(0);
}

/* A line's settle-sh, and the write end of a pipe that holds it. */
struct line {
    pid_t shell;
    int hold;
};

/* make starts a line of TARGET. */
static void announce(const char *target)
{
    struct announced line;

    recipes_announce(&line, target);
    recipes_start(&line);
}

static struct line begin_line(const char *target, const char *files, enum mark_end end)
{
    struct job job = job_of(target, files);
    struct line line;
    int held[2], ready[2];
    char byte;

    announce(target);
    recipes_job(&job, false);
    assert_int_equal(pipe2(held, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    line.shell = fork();
    if (line.shell == 0)
        shell(&job, end, ready[1], held[0]);
    close(held[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    line.hold = held[1];
    return line;
}

static void let_end(const struct line *line)
{
    siginfo_t info;

    assert_int_equal(write(line->hold, "x", 1), 1);
    close(line->hold);
    assert_int_equal(waitid(P_PID, (id_t)line->shell, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(info.si_status, 0);
}

static void reap(const struct line *line)
{
    assert_int_equal(waitpid(line->shell, NULL, 0), line->shell);
}

static void run_line(const char *target, const char *files, enum mark_end end)
{
    struct line line = begin_line(target, files, end);

    let_end(&line);
    reap(&line);
}

static bool is_marked(const char *name)
{
    char *path = mark_path(".settle", name, recipes_maker());
    bool is = is_there(path);

    free(path);
    return is;
}

static void test_a_line_that_nothing_follows(void **state)
{
    struct line line = begin_line("x", "x y", MARK_SETTLED);

    (void)state;
    let_end(&line);
    announce("other");  /* it has ended, make doesn't know yet and may have another line */
    assert_true(is_marked("x") && is_marked("y"));
    reap(&line);
    announce("x");
    assert_true(is_marked("x") && is_marked("y"));
    run_line("x", "x y", MARK_SETTLED);
    announce("other");
    assert_false(is_marked("x") || is_marked("y"));
}

static void test_a_second_line_that_runs(void **state)
{
    struct line line;

    (void)state;
    run_line("x", "x", MARK_SETTLED);
    line = begin_line("x", "x", MARK_SETTLED);
    for (int i = 0; i < 3; i++)
        announce("other");
    assert_true(is_marked("x"));
    let_end(&line);
    announce("other");
    assert_true(is_marked("x"));
    reap(&line);
    announce("other");
    assert_false(is_marked("x"));
}

/* The second line is announced, and its settle-sh has not come to say that it begins. */
static void test_a_second_line_that_hangs_at_its_begin(void **state)
{
    pid_t child;

    (void)state;
    run_line("x", "x", MARK_SETTLED);
    announce("x");
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    for (int i = 0; i < 3; i++)
        announce("other");
    assert_true(is_marked("x"));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* make announces a last line that is empty, and runs nothing. */
static void test_an_empty_last_line(void **state)
{
    struct line other = begin_line("other", "other", MARK_SETTLED);

    (void)state;
    run_line("x", "x", MARK_SETTLED);
    announce("x");
    announce("third");  /* one child, which could be the line's */
    assert_true(is_marked("x"));
    let_end(&other);
    reap(&other);
    announce("third");
    assert_false(is_marked("x"));
}

static void test_a_line_that_was_killed(void **state)
{
    (void)state;
    run_line("x", "x", MARK_RUNNING);
    announce("other");
    assert_true(is_marked("x"));
    assert_int_equal(recipes_end(), 0);
    assert_true(is_there(".settle"));
}

static void test_a_file_that_two_targets_have(void **state)
{
    struct line x, y;

    (void)state;
    x = begin_line("x", "x shared", MARK_SETTLED);
    y = begin_line("y", "shared", MARK_SETTLED);
    let_end(&x);
    reap(&x);
    announce("other");
    assert_false(is_marked("x"));
    assert_true(is_marked("shared") && is_marked(".settle/=y"));
    let_end(&y);
    reap(&y);
    announce("other");
    assert_false(is_marked("shared") || is_marked(".settle/=y"));
}

static void test_the_end(void **state)
{
    (void)state;
    run_line("x", "x y", MARK_SETTLED);
    run_line("z", "z", MARK_DEFERRED);
    assert_int_equal(recipes_end(), 0);
    assert_false(is_there(".settle"));
}

/* make's handler of SIGQUIT calls exit: what has ended then was maybe to go on. */
static void test_the_end_by_a_signal(void **state)
{
    (void)state;
    run_line("x", "x", MARK_SETTLED);
    signal(SIGQUIT, SIG_DFL);
    assert_int_equal(recipes_end(), 0);
    assert_true(is_there(".settle"));
}

static void test_batches(void **state)
{
    char *batch;

    (void)state;
    run_line("x", "x", MARK_DEFERRED);
    announce("other");
    assert_true(is_marked("x"));
    assert_null(take(1000));
    run_line("my file", "my file", MARK_DEFERRED);
    announce("other");
    batch = take(1000);
    assert_string_equal(batch, "x my%20file");
    free(batch);
    assert_null(take(1000));
    assert_true(is_marked("x") && is_marked("my file"));  /* the job's to remove */
}

/* The first of many that there is room for; the others come later. */
static void test_batches_and_room(void **state)
{
    char *batch;

    (void)state;
    run_line("first", "first", MARK_DEFERRED);
    run_line("second", "second", MARK_DEFERRED);
    announce("other");
    batch = take(10);
    assert_string_equal(batch, "first");
    free(batch);
    assert_null(take(1000));
    options.batch_files = 2;
    batch = take(1000);
    assert_string_equal(batch, "second");
    free(batch);
}

static void test_batches_by_size_and_age(void **state)
{
    char *batch;

    (void)state;
    options.batch_files = 100;
    write_file("x");
    run_line("x", "x", MARK_DEFERRED);
    announce("other");
    assert_null(take(1000));
    options.batch_bytes = 9;
    assert_null(take(1000));
    options.batch_bytes = 8;
    batch = take(1000);
    assert_string_equal(batch, "x");
    free(batch);
    options.batch_bytes = 1000;
    run_line("y", "y", MARK_DEFERRED);
    announce("other");
    assert_null(take(1000));
    options.batch_age = 0;
    batch = take(1000);
    assert_string_equal(batch, "y");
    free(batch);
}

static void test_another_folder(void **state)
{
    (void)state;
    assert_int_equal(recipes_mark_in(".settle", true), 0);
    assert_int_equal(recipes_mark_in("", true), 0);
    assert_int_equal(recipes_mark_in(".other", true), -1);
    assert_int_equal(errno, EXDEV);
    assert_false(is_there(".other"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_line_that_nothing_follows),
        TEST(test_a_second_line_that_runs),
        TEST(test_a_second_line_that_hangs_at_its_begin),
        TEST(test_an_empty_last_line),
        TEST(test_a_line_that_was_killed),
        TEST(test_a_file_that_two_targets_have),
        TEST(test_the_end),
        TEST(test_the_end_by_a_signal),
        TEST(test_batches),
        TEST(test_batches_and_room),
        TEST(test_batches_by_size_and_age),
        TEST(test_another_folder),
    };

    return cmocka_run_group_tests_name("recipes", tests, NULL, NULL);
}
