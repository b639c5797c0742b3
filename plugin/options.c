/* options.c - what the user may choose, and how each choice is written
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define LONGEST_WAIT 1e7  /* seconds; some four months */

const struct settle_options options_default = {
    .mode = MODE_FSYNC,
    .timeout = 10,
    .batch_files = 1024,
    .batch_bytes = (uint64_t)256 << 20,
    .batch_age = 30,
};

static const char *const mode_names[] = {
    [MODE_FSYNC] = "fsync",
    [MODE_WRITEBACK] = "writeback",
    [MODE_DEFERRED] = "deferred",
    [MODE_OFF] = "off",
};

static int set_mode(struct settle_options *options, const char *value)
{
    for (size_t i = 0; i < sizeof mode_names / sizeof *mode_names; i++)
        if (strcmp(value, mode_names[i]) == 0) {
            options->mode = (enum settle_mode)i;
            return 0;
        }
    return -1;
}

/* A number of seconds, as people write it: "2", "1.5".  Not by strtod(3), which takes more than that, and in
   make, which has set the user's locale, a comma for the point. */
static int set_seconds(double *seconds, const char *value)
{
    const char *point = value + strspn(value, "0123456789");
    const char *end = *point == '.' ? point + 1 + strspn(point + 1, "0123456789") : point;
    double fraction = 0;

    if (*end || end - value < (*point == '.' ? 2 : 1) || point - value > 9)
        return -1;
    while (end > point + 1)
        fraction = (fraction + (*--end - '0')) / 10;
    *seconds = (double)strtoul(value, NULL, 10) + fraction;
    return *seconds > LONGEST_WAIT ? -1 : 0;
}

static int set_stable(struct settle_options *options, const char *value)
{
    return set_seconds(&options->stable, value);
}

static int set_timeout(struct settle_options *options, const char *value)
{
    return set_seconds(&options->timeout, value);
}

static int set_number(uint64_t *number, const char *value)
{
    char *end;

    if (value[strspn(value, "0123456789")])
        return -1;
    errno = 0;
    *number = strtoull(value, &end, 10);
    return errno || *number == 0 || *number > SIZE_MAX ? -1 : 0;
}

static int set_batch_files(struct settle_options *options, const char *value)
{
    uint64_t number;

    if (set_number(&number, value) < 0)
        return -1;
    options->batch_files = (size_t)number;
    return 0;
}

static int set_batch_bytes(struct settle_options *options, const char *value)
{
    return set_number(&options->batch_bytes, value);
}

static int set_batch_age(struct settle_options *options, const char *value)
{
    return set_seconds(&options->batch_age, value);
}

static int set_verbose(struct settle_options *options, const char *value)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return -1;
    options->verbose = *value == '1';
    return 0;
}

static const struct option_kind {
    const char *key;
    const char *variable;
    int (*set)(struct settle_options *options, const char *value);
    const char *fallback;
    const char *expected;
} kinds[] = {
    {"mode", "SETTLE_MODE", set_mode, "fsync", "fsync, writeback, deferred or off"},
    {"stable", "SETTLE_STABLE", set_stable, "0", "a number of seconds"},
    {"timeout", "SETTLE_TIMEOUT", set_timeout, "10", "a number of seconds"},
    {"batch-files", "SETTLE_BATCH_FILES", set_batch_files, "1024", "a number of files"},
    {"batch-bytes", "SETTLE_BATCH_BYTES", set_batch_bytes, "268435456", "a number of bytes"},
    {"batch-seconds", "SETTLE_BATCH_SECONDS", set_batch_age, "30", "a number of seconds"},
    {"verbose", "SETTLE_VERBOSE", set_verbose, "0", "0 or 1"},
};

#define KINDS (sizeof kinds / sizeof *kinds)

static int set_kind(struct settle_options *options, const struct option_kind *kind,
                    const char *value, const char **expected)
{
    *expected = kind->expected;
    return kind->set(options, *value ? value : kind->fallback);
}

int options_set(struct settle_options *options, const char *key, const char *value,
                const char **expected)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(key, kinds[i].key) == 0)
            return set_kind(options, &kinds[i], value, expected);
    *expected = "an option that settle knows";
    return -1;
}

void options_each(void (*tell)(const char *variable, const char *fallback))
{
    for (size_t i = 0; i < KINDS; i++)
        tell(kinds[i].variable, kinds[i].fallback);
}

int options_from_environment(struct settle_options *options, const char **name,
                             const char **expected)
{
    for (size_t i = 0; i < KINDS; i++) {
        const char *value = getenv(kinds[i].variable);

        *name = kinds[i].variable;
        if (value && set_kind(options, &kinds[i], value, expected) < 0)
            return -1;
    }
    return 0;
}

bool options_conflict(const struct settle_options *options)
{
    return options->stable > options->timeout;
}

/* SECONDS as set_seconds reads them. */
static void format_seconds(char text[32], double seconds)
{
    const uint64_t nanoseconds = (uint64_t)(seconds * 1e9 + 0.5);

    snprintf(text, 32, "%" PRIu64 ".%09" PRIu64, nanoseconds / 1000000000, nanoseconds % 1000000000);
}

void options_format(const struct settle_options *options, char *text, size_t size)
{
    char stable[32], timeout[32];

    format_seconds(stable, options->stable);
    format_seconds(timeout, options->timeout);
    snprintf(text, size, "mode=%s stable=%s timeout=%s verbose=%d", mode_names[options->mode], stable,
             timeout, options->verbose);
}

int options_parse(struct settle_options *options, const char *text)
{
    char copy[OPTIONS_TEXT];
    char *rest;

    if (strlen(text) >= sizeof copy)
        return -1;
    memcpy(copy, text, strlen(text) + 1);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        const char *expected;

        if (!value)
            return -1;
        *value++ = '\0';
        if (options_set(options, word, value, &expected) < 0)
            return -1;
    }
    return 0;
}
