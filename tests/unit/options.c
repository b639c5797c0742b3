/* options.c - tests of the user's choices and how they are written
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <stdlib.h>

#include "options.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

#define EXPECTED_MODE "fsync, writeback, deferred or off"
#define EXPECTED_VERBOSE "0 or 1"

static int setup(void **state)
{
    (void)state;
    return unsetenv("SETTLE_MODE") + unsetenv("SETTLE_VERBOSE");
}

static void check(const struct settle_options *options, enum settle_mode mode, bool verbose)
{
    assert_int_equal(options->mode, mode);
    assert_int_equal(options->verbose, verbose);
    assert_false(options->missing_ok);
}

static void test_defaults(void **state)
{
    (void)state;
    check(&options_default, MODE_FSYNC, false);
}

static void test_every_value(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        enum settle_mode mode;
        bool verbose;
    } cases[] = {
        {"mode", "fsync", MODE_FSYNC, false},
        {"mode", "writeback", MODE_WRITEBACK, false},
        {"mode", "off", MODE_OFF, false},
        {"verbose", "0", MODE_FSYNC, false},
        {"verbose", "1", MODE_FSYNC, true},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct settle_options options = options_default;
        const char *expected;

        assert_int_equal(options_set(&options, cases[i].key, cases[i].value, &expected), 0);
        check(&options, cases[i].mode, cases[i].verbose);
    }
}

/* "SETTLE_MODE =" in a makefile takes back what was chosen further out. */
static void test_empty_value(void **state)
{
    struct settle_options options = {.mode = MODE_OFF, .verbose = true};
    const char *expected;

    (void)state;
    assert_int_equal(options_set(&options, "mode", "", &expected), 0);
    check(&options, MODE_FSYNC, true);
    assert_int_equal(options_set(&options, "verbose", "", &expected), 0);
    check(&options, MODE_FSYNC, false);
}

static void set_empty(const char *variable, const char *fallback)
{
    assert_int_equal(setenv(variable, "", 1), 0);
    assert_true(*fallback);
}

static void unset(const char *variable, const char *fallback)
{
    (void)fallback;
    assert_int_equal(unsetenv(variable), 0);
}

/* What an empty value stands for is the default. */
static void test_all_empty(void **state)
{
    struct settle_options options = {.mode = MODE_OFF, .stable = 1, .timeout = 2, .batch_files = 3, .batch_bytes = 4,
                                     .batch_age = 5, .verbose = true};
    const char *name, *expected;

    (void)state;
    options_each(set_empty);
    assert_int_equal(options_from_environment(&options, &name, &expected), 0);
    assert_int_equal(options.mode, options_default.mode);
    assert_int_equal(options.verbose, options_default.verbose);
    assert_int_equal((int)options.stable, (int)options_default.stable);
    assert_int_equal((int)options.timeout, (int)options_default.timeout);
    assert_int_equal(options.batch_files, options_default.batch_files);
    assert_int_equal(options.batch_bytes, options_default.batch_bytes);
    assert_int_equal((int)options.batch_age, (int)options_default.batch_age);
    options_each(unset);
}

static void test_wrong_value(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *expected;
    } cases[] = {
        {"mode", "sync", EXPECTED_MODE},      {"mode", "FSYNC", EXPECTED_MODE},
        {"mode", "fsync ", EXPECTED_MODE},    {"mode", "fsyncs", EXPECTED_MODE},
        {"mode", "0", EXPECTED_MODE},         {"verbose", "2", EXPECTED_VERBOSE},
        {"verbose", "10", EXPECTED_VERBOSE},  {"verbose", "yes", EXPECTED_VERBOSE},
        {"verbose", "-1", EXPECTED_VERBOSE},  {"verbose", " 1", EXPECTED_VERBOSE},
        {"missing_ok", "1", "an option that settle knows"},
        {"Mode", "fsync", "an option that settle knows"},
        {"", "fsync", "an option that settle knows"},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct settle_options options = {.mode = MODE_WRITEBACK, .verbose = true};
        const char *expected = NULL;

        assert_int_equal(options_set(&options, cases[i].key, cases[i].value, &expected), -1);
        assert_string_equal(expected, cases[i].expected);
        check(&options, MODE_WRITEBACK, true);
    }
}

static void test_environment(void **state)
{
    struct settle_options options = {.mode = MODE_WRITEBACK, .verbose = true};
    const char *name, *expected;

    (void)state;
    assert_int_equal(options_from_environment(&options, &name, &expected), 0);
    check(&options, MODE_WRITEBACK, true);

    setenv("SETTLE_MODE", "off", 1);
    assert_int_equal(options_from_environment(&options, &name, &expected), 0);
    check(&options, MODE_OFF, true);

    setenv("SETTLE_MODE", "", 1);
    setenv("SETTLE_VERBOSE", "0", 1);
    assert_int_equal(options_from_environment(&options, &name, &expected), 0);
    check(&options, MODE_FSYNC, false);
}

