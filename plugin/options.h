/* options.h - what the user may choose, and how each choice is written
   SPDX-License-Identifier: GPL-3.0-or-later

   The same names and values serve the make variables SETTLE_MODE..., the environment of the
   command and its long options, and the text that travels from the plugin to settle-sh. */

#ifndef SETTLE_OPTIONS_H
#define SETTLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum settle_mode {
    MODE_FSYNC,      /* the files and their names survive a power cut */
    MODE_WRITEBACK,  /* no dirty page is left; no journal commit, no flush of the device */
    MODE_DEFERRED,   /* quiet and stable now; durable later, many at once (recipes.h) */
    MODE_OFF,        /* nothing at all */
};

struct settle_options {
    enum settle_mode mode;
    double stable;    /* seconds that attributes must stand still */
    double timeout;   /* seconds to wait for writers to let go, and for stability */
    size_t batch_files;    /* MODE_DEFERRED: how many files may wait to be durable, ... */
    uint64_t batch_bytes;  /* ... how many bytes of them; half of either, in work while the next half gathers, ... */
    double batch_age;      /* ... or seconds since the first one came make a batch */
    bool verbose;     /* the face prints a line for each file */
    bool missing_ok;  /* a file that is not there is reported as OUTCOME_MISSING, no failure */
    /* The caller knows that no process is left of those that wrote the files: where a lease can't tell,
       /proc isn't searched for others. */
    bool no_writer_left;
};

/* The defaults: fsync, no stability asked for, ten seconds, quiet, a missing file is a failure. */
extern const struct settle_options options_default;

/* Sets the option KEY ("mode", "stable", "timeout", "batch-files", "batch-bytes", "batch-seconds",
   "verbose") from VALUE.  An empty value is the default's.
   Returns 0, or -1 with *EXPECTED set to what the value should have been (static text). */
int options_set(struct settle_options *options, const char *key, const char *value,
                const char **expected);

/* Calls TELL for each option with its environment variable and what an empty value stands for. */
void options_each(void (*tell)(const char *variable, const char *fallback));

/* True where files would have to stand still for longer than they are waited for. */
bool options_conflict(const struct settle_options *options);

/* Sets the options from the environment variables SETTLE_MODE, SETTLE_STABLE...  Returns 0, or
   -1 with *NAME and *EXPECTED telling which variable is wrong and what it should have been. */
int options_from_environment(struct settle_options *options, const char **name,
                             const char **expected);

/* OPTIONS as words "mode=fsync stable=0 timeout=10 verbose=0" (batches are not settle-sh's to decide), and back.
   options_format writes at most SIZE bytes, the closing NUL included; OPTIONS_TEXT is always enough.  options_parse
   returns 0, or -1 where TEXT is not what options_format writes. */
#define OPTIONS_TEXT 128
void options_format(const struct settle_options *options, char *text, size_t size);
int options_parse(struct settle_options *options, const char *text);

#endif
