/* hook.c - makes make run settle-sh for the recipes of annotated targets
   SPDX-License-Identifier: GPL-3.0-or-later

   make has no callback after a recipe, and one in its own process would stall the other jobs of -j.
   But it expands $(SHELL) in the target's context before each recipe line, then (once for each
   target) the exported variables for the recipe's environment.  So:

     override SHELL = $(if $(value SETTLE)$(settle-begun),$(settle-hook shell),/bin/sh)    settle-sh where
                                                      SETTLE has files, else what it was
     override export SETTLE_JOB = $(if $(value SETTLE),$(settle-hook job))   what settle-sh is to do: job.h

   $(value), not $(SETTLE) itself: a target without SETTLE costs no more than that, and see expand_setting.
   settle-begun is not empty while there are annotated targets whose recipes have begun, and may be over by now: their
   marks are not to stay while a line of another target runs, which may take an hour, and be interrupted.

   The makefiles may set SHELL before or after "load", so SHELL is replaced when all are read.  make
   tells of that moment by expanding GPATH, exactly once, after the last makefile is read and before
   the first recipe (vpath.c, build_vpath_lists; seen in 4.0 to 4.4.90):

     GPATH = $(settle-hook gpath)                     what it was, once SHELL is replaced */

#include "config.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expansion.h"
#include "hook.h"
#include "job.h"
#include "list.h"
#include "make.h"
#include "mark.h"
#include "names.h"
#include "options.h"
#include "program.h"
#include "pending.h"
#include "recipes.h"
#include "recovery.h"
#include "rules.h"
#include "shell.h"

#define SHELL_HOOK "$(if $(value SETTLE)$(settle-begun),$(settle-hook shell),"
#define GPATH_HOOK "$(settle-hook gpath)"

/* The kernel takes no longer string into a new process (execve(2), MAX_ARG_STRLEN), whatever the
   limit on all of them. */
#define LONGEST_VARIABLE ((size_t)128 * 1024)

/* A make variable as it was, to be expanded when make would have expanded it. */
struct captured {
    char *value;
    bool is_recursive;
};

/* What is to be done for a target, as of the last expansion of SHELL for it. */
struct current {
    char *target, *unit;  /* $@, and with the member of an archive */
    struct job job;      /* its files are empty where the target is not annotated, or the mode is off */
    bool is_put_off;     /* what is to be done is found out with the job: may_run_shell */
    bool shell_is_ours;  /* SHELL was expanded for this target, hence settle-sh runs its lines */
};

static struct {
    enum { WAITING, IN, DRY } state;
    struct captured gpath, shell;
    char *inherited_shell;  /* the project's shell, where a settle-sh has started this make */
    char *shell_code;       /* SHELL as we have set it */
    struct current current;
    bool has_begun;  /* settle-begun is set */
    enum { NOT_ASKED, ASKED, ANSWERING } setting_state;  /* expand_setting */
    char *setting;         /* what it is, */
    const char *answering; /* and for which target it is found out */
    char *makefiles;            /* those that have been read when this one is loaded */
    struct list with_job;       /* the targets that have been given one */
    void *empty;                /* those whose SETTLE was empty then (tsearch(3)) */
} hook;

static struct captured capture(const char *value, const char *flavor)
{
    char *text = make_expand(flavor);
    struct captured captured = {make_expand(value), strcmp(text, "recursive") == 0};

    free(text);
    return captured;
}

static char *expand_captured(const struct captured *captured)
{
    return captured->is_recursive ? make_expand(captured->value)
                                  : make_need(strdup(captured->value));
}

/* The shell that the project would have got, in the current context.  "$(MAKE) SHELL=$(SHELL)" in an
   annotated recipe hands settle-sh on to a nested make: there it stands for the outer one's shell. */
static char *expand_project_shell(void)
{
    char *shell = expand_captured(&hook.shell);

    if (program_is(shell)) {
        free(shell);
        shell = make_need(strdup(hook.inherited_shell));
    }
    return shell;
}

/* TARGET, $@ of the current context, with the member of an archive; empty outside recipes. */
static char *unit_of(const char *target)
{
    return *target ? make_unit() : make_need(strdup(""));
}