static void test_wrong_environment(void **state)
{
    struct settle_options options = options_default;
    const char *name = NULL, *expected = NULL;

    (void)state;
    setenv("SETTLE_VERBOSE", "loud", 1);
    assert_int_equal(options_from_environment(&options, &name, &expected), -1);
    assert_string_equal(name, "SETTLE_VERBOSE");
    assert_string_equal(expected, EXPECTED_VERBOSE);

    setenv("SETTLE_MODE", "slow", 1);
    assert_int_equal(options_from_environment(&options, &name, &expected), -1);
    assert_string_equal(name, "SETTLE_MODE");
    assert_string_equal(expected, EXPECTED_MODE);
    check(&options, MODE_FSYNC, false);
}

static void test_seconds(void **state)
{
    static const char *const wrong[] = {"-1", "x", "1s", "1e3", "inf", "nan", ".", " 1", "1.2.3",
                                        "10000001"};
    const char *expected;

    (void)state;
    for (size_t i = 0; i < SIZE(wrong); i++) {
        struct settle_options options = options_default;

        assert_int_equal(options_set(&options, "stable", wrong[i], &expected), -1);
        assert_string_equal(expected, "a number of seconds");
        assert_int_equal(options_set(&options, "timeout", wrong[i], &expected), -1);
    }
}

static void test_conflict(void **state)
{
    struct settle_options options = options_default;
    const char *expected;

    (void)state;
    assert_false(options_conflict(&options));
    assert_int_equal(options_set(&options, "stable", "10", &expected), 0);
    assert_false(options_conflict(&options));
    assert_int_equal(options_set(&options, "stable", "10.5", &expected), 0);
    assert_true(options_conflict(&options));
    assert_int_equal(options_set(&options, "timeout", "11", &expected), 0);
    assert_false(options_conflict(&options));
    assert_int_equal(options_set(&options, "timeout", "", &expected), 0);
    assert_true(options.timeout == 10);
}

static void test_format(void **state)
{
    const struct settle_options longest = {
        .mode = MODE_WRITEBACK, .stable = 1e7, .timeout = 1e7, .verbose = true};
    char text[OPTIONS_TEXT];

    (void)state;
    options_format(&options_default, text, sizeof text);
    assert_string_equal(text, "mode=fsync stable=0.000000000 timeout=10.000000000 verbose=0");
    options_format(&longest, text, sizeof text);
    assert_string_equal(text, "mode=writeback stable=10000000.000000000 timeout=10000000.000000000 verbose=1");
    memset(text, 'x', sizeof text);
    options_format(&longest, text, 8);
    assert_string_equal(text, "mode=wr");
    assert_int_equal(text[8], 'x');
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int mode = MODE_FSYNC; mode <= MODE_OFF; mode++)
        for (int verbose = 0; verbose <= 1; verbose++) {
            struct settle_options from = {.mode = (enum settle_mode)mode,
                                          .stable = 1.5,
                                          .timeout = 2.25,
                                          .verbose = verbose == 1};
            struct settle_options to = {.mode = (enum settle_mode)((mode + 1) % 3),
                                        .verbose = verbose == 0,
                                        .missing_ok = true};
            char text[OPTIONS_TEXT];

            options_format(&from, text, sizeof text);
            assert_int_equal(options_parse(&to, text), 0);
            assert_int_equal(to.mode, from.mode);
            assert_int_equal(to.verbose, from.verbose);
            assert_true(to.stable == 1.5 && to.timeout == 2.25);
            assert_true(to.missing_ok);  /* is the face's own, it doesn't travel */
        }
}

/* settle-sh that make did not start: no text, all as it is. */
static void test_parse_nothing(void **state)
{
    struct settle_options options = {.mode = MODE_WRITEBACK, .verbose = true};

    (void)state;
    assert_int_equal(options_parse(&options, ""), 0);
    check(&options, MODE_WRITEBACK, true);
}

static void test_parse_garbage(void **state)
{
    static const char *const garbage[] = {
        "mode", "fsync", "mode=sync", "mode=fsync verbose", "mode=fsync verbose=2",
        "mode=fsync verbose=0 more=1", "=", "=fsync", "mode fsync", "mode=fsync\tverbose=0",
        "mode=fsync,verbose=0",
        /* longer than any */
        ("mode=fsync verbose=0 verbose=0 verbose=0 verbose=0 verbose=0 verbose=0 verbose=0 verbose=0 "
         "verbose=0 verbose=0 verbose=0 verbose=0"),
    };

    (void)state;
    for (size_t i = 0; i < SIZE(garbage); i++) {
        struct settle_options options = options_default;

        assert_int_equal(options_parse(&options, garbage[i]), -1);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_every_value),
        TEST(test_empty_value),
        TEST(test_all_empty),
        TEST(test_wrong_value),
        TEST(test_environment),
        TEST(test_wrong_environment),
        TEST(test_seconds),
        TEST(test_conflict),
        TEST(test_format),
        TEST(test_round_trip),
        TEST(test_parse_nothing),
        TEST(test_parse_garbage),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
