/* expansion.c - what make would do to expand a variable
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expansion.h"
#include "list.h"
#include "make.h"

#define NAME "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

/* $(FUNCTION NAME). */
static char *ask(const char *function, const char *name)
{
    char *code, *answer;

    if (asprintf(&code, "$(%s %s)", function, name) < 0)
        make_need(NULL);
    answer = make_expand(code);
    free(code);
    return answer;
}

static bool is_recursive(const char *name)
{
    char *flavor = ask("flavor", name);
    bool is = strcmp(flavor, "recursive") == 0;

    free(flavor);
    return is;
}

/* The name of what is referred to by "$..." at TEXT, newly allocated; empty where it is not a plain one. */
static char *reference(const char *text)
{
    const char *name = text + 1;
    size_t length = 1;

    if (*name == '(' || *name == '{') {
        name++;
        length = strspn(name, NAME);
        if (strncmp(name, "call ", 5) == 0) {
            name += 5 + strspn(name + 5, " \t");
            length = strspn(name, NAME);
        }
    }
    return make_need(strspn(name, NAME) >= length ? strndup(name, length) : strdup(""));
}

static bool may_run_shell(const char *name, struct list *seen);

/* True where what TEXT refers to, and is not among SEEN, may run a shell. */
// NOLINTNEXTLINE(misc-no-recursion): once for each variable that there is
static bool refers_to_shell(const char *text, struct list *seen)
{
    bool may = false;

    for (const char *at = text; !may && (at = strchr(at, '$')); at += 1 + (at[1] == '$')) {
        char *name = reference(at);

        may = may_run_shell(name, seen);
        free(name);
    }
    return may;
}

/* expansion_may_run_shell for what is not among SEEN. */
// NOLINTNEXTLINE(misc-no-recursion): as above
static bool may_run_shell(const char *name, struct list *seen)
{
    char *value;
    bool may;

    if (!*name || list_has(seen, name))
        return false;
    if (list_add(seen, name) < 0)
        make_need(NULL);
    value = ask("value", name);
    may = strchr(value, '$') && is_recursive(name) && (strstr(value, "shell") || refers_to_shell(value, seen));
    free(value);
    return may;
}

bool expansion_passes_on_to_shell(const char *name)
{
    char *value = ask("value", name);
    struct list seen = {0};
    bool may = list_add(&seen, name) < 0 || refers_to_shell(value, &seen);

    list_free(&seen);
    free(value);
    return may;
}

bool expansion_may_run_shell(const char *name)
{
    struct list seen = {0};
    bool may = may_run_shell(name, &seen);

    list_free(&seen);
    return may;
}