/* $(SETTLE) in the current context.  This runs while SHELL is being expanded, and a $(shell) in SETTLE
   needs SHELL: make would call that a variable that references itself.  It allows it for a function,
   however, that $(call) expands (function.c, func_call: exp_count), so SETTLE is expanded from within
   $(call SHELL), which comes back here by way of part_shell; and by $(call) as well, since that $(shell) may be one in
   SETTLE, which make is expanding. */
static char *expand_setting(void)
{
    char *raw = make_expand("$(value SETTLE)");

    if (!strchr(raw, '$'))
        return raw;
    free(raw);
    if (hook.setting_state == ANSWERING)
        return make_expand("$(call SETTLE)");
    hook.setting_state = ASKED;
    free(make_expand("$(call SHELL)"));
    if (hook.setting_state == NOT_ASKED)
        return hook.setting;
    hook.setting_state = NOT_ASKED;  /* that SHELL is the target's own, and not being expanded */
    return make_expand("$(call SETTLE)");
}

/* What is expanded from now on is what the job of UNIT is made of (NULL: no more): a $(shell) in it gets the project's
   shell. */
static void answer_for(const char *unit)
{
    hook.answering = unit;
    hook.setting_state = unit ? ANSWERING : NOT_ASKED;
}

static void answer_setting(void)
{
    char *target = make_target(), *unit = unit_of(target);

    free(target);
    answer_for(unit);
    hook.setting = make_expand("$(call SETTLE)");
    answer_for(NULL);
    free(unit);
}

/* True where a $(shell) may be in what a job is made of.  make expands SHELL for it, too: within that, nothing of this can
   be expanded when it comes to the line; and not when the $(shell) is in a variable that the recipe refers to as well,
   which make is expanding then.  What make exports it expands by itself, after SHELL: that is the time. */
static bool may_run_shell(void)
{
    static const char *const variables[] = {
        "SETTLE", "SETTLE_MODE", "SETTLE_STABLE", "SETTLE_TIMEOUT", "SETTLE_VERBOSE", "SETTLE_DIR",
        "SETTLE_BATCH_FILES", "SETTLE_BATCH_BYTES", "SETTLE_BATCH_SECONDS",
    };
    char *setting = make_expand("$(strip $(value SETTLE))");
    bool may = false;

    for (size_t i = 0; *setting && !may && i < sizeof variables / sizeof *variables; i++)
        may = expansion_may_run_shell(variables[i]);
    free(setting);
    return may;
}

static void current_clear(struct current *current)
{
    free(current->target);
    free(current->unit);
    job_free(&current->job);
    memset(current, 0, sizeof *current);
}

/* The folder of the marks, which is there and locked then. */
static char *marks_directory(enum settle_mode mode)
{
    char *text = make_expand("$(SETTLE_DIR)"), *setting = make_need(names_trim(text));
    char *directory = make_need(mark_directory(setting));

    free(setting);
    free(text);
    if (!*directory && mode == MODE_DEFERRED)
        make_fatal("SETTLE_MODE=deferred needs marks, which tell what is not yet durable: SETTLE_DIR is empty");
    if (recipes_mark_in(directory, mode != MODE_WRITEBACK) < 0)
        make_fatal("SETTLE_DIR: %s: %s", directory,
                   errno == EXDEV ? "another folder than for the targets before" : strerror(errno));
    return directory;
}

/* Reads what MAKEFILE_LIST names.  A makefile may have set that, and left out some of those before; and --eval is in
   none. */
