/* worker.c - tests of who is at work on a marked file
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "started.h"
#include "worker.h"

/* Makers whom no other run of this test has. */
static char dead[48], inner[48];  /* inner is a make that dead's recipe runs */

static struct mark mark_of(const char *text, size_t maker_length, pid_t runner, enum mark_end end)
{
    struct mark mark = {.maker_length = maker_length, .runner = runner, .end = end};

    snprintf(mark.text, sizeof mark.text, "%s=%d", text, (int)runner);
    return mark;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_shell(void **state)
{
    const struct mark ended = mark_of(dead, strlen(dead), 4720, MARK_SETTLED);
    const struct mark other = mark_of(dead, strlen(dead) - 1, 4720, MARK_RUNNING);
    char variable[128];
    pid_t child;

    (void)state;
    snprintf(variable, sizeof variable, "SETTLE_JOB=mode=fsync\n.settle\n%s\nx\n\n/bin/sh\nx", dead);
    assert_int_equal(worker_find(&ended), 0);
    child = start_sleep("100", variable, false);
    assert_int_equal(worker_find(&ended), child);
    assert_int_equal(worker_find(&other), 0);
    end(child);
    assert_int_equal(worker_find(&ended), 0);
}

/* What a line has started is at work for the files of that line, until it is over. */
static void test_what_a_shell_has_started(void **state)
{
    const struct mark running = mark_of(dead, strlen(dead), getpid(), MARK_RUNNING);
    const struct mark ended = mark_of(dead, strlen(dead), getpid(), MARK_DEFERRED);
    const struct mark of_another_line = mark_of(dead, strlen(dead), 1, MARK_RUNNING);
    const struct mark other = mark_of(dead, strlen(dead) - 1, getpid(), MARK_RUNNING);
    const struct mark of_inner_make = mark_of(inner, strlen(inner), getpid(), MARK_RUNNING);
    struct mark failed = running;
    char *outer = worker_describe(dead, NULL), *line = worker_describe(inner, outer), variable[512];
    pid_t child;

    (void)state;
    failed.has_failed = true;
    snprintf(variable, sizeof variable, "SETTLE_LINE=%s", line);
    free(line);
    free(outer);
    child = start_sleep("100", variable, false);
    assert_int_equal(worker_find(&running), child);
    assert_int_equal(worker_find(&of_inner_make), child);
    assert_int_equal(worker_find(&ended), 0);
    assert_int_equal(worker_find(&failed), 0);
    assert_int_equal(worker_find(&of_another_line), 0);
    assert_int_equal(worker_find(&other), 0);
    end(child);
    assert_int_equal(worker_find(&running), 0);
    child = start_sleep("100", variable, true);
    assert_int_equal(worker_find(&running), 0);
    end(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell),
        cmocka_unit_test(test_what_a_shell_has_started),
    };

    snprintf(dead, sizeof dead, "1f0c6a3b.77aa01c2.%jd.123456.4026531836", (intmax_t)getpid());
    snprintf(inner, sizeof inner, "1f0c6a3b.77aa01c2.%jd.234567.4026531836", (intmax_t)getpid());
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
