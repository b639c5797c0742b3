/* settle.h - runs the engine on the file system in memory and keeps what it tells, for unit tests
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_UNIT_SETTLE_H
#define SETTLE_UNIT_SETTLE_H

#include <stdlib.h>

#include "engine.h"
#include "fake.h"
#include "holders.h"

#define OPENS "open openw openat"
#define SYNCS "start wait fiemap fsync fdatasync syncfs"

#define SIZE(array) (sizeof(array) / sizeof *(array))

/* What the tests ask for; the mode aside.  The time to wait is ten seconds. */
static struct settle_options asked;

/* What the engine told: a line of text for all, and the first outcomes themselves. */
static struct {
    char text[16384];
    struct outcome outcome[4];
    size_t count;
} told;

static inline int setup(void **state)
{
    (void)state;
    fake_start(FAKE_EXT4);
    fake_dir("d");
    asked = (struct settle_options){.timeout = 10};
    holders_proc = "/nonexistent";  /* real processes have no files of this file system */
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    return fake.open == 0 ? 0 : -1;  /* a descriptor is left open */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* "name settled", "name failed at fsync (Input/output error)"; a directory's name ends in "/", and one
   that is too long for a system call is told without the "./././" that makes it so. */
static inline void describe(char *text, size_t size, const struct outcome *outcome)
{
    static const char *const whats[] = {
        [OUTCOME_SETTLED] = "settled",
        [OUTCOME_MISSING] = "missing",
        [OUTCOME_LEFT_ALONE] = "left alone",
        [OUTCOME_FAILED] = "failed",
    };
    static const char *const steps[] = {
        [STEP_FIND] = "find",
        [STEP_OPEN] = "open",
        [STEP_LIST] = "list",
        [STEP_WRITEBACK] = "writeback",
        [STEP_FSYNC] = "fsync",
        [STEP_CLOSE] = "close",
        [STEP_QUIET] = "quiet",
        [STEP_STABLE] = "stable",
    };
    const char *name = outcome->name;
    size_t end;

    while (strlen(outcome->name) >= PATH_MAX && strncmp(name, "./", 2) == 0)
        name += 2;
    end = (size_t)snprintf(text, size, "%s%s %s", name, outcome->is_directory ? "/" : "",
                           whats[outcome->what]);
    if (outcome->what == OUTCOME_FAILED)
        snprintf(text + end, size - end, " at %s (%s)", steps[outcome->step],
                 strerror(outcome->error));
}

static inline void tell(const struct outcome *outcome, void *context)
{
    size_t end = strlen(told.text);

    assert_ptr_equal(context, &told);
    if (told.count < SIZE(told.outcome))
        told.outcome[told.count] = *outcome;
    if (told.count++ > 0)
        end += (size_t)snprintf(told.text + end, sizeof told.text - end, ", ");
    assert_true(end < sizeof told.text);
    describe(told.text + end, sizeof told.text - end, outcome);
}

/* Settles NAMES, separated by blanks. */
static inline int settle(enum settle_mode mode, const char *names)
{
    char *name[256];
    size_t count = 0;
    char *text = strdup(names), *rest;
    int result;

    memset(&told, 0, sizeof told);
    fake.steps = 0;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < SIZE(name));
        name[count++] = word;
    }
    asked.mode = mode;
    result = engine_settle(&asked, name, count,
                           &(struct engine_caller){.tell = tell, .context = &told});
    free(text);
    return result;
}

/* Settles NAMES, which ends with RESULT and tells TEXT. */
static inline void check(enum settle_mode mode, const char *names, int result, const char *text)
{
    int got = settle(mode, names);

    assert_string_equal(told.text, text);
    assert_int_equal(got, result);
}

/* Sets up a file and makes the call VERB on it fail with ERROR, TIMES over. */
static inline void failing_file(const char *name, const char *verb, int error, int times)
{
    fake_file(name);
    fake_fail(verb, name, error, times);
}

/* COUNT files "d/000", "d/001"... */
static inline void many_files(size_t count)
{
    char name[32];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "d/%03zu", i);
        fake_file(name);
    }
}

/* Their names, with blanks between, into NAMES, which has room for 6 bytes each. */
static inline void name_many(char *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sprintf(names + 6 * i, "d/%03zu ", i);
}

/* Settles NAMES, separated by blanks, which ends with RESULT; returns how many were settled. */
static inline size_t settle_many(const char *names, int result)
{
    size_t settled = 0;

    assert_int_equal(settle(MODE_FSYNC, names), result);
    for (const char *at = told.text; (at = strstr(at, " settled")); at++)
        settled++;
    return settled;
}

/* How often VERB was called since the last settle. */
static inline size_t count_steps(const char *verb)
{
    size_t count = 0;

    for (size_t i = 0; i < fake.steps; i++)
        count += strcmp(fake.step[i].verb, verb) == 0;
    return count;
}

#endif
