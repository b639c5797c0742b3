/* faults.c - every system call that the engine makes, with every errno that its manual page has
   SPDX-License-Identifier: GPL-3.0-or-later

   Each injection ends in a failure that names the file and the errno, or stands in the table of exceptions
   with its reason.  The errors are those of the call's page in section 2 of the manual (of opendir(3) and
   readdir(3); for ioctl those of fs/ioctl.c for FIEMAP), and EIO for what reads from a disk. */

#include "config.h"

#include "unit.h"

#include "settle.h"
#include "faults.h"

static bool is_word_of(const char *word, const char *words)
{
    return words && fake_is_one_of(word, words);
}

/* What is told of SCENARIO where TOLD ("NAME failed...") is of one of its files, or of another, and
   those in WITHOUT are not told of. */
static void expect(char *text, size_t size, const struct scenario *scenario, const char *is_told,
                   const char *without)
{
    size_t end = 0, length = strcspn(is_told, " ");
    char *names = strdup(scenario->told ? scenario->told : scenario->names()), *rest;
    bool found = *is_told == '\0';

    *text = '\0';
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        const char *comma = end > 0 ? ", " : "";

        if (is_word_of(name, without))
            continue;
        if (strlen(name) == length && strncmp(name, is_told, length) == 0) {
            found = true;
            end += (size_t)snprintf(text + end, size - end, "%s%s", comma, is_told);
        } else
            end += (size_t)snprintf(text + end, size - end, "%s%s settled", comma, name);
        assert_true(end < size);
    }
    if (!found)
        snprintf(text + end, size - end, ", %s", is_told);
    free(names);
}

static const struct exception *find_exception(const struct call *call, int error)
{
    for (size_t i = 0; i < SIZE(exceptions); i++)
        if (strcmp(exceptions[i].verb, call->verb) == 0 &&
            (!exceptions[i].path || strcmp(exceptions[i].path, call->path) == 0) &&
            (!exceptions[i].scenario || exceptions[i].scenario == call->scenario) &&
            (!exceptions[i].only_after ||
             exceptions[i].only_after == (call->after ? call->after : NO_CALL)) &&
            (exceptions[i].error == error || exceptions[i].error == 0)) {
            used[i] = true;
            return &exceptions[i];
        }
    return NULL;
}

/* What is to be told when CALL fails with ERROR. */
static void expect_fault(char *text, size_t size, const struct call *call, int error, int times)
{
    const struct exception *exception = find_exception(call, error);
    const char *outcome = exception ? times == 1 ? exception->once : exception->ever : AS_FAILURE;
    char failure[128];

    if (outcome != AS_FAILURE) {
        expect(text, size, call->scenario, outcome, exception->without);
        return;
    }
    assert_non_null(call->failure);
    snprintf(failure, sizeof failure, "%s (%s)", call->failure, strerror(error));
    expect(text, size, call->scenario, failure, call->without);
}

/* Lets CALL fail with ERROR.  Returns whether the call was made at all in this mode. */
static bool inject(const struct call *call, int error, int times, enum settle_mode mode)
{
    static char got[sizeof told.text + 256], expected[sizeof got];
    size_t length;
    int result;
    bool fired;

    setup(NULL);
    call->scenario->make();
    if (call->magic)
        fake.magic = call->magic;
    fake_fail_later(call->verb, call->path, error, times, call->after);
    result = settle(mode, call->scenario->names());
    fired = fake.fired > 0;

    /* the case comes first in both texts, so that a difference names it */
    length = (size_t)snprintf(got, sizeof got, "%s: %s %s, %s, %d times after %d, mode %d: ",
                              call->scenario->title, call->verb, call->path, strerror(error), times,
                              call->after, mode);
    memcpy(expected, got, length + 1);
    snprintf(got + length, sizeof got - length, "%s", told.text);
    if (fired)
        expect_fault(expected + length, sizeof expected - length, call, error, times);
    else
        expect(expected + length, sizeof expected - length, call->scenario, "", NULL);
    assert_string_equal(got, expected);
    assert_int_equal(result, strstr(expected + length, " failed at ") != NULL);
    assert_int_equal(fake.open, 0);
    return fired;
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; scenarios[i]; i++)
        for (int mode = MODE_FSYNC; mode <= MODE_WRITEBACK; mode++) {
            static char expected[sizeof told.text];

            setup(NULL);
            scenarios[i]->make();
            expect(expected, sizeof expected, scenarios[i], "", NULL);
            check((enum settle_mode)mode, scenarios[i]->names(), 0, expected);
            assert_int_equal(fake.open, 0);
        }
}

static void test_every_call_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(calls); i++)
        for (const int *error = calls[i].errors; *error; error++) {
            int ever = calls[i].only_once ? 1 : *error == EINTR ? 3 : FAKE_EVER;
            bool reached = false;

            reached |= inject(&calls[i], *error, 1, MODE_FSYNC);
            reached |= inject(&calls[i], *error, ever, MODE_FSYNC);
            if (!calls[i].only_fsync) {
                reached |= inject(&calls[i], *error, 1, MODE_WRITEBACK);
                reached |= inject(&calls[i], *error, ever, MODE_WRITEBACK);
            }
            if (!reached)
                fail_msg("%s: %s %s is never called", calls[i].scenario->title, calls[i].verb,
                         calls[i].path);
        }
}

/* An exception that no injection came upon says nothing. */
static void test_every_exception_was_needed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(exceptions); i++)
        if (!used[i])
            fail_msg("%s %s %s (%s) never happened", exceptions[i].verb, exceptions[i].path,
                     strerror(exceptions[i].error), exceptions[i].why);
}

/* Every call that a scenario makes is in the table, so that a new one can't be forgotten. */
static void test_every_call_is_in_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; scenarios[i]; i++)
        for (int mode = MODE_FSYNC; mode <= MODE_WRITEBACK; mode++) {
            setup(NULL);
            scenarios[i]->make();
            settle((enum settle_mode)mode, scenarios[i]->names());
            for (size_t step = 0; step < fake.steps; step++) {
                bool found = false;

                for (size_t j = 0; j < SIZE(calls) && !found; j++)
                    found = strcmp(calls[j].verb, fake.step[step].verb) == 0;
                if (!found)
                    fail_msg("%s: no line for %s", scenarios[i]->title, fake.step[step].verb);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_scenarios),
        TEST(test_every_call_fails),
        TEST(test_every_exception_was_needed),
        TEST(test_every_call_is_in_the_table),
    };

    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
