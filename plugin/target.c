/* target.c - what is to be done for the target whose recipe make runs
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expansion.h"
#include "hook.h"
#include "job.h"
#include "list.h"
#include "make.h"
#include "makefiles.h"
#include "mark.h"
#include "names.h"
#include "options.h"
#include "pending.h"
#include "program.h"
#include "project_shell.h"
#include "recipes.h"
#include "setting.h"
#include "shell.h"
#include "target.h"

/* The kernel takes no longer string into a new process (execve(2), MAX_ARG_STRLEN), whatever the
   limit on all of them. */
#define LONGEST_VARIABLE ((size_t)128 * 1024)

/* What is to be done for a target, as of the last expansion of SHELL for it. */
struct current {
    char *target, *unit;  /* $@, and with the member of an archive */
    struct job job;      /* its files are empty where the target is not annotated, or the mode is off */
    bool is_put_off;     /* what is to be done is found out with the job: setting_may_run_shell */
    bool shell_is_ours;  /* SHELL was expanded for this target, hence settle-sh runs its lines */
};

static struct {
    struct current current;
    bool has_begun;        /* settle-begun is set */
    struct list with_job;  /* the targets that have been given one */
    void *empty;           /* those whose SETTLE was empty then (tsearch(3)) */
} state;

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
        make_fatal("SETTLE_DIR: %s: %s%s", directory,
                   errno == EXDEV ? "another folder than for the targets before" : strerror(errno),
                   errno == EACCES || errno == EROFS ? "; an empty SETTLE_DIR does without marks"
                   : errno == ENOENT                 ? "; the folder above it must be there"
                                                     : "");
    return directory;
}

/* Makes state.current the one of TARGET (taken over), or UNIT, whose recipe make is about to run.  Last, since a $(shell) in
   what is expanded here may have make start lines of other targets. */
static void current_look(char *target, const char *unit)
{
    struct current current = {.target = target, .unit = make_need(strdup(unit))};
    struct job *job = &current.job;
    char *files = setting_expand();

    job->files = make_need(names_trim(*target && hook_state() != HOOK_DRY ? files : ""));
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
    current_clear(&state.current);
    state.current = current;
}

/* Sets settle-begun. */
static void set_begun(bool has_begun)
{
    if (has_begun == state.has_begun)
        return;
    state.has_begun = has_begun;
    free(make_expand(has_begun ? "$(eval override settle-begun := 1)" : "$(eval override settle-begun :=)"));
}

/* What SHELL, the project's (taken over), is to be for make: itself, or the settle-sh that runs it. */
static char *shell_result(char *shell, bool is_settled)
{
    char *result;

    if (!is_settled)
        return make_take(shell);
    /* For $(shell) in the recipe, which up to make 4.3 gets make's own environment. */
    if (setenv(JOB_SHELL, shell, 1) < 0)
        make_need(NULL);
    result = make_result(program_path(shell_is_bourne(shell)));
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
    if (!*files || !tfind(unit, &state.empty, compare_texts) || makefiles_may_have_double_colon(unit))
        return;
    make_fail_at_end("target '%s': SETTLE was empty when its recipe began, and is '%s' now, which is not settled: "
                     "name the files, whether or not they are there", unit, files);
}

/* Notes that SETTLE is empty where the environment of the current target's recipe is put together. */
static void note_empty(void)
{
    const char *unit = state.current.unit;
    char *mode;

    if (hook_state() != HOOK_IN || !*unit || tfind(unit, &state.empty, compare_texts))
        return;
    mode = make_expand("$(strip $(SETTLE_MODE))");
    if (strcmp(mode, "off") != 0 && !tsearch(make_need(strdup(unit)), &state.empty, compare_texts))
        make_need(NULL);
    free(mode);
}

/* The line of TARGET (taken over), or UNIT, is run by settle-sh, and target_job finds out what is to be settled. */
static void put_off(char *target, const char *unit)
{
    struct current current = {.target = target, .unit = make_need(strdup(unit)), .is_put_off = true};

    /* a variable that SETTLE refers to may be the one that make is expanding */
    if (tfind(unit, &state.empty, compare_texts) && !expansion_passes_on_to_shell("SETTLE")) {
        char *text = setting_expand(), *files = make_need(names_trim(text));

        check_late_files(unit, files);
        free(files);
        free(text);
    }
    current_clear(&state.current);
    state.current = current;
    state.current.shell_is_ours = true;
}

/* The shell of a line of TARGET (taken over), or UNIT, or of a $(shell): the project's own where there is nothing to
   settle (make then runs simple lines itself, without any shell, as it does without the plugin), else settle-sh. */
static char *line_shell(char *target, const char *unit)
{
    char *shell = project_shell();

    if (*target && setting_may_run_shell()) {
        put_off(target, unit);
        return shell_result(shell, true);
    }
    current_look(target, unit);
    check_late_files(unit, state.current.job.files);
    state.current.shell_is_ours = true;
    if (!*state.current.job.marks && recipes_begun() == 0)
        set_begun(false);
    if (!*state.current.job.files)
        return shell_result(shell, false);
    free(state.current.job.shell);
    state.current.job.shell = make_need(strdup(shell));
    return shell_result(shell, true);
}

/* The same while make waits for a $(shell) in another target's SETTLE: the line is not the first of UNIT, and its job
   is in its environment, if it has one. */
static char *nested_shell(const char *unit)
{
    return shell_result(project_shell(), list_has(&state.with_job, unit));
}

char *target_shell(void)
{
    struct announced line;
    const char *asker;
    char *target, *unit, *result;

    if (setting_answer())
        return NULL;
    target = make_target();
    unit = make_unit(target);
    asker = setting_asker();
    if (asker && strcmp(unit, asker) == 0) {  /* a $(shell) in what its job is made of */
        result = shell_result(project_shell(), false);
        free(target);
    } else {
        recipes_announce(&line, unit);
        if (asker) {
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
    if (hook_state() == HOOK_WAITING)
        make_fatal("target '%s' has SETTLE, but GPATH was set after settle.so was loaded, which "
                   "removed its hook: set GPATH before", target);
    if (!state.current.shell_is_ours)
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
    recipes_job(&current->job, makefiles_may_have_double_colon(current->job.target));
    set_begun(true);
    text = make_need(job_format(&current->job));
    length = strlen(text) + sizeof JOB "=";
    batch = length < LONGEST_VARIABLE
                ? pending_take(&current->job, LONGEST_VARIABLE - length) : NULL;
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
    bool is_ours = hook_has_shell();
    char *shell = is_ours ? project_shell() : make_need(strdup(""));

    setting_answer_for(unit);
    current_look(target, unit);
    setting_answer_for(NULL);
    state.current.shell_is_ours = is_ours;
    free(state.current.job.shell);
    state.current.job.shell = shell;
}

char *target_job(void)
{
    char *target = make_target(), *unit = make_unit(target), *text;
    bool is_here = state.current.unit && strcmp(state.current.unit, unit) == 0;
    bool was_put_off = is_here ? state.current.is_put_off : setting_may_run_shell();

    if (is_here && !was_put_off)
        free(target);
    else
        look_again(target, unit);
    free(unit);
    if (!*state.current.job.files) {
        setting_answer_for(state.current.unit);
        note_empty();
        setting_answer_for(NULL);
        /* settle-sh runs the line, and has to know */
        return was_put_off ? make_take(make_need(job_format(&state.current.job))) : NULL;
    }
    check_hook(state.current.target);
    text = current_text(&state.current);
    check_length(&state.current, text);
    if (list_add(&state.with_job, state.current.job.target) < 0)
        make_need(NULL);
    return make_take(text);
}
