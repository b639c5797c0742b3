/* makefiles.c - what is to be seen in the makefiles that make has read
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "make.h"
#include "makefiles.h"
#include "rules.h"

static char *before;  /* those that had been read when the plugin was loaded */

void makefiles_note(void)
{
    before = make_expand("$(strip $(MAKEFILE_LIST))");
}

/* Reads what MAKEFILE_LIST names.  A makefile may have set that, and left out some of those before; and --eval is in
   none. */
static void read_rules(void)
{
    char *flags = make_expand("$(MAKEFLAGS)"), *makefiles = make_expand("$(MAKEFILE_LIST)"), *rest;
    const char *list = makefiles + strspn(makefiles, " "), *eval = strstr(flags, "--eval");

    if (!*list || strncmp(list, before, strlen(before)) != 0 || (eval && strstr(eval, "::")))
        rules_read(NULL);
    free(flags);
    for (char *word = strtok_r(makefiles, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        rules_read(word);
    free(makefiles);
}

static void read_once(bool *is_read)
{
    if (!*is_read)
        read_rules();
    *is_read = true;
}

bool makefiles_may_have_double_colon(const char *target)
{
    static bool is_read;

    read_once(&is_read);
    return rules_are_double(target);
}

bool makefiles_have_double_colon(const char *target)
{
    static bool is_read;  /* there may be more of them later: the other one doesn't count on these */

    read_once(&is_read);
    return rules_name(target);
}
