/* make.c - what the plugin asks of the make it is loaded into
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <gnumake.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make.h"
#include "message.h"
#include "names.h"

static char *fatal_text;

char *make_need(char *text)
{
    if (text)
        return text;
    message("out of memory");
    _exit(2);
}

char *make_expand(const char *text)
{
    char *expanded = gmk_expand(text);
    char *copy = make_need(strdup(expanded));

    gmk_free(expanded);
    return copy;
}

char *make_result(const char *text)
{
    size_t size = strlen(text) + 1;
    char *result;

    if (size == 1)
        return NULL;
    result = gmk_alloc((unsigned)size);
    memcpy(result, text, size);
    return result;
}

char *make_take(char *text)
{
    char *result = make_result(text);

    free(text);
    return result;
}

char *make_target(void)
{
    char *origin = make_expand("$(origin @)");
    bool in_recipe = strcmp(origin, "automatic") == 0;  /* else $@ would warn of being undefined */

    free(origin);
    return make_expand(in_recipe ? "$@" : "");
}

char *make_unit(const char *target)
{
    return *target ? make_expand("$@$(if $%,($%))") : make_need(strdup(""));
}

struct make_variable make_capture(const char *value, const char *flavor)
{
    char *text = make_expand(flavor);
    struct make_variable captured = {make_expand(value), strcmp(text, "recursive") == 0};

    free(text);
    return captured;
}

char *make_expand_captured(const struct make_variable *captured)
{
    return captured->is_recursive ? make_expand(captured->value)
                                  : make_need(strdup(captured->value));
}

/* True where one of the options in WORD, "nqt" or "-nqt", is -n, -q or -t. */
static bool has_dry_letter(const char *word)
{
    static const char dry[] = "nqt", with_argument[] = "CEfIjloOW-";
    size_t letters;

    word += *word == '-';
    letters = strcspn(word, with_argument);  /* the rest is that one's */
    return strcspn(word, dry) < letters;
}

/* Takes the next word out of *REST; a blank after a backslash is one within it, as make writes --eval='A = -n'. */
static char *next_option(char **rest)
{
    char *word = *rest, *end = word;

    if (!word)
        return NULL;
    for (; *end && *end != ' '; end++)
        if (*end == '\\' && end[1])
            end++;
    *rest = *end ? end + 1 : NULL;
    *end = '\0';
    return word;
}

/* True where the options in REFERENCE, as MAKEFLAGS has them, are of those: one-letter ones come first, without
   a dash where make itself has put them there.  What follows "--", or is a definition, isn't an option. */
static bool is_dry_in(const char *reference)
{
    char *flags = make_expand(reference), *rest = flags, *word;
    bool is_first = *flags != ' ', is_dry = false;

    while (!is_dry && (word = next_option(&rest)) && strcmp(word, "--") != 0) {
        is_dry = *word == '-' ? has_dry_letter(word) : is_first && !strchr(word, '=') && has_dry_letter(word);
        is_first = false;
    }
    free(flags);
    return is_dry;
}

/* A makefile may have set MAKEFLAGS, to less than make was called with, and make puts the rest back when all are
   read: MFLAGS has it till then. */
bool make_is_dry(void)
{
    return is_dry_in("$(MFLAGS)") || is_dry_in("$(MAKEFLAGS)");
}

static void set_option(struct settle_options *options, const char *key, const char *variable,
                       const char *reference)
{
    char *text = make_expand(reference);
    char *value = make_need(names_trim(text));
    const char *expected;

    if (options_set(options, key, value, &expected) < 0)
        make_fatal("%s: '%s' is not %s", variable, value, expected);
    free(value);
    free(text);
}

void make_options(struct settle_options *options)
{
    *options = options_default;
    set_option(options, "mode", "SETTLE_MODE", "$(SETTLE_MODE)");
    set_option(options, "stable", "SETTLE_STABLE", "$(SETTLE_STABLE)");
    set_option(options, "timeout", "SETTLE_TIMEOUT", "$(SETTLE_TIMEOUT)");
    if (options->mode == MODE_DEFERRED) {
        set_option(options, "batch-files", "SETTLE_BATCH_FILES", "$(SETTLE_BATCH_FILES)");
        set_option(options, "batch-bytes", "SETTLE_BATCH_BYTES", "$(SETTLE_BATCH_BYTES)");
        set_option(options, "batch-seconds", "SETTLE_BATCH_SECONDS", "$(SETTLE_BATCH_SECONDS)");
    }
    set_option(options, "verbose", "SETTLE_VERBOSE", "$(SETTLE_VERBOSE)");
    if (options_conflict(options))
        make_fatal("the time to stand still (SETTLE_STABLE) is longer than the timeout (SETTLE_TIMEOUT)");
}

void make_fatal(const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vasprintf(&fatal_text, format, arguments);
    va_end(arguments);
    if (n >= 0)
        /* The text comes out of a function, so that make doesn't take it for make code. */
        gmk_expand("$(error settle: $(settle-hook error))");
    else
        message("out of memory");
    _exit(2);
}

/* Where make starts anew, by exec, because a makefile was remade, the environment tells the new one: by our number. */
#define FAILED "SETTLE_FAILED"

static bool has_failed;

void make_fail_at_end(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        make_need(NULL);
    va_end(arguments);
    message("%s", text);
    free(text);
    if (asprintf(&text, "%jd", (intmax_t)getpid()) < 0 || setenv(FAILED, text, 1) < 0)
        make_need(NULL);
    free(text);
    has_failed = true;
}

void make_recall_failure(void)
{
    const char *failed = getenv(FAILED);

    if (!failed)
        return;
    has_failed = strtoimax(failed, NULL, 10) == getpid();
    free(make_expand("$(eval override undefine " FAILED ")"));  /* make has made a variable of it, for its recipes */
}

bool make_has_failed(void)
{
    return has_failed;
}

void make_rule(const char *targets, size_t length, const char *rest)
{
    char *code;

    if (asprintf(&code, "$(eval settle-goal := $$(value .DEFAULT_GOAL))$(eval %.*s%s)"
                        "$(eval .DEFAULT_GOAL := $$(value settle-goal))", (int)length, targets, rest) < 0)
        make_need(NULL);
    free(make_expand(code));
    free(code);
}

const char *make_fatal_text(void)
{
    return fatal_text ? fatal_text : "";
}
