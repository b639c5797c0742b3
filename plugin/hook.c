/* hook.c - makes make run settle-sh for the recipes of annotated targets
   SPDX-License-Identifier: GPL-3.0-or-later

   make has no callback after a recipe, and one in its own process would stall the other jobs of -j.
   But it expands $(SHELL) in the target's context before each recipe line, then (once for each
   target) the exported variables for the recipe's environment.  So:

     override SHELL = $(if $(value SETTLE)$(settle-begun),$(settle-hook shell),/bin/sh)    settle-sh where
                                                      SETTLE has files, else what it was
     override export SETTLE_JOB = $(if $(value SETTLE),$(settle-hook job))   what settle-sh is to do: job.h

   $(value), not $(SETTLE) itself: a target without SETTLE costs no more than that, and see setting_expand.
   settle-begun is not empty while there are annotated targets whose recipes have begun, and may be over by now: their
   marks are not to stay while a line of another target runs, which may take an hour, and be interrupted.

   The makefiles may set SHELL before or after "load", so SHELL is replaced when all are read.  make
   tells of that moment by expanding GPATH, exactly once, after the last makefile is read and before
   the first recipe (vpath.c, build_vpath_lists; seen in 4.0 to 4.4.90):

     GPATH = $(settle-hook gpath)                     what it was, once SHELL is replaced */

#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook.h"
#include "job.h"
#include "make.h"
#include "makefiles.h"
#include "program.h"
#include "project_shell.h"
#include "recovery.h"
#include "target.h"

#define SHELL_HOOK "$(if $(value SETTLE)$(settle-begun),$(settle-hook shell),"
#define GPATH_HOOK "$(settle-hook gpath)"

static struct {
    enum hook_state state;
    struct make_variable gpath;
    char *shell_code;  /* SHELL as we have set it */
} hook;

enum hook_state hook_state(void)
{
    return hook.state;
}

bool hook_has_shell(void)
{
    char *value = make_expand("$(value SHELL)");
    bool has = hook.shell_code && strcmp(value, hook.shell_code) == 0;

    free(value);
    return has;
}

/* Sets SHELL, with MODIFIER before it; true where that is its value then. */
static bool set_shell(const char *modifier)
{
    char *code, *value;
    bool is_set;

    if (asprintf(&code, "$(eval %sSHELL = $$(if $$(value SETTLE)$$(settle-begun),$$(settle-hook shell),%s))",
                 modifier, project_shell_code("$$(settle-hook plain-shell)")) < 0)
        make_need(NULL);
    free(make_expand(code));
    free(code);
    value = make_expand("$(value SHELL)");
    is_set = strncmp(value, SHELL_HOOK, sizeof SHELL_HOOK - 1) == 0;
    free(hook.shell_code);
    hook.shell_code = value;
    return is_set;
}

/* Each time that GPATH is expanded, for a makefile may do so as well and set SHELL thereafter.  SHELL may come
   from the command line, which only "override" beats. */
static void replace_shell(void)
{
    if (hook_has_shell())
        return;
    project_shell_capture();
    if (!set_shell(""))
        set_shell("override ");
}

static char *part_plain_shell(void)
{
    return make_take(project_shell());
}

/* GPATH: all makefiles are read. */
static char *part_gpath(void)
{
    if (hook.state == HOOK_WAITING) {
        hook.state = make_is_dry() ? HOOK_DRY : HOOK_IN;
        recovery_run_again();
    }
    if (hook.state == HOOK_IN)
        replace_shell();
    return make_take(make_expand_captured(&hook.gpath));
}

static char *part_error(void)
{
    return make_result(make_fatal_text());
}

char *hook_function(const char *name, unsigned count, char **argument)
{
    static const struct {
        const char *part;
        char *(*function)(void);
    } parts[] = {
        {"shell", target_shell},
        {"plain-shell", part_plain_shell},
        {"job", target_job},
        {"gpath", part_gpath},
        {"error", part_error},
    };

    (void)count;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(argument[0], parts[i].part) == 0)
            return parts[i].function();
    make_fatal("$(%s %s) is internal to settle", name, argument[0]);
}

static bool is_hooked(void)
{
    char *value = make_expand("$(value GPATH)");
    bool is = strcmp(value, GPATH_HOOK) == 0;

    free(value);
    return is;
}

void hook_prepare(const char *library)
{
    program_find(library);
    makefiles_note();
    project_shell_inherit();
    hook.gpath = make_capture("$(value GPATH)", "$(flavor GPATH)");
    /* "override" only where the value at hand beats the makefile's (from the command line, or by -e from the
       environment): with it, a later GPATH of the makefile would be ignored rather than seen (target.c, check_hook). */
    free(make_expand("$(eval GPATH = $$(settle-hook gpath))"));
    if (!is_hooked())
        free(make_expand("$(eval override GPATH = $$(settle-hook gpath))"));
    free(make_expand("$(eval override settle-begun :=)"));
    free(make_expand("$(eval override export " JOB " = $$(if $$(value SETTLE),$$(settle-hook job)))"));
}
