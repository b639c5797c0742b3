/* make.h - what the plugin asks of the make it is loaded into
   SPDX-License-Identifier: GPL-3.0-or-later

   Texts returned are the caller's to free(3).  When memory runs out, make is ended: there is nobody
   to return an error to. */

#ifndef SETTLE_MAKE_H
#define SETTLE_MAKE_H

#include <stdbool.h>

#include "options.h"

/* TEXT expanded by make, in the context of the target whose recipe make is expanding or starting, if
   any.  TEXT must be a constant of the plugin's or a value of a make variable: file names never pass
   through here. */
char *make_expand(const char *text);

/* Copies TEXT into memory that a function of make's may return; NULL, for "empty", where it is. */
char *make_result(const char *text);

/* The same, and frees TEXT. */
char *make_take(char *text);

/* The target whose recipe it is, or an empty text while makefiles are read. */
char *make_target(void);

/* TARGET, what make_target has just returned, where the member of an archive is told from the others: "archive(member)". */
char *make_unit(const char *target);

/* A make variable as it was, to be expanded when make would have expanded it. */
struct make_variable {
    char *value;
    bool is_recursive;
};

/* The variable that has VALUE, a "$(value NAME)", and FLAVOR, a "$(flavor NAME)". */
struct make_variable make_capture(const char *value, const char *flavor);
char *make_expand_captured(const struct make_variable *captured);

/* True under -n, -q and -t, when recipes don't run. */
bool make_is_dry(void);

/* The options as the make variables SETTLE_MODE... have them in the current context; a value that is
   none is a fatal error. */
void make_options(struct settle_options *options);

/* Ends make with "FILE:LINE: *** settle: TEXT.  Stop." and its status 2. */
_Noreturn void make_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text of that error, for the make function through which it travels as data. */
const char *make_fatal_text(void);

/* Tells "settle: TEXT" on stderr, an error that must not end make here: make_has_failed is true from now on. */
void make_fail_at_end(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool make_has_failed(void);

/* To be called when the plugin is loaded: before it started anew, make may have come to know of a failure. */
void make_recall_failure(void);

/* Adds the rule that is the first LENGTH bytes of TARGETS, "name", and REST, ": prerequisites"; but not for the default
   goal, which would be the first target that make comes to know. */
void make_rule(const char *targets, size_t length, const char *rest);

/* TEXT, or a fatal error where it is NULL. */
char *make_need(char *text);

#endif
