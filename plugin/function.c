/* function.c - the make function $(settle file...)
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "function.h"
#include "make.h"
#include "message.h"
#include "names.h"
#include "options.h"

struct telling {
    const struct settle_options *options;
    char *failure;  /* the last one, not yet said: it becomes make's fatal error */
    bool is_lost;   /* the next make would find such a file up to date */
};

static void tell(const struct outcome *outcome, void *context)
{
    struct telling *telling = context;

    if (outcome->what == OUTCOME_FAILED) {
        if (telling->failure)
            message("%s", telling->failure);
        free(telling->failure);
        telling->failure = make_need(message_of(outcome));
        telling->is_lost |= outcome_lost(outcome);
    } else if (telling->options->verbose) {
        char *text = make_need(message_of(outcome));

        message("%s", text);
        free(text);
    }
}

/* True where NAME, or all below that directory, is TARGET. */
static bool is_same(const char *name, const char *target)
{
    size_t length;

    name = names_without_dots(name);
    target = names_without_dots(target);
    length = strlen(name);
    while (length > 1 && name[length - 1] == '/')
        length--;
    return strncmp(name, target, length) == 0 && target[length + strspn(target + length, "/")] == '\0';
}

/* make expands all lines of a recipe before it runs the first one, so here $@ is not yet made. */
static void check_own_output(const struct names *names, const char *argument)
{
    char *target = make_target();
    char *whole = make_need(names_trim(argument));  /* a name with blanks, not yet there */
    const char *own = is_same(whole, target) ? whole : NULL;

    for (size_t i = 0; i < names->count && !own; i++)
        if (is_same(names->name[i], target))
            own = names->name[i];
    if (own && *target)
        make_fatal("$(settle %s) in the recipe that makes '%s' runs before that recipe; to settle "
                   "it afterwards, write instead of it the line '%s: private SETTLE = $@'",
                   own, target, target);
    free(whole);
    free(target);
}

static void settle_all(const struct settle_options *options, const struct names *names)
{
    struct telling telling = {.options = options};
    const struct engine_caller caller = {.tell = tell, .context = &telling};
    int failed = engine_settle(options, names->name, names->count, &caller);

    if (failed < 0)
        make_fatal("%s", strerror(errno));
    if (failed)
        make_fatal("%s%s", telling.failure,
                   telling.is_lost ? "; remove it, or the next make takes it for up to date" : "");
}

/* The names with single blanks between them, as make's functions return lists. */
static char *join(const struct names *names)
{
    size_t length = 1;
    char *text, *end;

    for (size_t i = 0; i < names->count; i++)
        length += strlen(names->name[i]) + 1;
    text = end = make_need(malloc(length));
    *text = '\0';
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0)
            *end++ = ' ';
        end = stpcpy(end, names->name[i]);
    }
    return make_take(text);
}

char *function_settle(const char *name, unsigned count, char **argument)
{
    struct settle_options options;
    struct names names;
    char *result;

    (void)name;
    (void)count;
    if (names_split(&names, argument[0]) < 0)
        make_fatal("%s", strerror(errno));
    if (!make_is_dry()) {
        make_options(&options);
        if (options.mode != MODE_OFF)
            check_own_output(&names, argument[0]);
        /* nothing here is marked, and the recipe that reads the files comes next */
        if (options.mode == MODE_DEFERRED)
            options.mode = MODE_WRITEBACK;
        settle_all(&options, &names);
    }
    result = join(&names);
    names_free(&names);
    return result;
}
