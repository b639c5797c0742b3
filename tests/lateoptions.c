/* lateoptions.c - the command line of latefs
   SPDX-License-Identifier: GPL-3.0-or-later */

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lateoptions.h"

const struct late_options late_options_default = {.delay = 1000000000, .hold_reads = -1};

const char late_options_help[] =
    "Usage: latefs [OPTION]... FOLDER MOUNTPOINT\n"
    "\n"
    "Shows FOLDER at MOUNTPOINT, except that what a write does to a file's ctime and\n"
    "block count shows late: a while after the last descriptor or mapping that could\n"
    "write has gone, or at fsync.  Size, mtime and content are never late.\n"
    "\n"
    "    -o delay=SECONDS       how late (1)\n"
    "    -o after_fsync         fsync shows what is there, but the ctime moves once more\n"
    "                           at the late moment\n"
    "    -o hold_reads=BYTES    reads through a read-only descriptor beyond the first BYTES\n"
    "                           of a file that is late wait until it no longer is\n"
    "    -o fsync_errno=ERRNO   fsync of a file fails so: EIO ENOSPC EDQUOT EROFS EINVAL,\n"
    "                           or a number\n"
    "    -o fsyncdir_errno=ERRNO   fsync of a directory does\n"
    "    -o write_errno=ERRNO   writing back what was written through a mapping does\n"
    "\n"
    "    -h   --help            print this help\n"
    "    -V   --version         print version\n";

enum { KEY_DELAY, KEY_AFTER_FSYNC, KEY_HOLD_READS, KEY_FSYNC, KEY_FSYNCDIR, KEY_WRITE };

/* FUSE_OPT_KEY, without clang's warning about its -1U.  With a %s, an
   option takes a value. */
#define CALL_TAKE(template, key) {template, UINT_MAX, key}

static const struct fuse_opt templates[] = {
    CALL_TAKE("delay=%s", KEY_DELAY),
    CALL_TAKE("after_fsync", KEY_AFTER_FSYNC),
    CALL_TAKE("hold_reads=%s", KEY_HOLD_READS),
    CALL_TAKE("fsync_errno=%s", KEY_FSYNC),
    CALL_TAKE("fsyncdir_errno=%s", KEY_FSYNCDIR),
    CALL_TAKE("write_errno=%s", KEY_WRITE),
    FUSE_OPT_END,
};

static int complain(const char *argument, const char *expected)
{
    fprintf(stderr, "latefs: %s: %s expected\n", argument, expected);
    return -1;
}

static int parse_delay(int64_t *delay, const char *argument, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);

    if (end == value || *end || !(seconds >= 0 && seconds < 1e6))
        return complain(argument, "a number of seconds");
    *delay = (int64_t)(seconds * 1e9);
    return 0;
}

static int parse_bytes(int64_t *bytes, const char *argument, const char *value)
{
    char *end;

    errno = 0;
    *bytes = strtoll(value, &end, 10);
    if (end == value || *end || errno || *bytes < 0)
        return complain(argument, "a number of bytes");
    return 0;
}

static int parse_errno(int *error, const char *argument, const char *value)
{
    static const struct {
        const char *name;
        int error;
    } names[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS}, {"EINVAL", EINVAL},
    };
    char *end;
    long number = strtol(value, &end, 10);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i].name) == 0) {
            *error = names[i].error;
            return 0;
        }
    /* fuse_reply_err refuses more than 1000 */
    if (end == value || *end || number < 1 || number > 1000)
        return complain(argument, "EIO, ENOSPC, EDQUOT, EROFS, EINVAL or a number");
    *error = (int)number;
    return 0;
}

/* The first argument that isn't an option is FOLDER; the other one is libfuse's. */
static int take_folder(struct late_options *options, const char *argument)
{
    if (options->folder)
        return 1;
    options->folder = strdup(argument);
    return options->folder ? 0 : -1;
}

static int take(void *data, const char *argument, int key, struct fuse_args *args)
{
    struct late_options *options = data;
    const char *equals = strchr(argument, '=');
    const char *value = equals ? equals + 1 : "";

    (void)args;
    switch (key) {
    case FUSE_OPT_KEY_NONOPT:
        return take_folder(options, argument);
    case KEY_DELAY:
        return parse_delay(&options->delay, argument, value);
    case KEY_AFTER_FSYNC:
        options->after_fsync = true;
        return 0;
    case KEY_HOLD_READS:
        return parse_bytes(&options->hold_reads, argument, value);
    case KEY_FSYNC:
        return parse_errno(&options->fsync_errno, argument, value);
    case KEY_FSYNCDIR:
        return parse_errno(&options->fsyncdir_errno, argument, value);
    case KEY_WRITE:
        return parse_errno(&options->write_errno, argument, value);
    default:
        return 1;
    }
}

int late_options_parse(struct late_options *options, struct fuse_args *args)
{
    *options = late_options_default;
    return fuse_opt_parse(args, options, templates, take);
}