static void read_rules(void)
{
    char *flags = make_expand("$(MAKEFLAGS)"), *makefiles = make_expand("$(MAKEFILE_LIST)"), *rest;
    const char *list = makefiles + strspn(makefiles, " "), *eval = strstr(flags, "--eval");

    if (!*list || strncmp(list, hook.makefiles, strlen(hook.makefiles)) != 0 || (eval && strstr(eval, "::")))
        rules_read(NULL);
    free(flags);
    for (char *word = strtok_r(makefiles, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        rules_read(word);
    free(makefiles);
}

/* True where TARGET may have another recipe, as far as the makefiles tell. */
static bool has_double_colon(const char *target)
{
    static bool is_read;

    if (!is_read)
        read_rules();
    is_read = true;
    return rules_are_double(target);
}

bool hook_has_double_colon(const char *target)
{
    static bool is_read;  /* there may be more of them later: has_double_colon doesn't count on these */

    if (!is_read)
        read_rules();
    is_read = true;
    return rules_name(target);
}

/* Makes hook.current the one of TARGET (taken over), or UNIT, whose recipe make is about to run.  Last, since a $(shell) in
   what is expanded here may have make start lines of other targets. */
static void current_look(char *target, const char *unit)
{
    struct current current = {.target = target, .unit = make_need(strdup(unit))};
    struct job *job = &current.job;
    char *files = expand_setting();

    job->files = make_need(names_trim(*target && hook.state != DRY ? files : ""));
    free(files);
    job->options = options_default;
    if (*job->files) {
        make_options(&job->options);
        if (job->options.mode == MODE_OFF)
            *job->files = '\0';
    }
    job->marks = *job->files ? marks_directory(job->options.mode) : make_need(strdup(""));
    job->maker = make_need(strdup(*job->marks ? recipes_maker() : ""));
    job->target = make_need(strdup(*job->files ? unit : ""));
    job->batch = make_need(strdup(""));
    job->shell = make_need(strdup(""));
    current_clear(&hook.current);
    hook.current = current;
}

/* Sets settle-begun. */
static void set_begun(bool has_begun)
{
    if (has_begun == hook.has_begun)
        return;
    hook.has_begun = has_begun;
    free(make_expand(has_begun ? "$(eval override settle-begun := 1)" : "$(eval override settle-begun :=)"));
}

/* What SHELL, the project's (taken over), is to be for make: itself, or the settle-sh that runs it. */
static char *shell_result(char *shell, bool is_settled)
{
    char *result;

    /* For $(shell) in the recipe, which up to make 4.3 gets make's own environment. */
    if (is_settled && setenv(JOB_SHELL, shell, 1) < 0)
        make_need(NULL);
    result = make_result(is_settled ? program_path(shell_is_bourne(shell)) : shell);
    free(shell);
    return result;
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* The job travels in the environment, which make puts together for a recipe's first line.  A SETTLE that is empty there,
   $(wildcard) say, has no effect at the later ones: to end make between two lines would leave a target half-made, so it is
   told, and make fails when it ends. */
static void check_late_files(const char *unit, const char *files)
{
    if (!*files || !tfind(unit, &hook.empty, compare_texts) || has_double_colon(unit))
        return;
    make_fail_at_end("target '%s': SETTLE was empty when its recipe began, and is '%s' now, which is not settled: "
                     "name the files, whether or not they are there", unit, files);
}

/* Notes that SETTLE is empty where the environment of the current target's recipe is put together. */
static void note_empty(void)
{
    const char *unit = hook.current.unit;
    char *mode;

    if (hook.state != IN || !*unit || tfind(unit, &hook.empty, compare_texts))
        return;
    mode = make_expand("$(strip $(SETTLE_MODE))");
    if (strcmp(mode, "off") != 0 && !tsearch(make_need(strdup(unit)), &hook.empty, compare_texts))
        make_need(NULL);
    free(mode);
}

/* The line of TARGET (taken over), or UNIT, is run by settle-sh, and part_job finds out what is to be settled. */
static void put_off(char *target, const char *unit)
{
    struct current current = {.target = target, .unit = make_need(strdup(unit)), .is_put_off = true};

    /* a variable that SETTLE refers to may be the one that make is expanding */
    if (tfind(unit, &hook.empty, compare_texts) && !expansion_passes_on_to_shell("SETTLE")) {
        char *text = expand_setting(), *files = make_need(names_trim(text));

        check_late_files(unit, files);
        free(files);
        free(text);
    }
    current_clear(&hook.current);
    hook.current = current;
    hook.current.shell_is_ours = true;
}

/* The shell of a line of TARGET (taken over), or UNIT, or of a $(shell): the project's own where there is nothing to
   settle (make then runs simple lines itself, without any shell, as it does without the plugin), else settle-sh. */
static char *line_shell(char *target, const char *unit)
{
    char *shell = expand_project_shell();

    if (*target && may_run_shell()) {
        put_off(target, unit);
        return shell_result(shell, true);
    }
    current_look(target, unit);
    check_late_files(unit, hook.current.job.files);
    hook.current.shell_is_ours = true;
    if (!*hook.current.job.marks && recipes_begun() == 0)
        set_begun(false);
    if (!*hook.current.job.files)
        return shell_result(shell, false);
    free(hook.current.job.shell);
    hook.current.job.shell = make_need(strdup(shell));
    return shell_result(shell, true);
}

/* The same while make waits for a $(shell) in another target's SETTLE: the line is not the first of UNIT, and its job
   is in its environment, if it has one. */
static char *nested_shell(const char *unit)
{
    return shell_result(expand_project_shell(), list_has(&hook.with_job, unit));
}

/* SHELL, before each line of a recipe. */
static char *part_shell(void)
{
    struct announced line;
    char *target, *unit, *result;

    if (hook.setting_state == ASKED) {
        answer_setting();
        return NULL;
    }
    target = make_target();
    unit = unit_of(target);
    if (hook.setting_state == ANSWERING && strcmp(unit, hook.answering) == 0) {  /* a $(shell) in SETTLE */
        result = shell_result(expand_project_shell(), false);
        free(target);
    } else {
        recipes_announce(&line, unit);
        if (hook.setting_state == ANSWERING) {
            result = nested_shell(unit);
            free(target);
        } else {
            result = line_shell(target, unit);
        }
        recipes_start(&line);
    }
    free(unit);
    return result;
}

/* Here an annotated target would not be settled although its recipe runs: say so rather than let it
   happen.  make has not expanded SHELL through the hook for it. */
static void check_hook(const char *target)
{
    if (hook.state == WAITING)
        make_fatal("target '%s' has SETTLE, but GPATH was set after settle.so was loaded, which "
                   "removed its hook: set GPATH before", target);
    if (!hook.current.shell_is_ours)
        make_fatal("target '%s' has both SETTLE and a SHELL of its own, and make takes the latter: "
                   "set SHELL for the whole makefile, or run that shell in the recipe", target);
}

static void check_length(const struct current *current, const char *text)
{
    if (strlen(text) + sizeof JOB "=" > LONGEST_VARIABLE)
        make_fatal("target '%s': SETTLE is %zu bytes long, and with %zu bytes of settings more than the %zu "
                   "that the kernel hands on to a new process; name fewer files", current->target,
                   strlen(current->job.files), strlen(text) - strlen(current->job.files),
                   LONGEST_VARIABLE);
}

/* The job's text, for its first line: from now on its marks are ours to remove.  Where enough others are waiting for
   it, the job makes these durable as well. */
static char *current_text(struct current *current)
{
    size_t length;
    char *text, *batch;

    if (!*current->job.marks)
        return make_need(job_format(&current->job));
    recipes_job(&current->job, has_double_colon(current->job.target));
    set_begun(true);
    text = make_need(job_format(&current->job));
    length = strlen(text) + sizeof JOB "=";
    batch = length < LONGEST_VARIABLE
                ? pending_take(&current->job.options, LONGEST_VARIABLE - length) : NULL;
    if (!batch)
        return text;
    free(text);
    free(current->job.batch);
    current->job.batch = batch;
    return make_need(job_format(&current->job));
}

/* Finds out what is to be done where line_shell has put that off, or make has expanded SHELL for another target since: a
   $(shell) among the exported variables waits for its child, and starts the next line of another target whose child ends
   meanwhile. */
static void look_again(char *target, const char *unit)
{
    char *code = make_expand("$(value SHELL)");
    bool is_ours = hook.shell_code && strcmp(code, hook.shell_code) == 0;
    char *shell = is_ours ? expand_project_shell() : make_need(strdup(""));

    answer_for(unit);
    current_look(target, unit);
    answer_for(NULL);
    hook.current.shell_is_ours = is_ours;
    free(hook.current.job.shell);
    hook.current.job.shell = shell;
    free(code);
}

/* What settle-sh needs to know where there is nothing to settle after all. */
static char *empty_job(void)
{
    char *text = make_need(job_format(&hook.current.job)), *result = make_result(text);

    free(text);
    return result;
}

/* The job of the target whose environment make puts together.  make has just expanded SHELL for it,
   so SETTLE need not be expanded once more. */
static char *part_job(void)
{
    char *target = make_target(), *unit = unit_of(target), *text, *result;
    bool is_here = hook.current.unit && strcmp(hook.current.unit, unit) == 0;
    bool was_put_off = is_here ? hook.current.is_put_off : may_run_shell();

    if (is_here && !was_put_off)
        free(target);
    else
        look_again(target, unit);
    free(unit);
    if (!*hook.current.job.files) {
        answer_for(hook.current.unit);
        note_empty();
        answer_for(NULL);
        return was_put_off ? empty_job() : NULL;
    }
    check_hook(hook.current.target);
    text = current_text(&hook.current);
    check_length(&hook.current, text);
    if (list_add(&hook.with_job, hook.current.job.target) < 0)
        make_need(NULL);
    result = make_result(text);
    free(text);
    return result;
}

/* The project's shell as it may stand in make code, where it is a plain word or more and not settle-sh
   itself; else a call of part_plain_shell. */
static const char *plain_shell(void)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-=: ";
    const char *shell = hook.shell.value;

    if (!*shell || shell[strspn(shell, plain)] || program_is(shell))
        return "$$(settle-hook plain-shell)";
    return shell;
}

/* Sets SHELL, with MODIFIER before it; true where that is its value then. */
static bool set_shell(const char *modifier)
{
    char *code, *value;
    bool is_set;

    if (asprintf(&code, "$(eval %sSHELL = $$(if $$(value SETTLE)$$(settle-begun),$$(settle-hook shell),%s))",
                 modifier, plain_shell()) < 0)
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
    char *value = make_expand("$(value SHELL)");
    bool is_ours = hook.shell_code && strcmp(value, hook.shell_code) == 0;

    free(value);
    if (is_ours)
        return;
    free(hook.shell.value);
    hook.shell = capture("$(value SHELL)", "$(flavor SHELL)");
    if (!set_shell(""))
        set_shell("override ");
}

static char *part_plain_shell(void)
{
    char *shell = expand_project_shell();
    char *result = make_result(shell);

    free(shell);
    return result;
}

/* GPATH: all makefiles are read. */
static char *part_gpath(void)
{
    char *gpath, *result;

    if (hook.state == WAITING) {
        hook.state = make_is_dry() ? DRY : IN;
        recovery_run_again();
    }
    if (hook.state == IN)
        replace_shell();
    gpath = expand_captured(&hook.gpath);
    result = make_result(gpath);
    free(gpath);
    return result;
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
        {"shell", part_shell},
        {"plain-shell", part_plain_shell},
        {"job", part_job},
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

int hook_prepare(const char *library)
{
    const char *inherited = getenv(JOB_SHELL);

    if (is_hooked())
        return -1;
    program_find(library);
    hook.makefiles = make_expand("$(strip $(MAKEFILE_LIST))");
    hook.inherited_shell =
        make_need(strdup(inherited && *inherited ? inherited : JOB_DEFAULT_SHELL));
    hook.gpath = capture("$(value GPATH)", "$(flavor GPATH)");
    /* "override" only where the value at hand beats the makefile's (from the command line, or by -e from the
       environment): with it, a later GPATH of the makefile would be ignored rather than seen by check_hook. */
    free(make_expand("$(eval GPATH = $$(settle-hook gpath))"));
    if (!is_hooked())
        free(make_expand("$(eval override GPATH = $$(settle-hook gpath))"));
    free(make_expand("$(eval override settle-begun :=)"));
    free(make_expand("$(eval override export " JOB " = $$(if $$(value SETTLE),$$(settle-hook job)))"));
    return 0;
}
