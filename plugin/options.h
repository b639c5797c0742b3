/* options.h - what the user may choose, and how each choice is written
   SPDX-License-Identifier: GPL-3.0-or-later

   The same names and values serve the make variables SETTLE_MODE..., the environment of the
   command and its long options, and the text that travels from the plugin to settle-sh. */

#ifndef SETTLE_OPTIONS_H
#define SETTLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum settle_mode {
    MODE_FSYNC,      /* the files and their names survive a power cut */
    MODE_WRITEBACK,  /* no dirty page is left; no journal commit, no flush of the device */
    MODE_OFF,        /* nothing at all */
};

struct settle_options {
    enum settle_mode mode;
    bool verbose;     /* the face prints a line for each file */
    bool missing_ok;  /* a file that is not there is reported as OUTCOME_MISSING, no failure */
};

/* The defaults: fsync, quiet, a missing file is a failure. */
extern const struct settle_options options_default;

/* Sets the option KEY ("mode", "verbose") from VALUE.  An empty value is the default's.
   Returns 0, or -1 with *EXPECTED set to what the value should have been (static text). */
int options_set(struct settle_options *options, const char *key, const char *value,
                const char **expected);

/* Sets the options from the environment variables SETTLE_MODE and SETTLE_VERBOSE.  Returns 0, or
   -1 with *NAME and *EXPECTED telling which variable is wrong and what it should have been. */
int options_from_environment(struct settle_options *options, const char **name,
                             const char **expected);

/* OPTIONS as words "mode=fsync verbose=0", and back.  options_format writes at most SIZE bytes,
   the closing NUL included; OPTIONS_TEXT is always enough.  options_parse returns 0, or -1 where
   TEXT is not what options_format writes. */
#define OPTIONS_TEXT 64
void options_format(const struct settle_options *options, char *text, size_t size);
int options_parse(struct settle_options *options, const char *text);

#endif
