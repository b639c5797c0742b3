/* plugin.c - settle.so: what GNU make calls at "load settle.so"
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dlfcn.h>
#include <gnumake.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "function.h"
#include "hook.h"
#include "make.h"
#include "options.h"
#include "recipes.h"
#include "recovery.h"

#define EXPORTED __attribute__((visibility("default")))

/* make refuses a plugin without it. */
EXPORTED extern int plugin_is_GPL_compatible;
int plugin_is_GPL_compatible;

/* Development versions of make pass a number before the location, releases don't: neither is read. */
EXPORTED int settle_gmk_setup(void);
EXPORTED void settle_gmk_unload(void);

static bool is_loaded;

/* The absolute path of this very file, symbolic links resolved, into PATH. */
static const char *find_library(char path[PATH_MAX])
{
    Dl_info info;

    if (!dladdr(&is_loaded, &info) || !realpath(info.dli_fname, path))
        return PKGLIBDIR "/settle.so";
    return path;
}

/* "load settle.so" also finds what the dynamic linker finds.  Then make wants to remake that name, as it does with
   makefiles, and there is no such file here: a rule of ours that does nothing keeps it from giving up. */
static void keep_name(void)
{
    static const char name[] = "settle.so";

    if (access(name, F_OK) < 0)
        make_rule(name, sizeof name - 1, ": ;");
}

/* Defined, so that --warn-undefined-variables has nothing to say of VARIABLE. */
static void define_default(const char *variable, const char *value)
{
    char *text;

    if (asprintf(&text, "$(eval %s ?= %s)", variable, value) < 0)
        make_need(NULL);
    free(make_expand(text));
    free(text);
}

int settle_gmk_setup(void)
{
    char path[PATH_MAX];

    if (is_loaded)
        return 1;  /* under a second name, or a copy: make looks for this function in all that is loaded first */
    is_loaded = true;
    make_recall_failure();
    free(make_expand("$(eval SETTLE ?=)$(eval SETTLE_DIR ?= .settle)$(eval SETTLE_RECOVER ?=)"));
    options_each(define_default);
    hook_prepare(find_library(path));
    keep_name();
    gmk_add_function("settle", function_settle, 1, 1, GMK_FUNC_DEFAULT);
    gmk_add_function("settle-hook", hook_function, 1, 1, GMK_FUNC_DEFAULT);
    recovery_run();
    return 1;
}

/* make calls nothing at its end, but its process ends as any other. */
static __attribute__((destructor)) void end(void)
{
    if (!is_loaded || (recipes_end() == 0 && !make_has_failed()))
        return;
    fflush(NULL);
    _exit(2);  /* as make itself does after an error */
}

void settle_gmk_unload(void)
{
    end();
}
