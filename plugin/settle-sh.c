/* settle-sh.c - a shell that settles a recipe line's outputs before it exits
   SPDX-License-Identifier: GPL-3.0-or-later

   Run by make in place of the project's shell, with that shell's arguments. */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "engine.h"
#include "job.h"
#include "message.h"
#include "names.h"
#include "options.h"
#include "shell.h"
#include "sys.h"

enum { EXIT_SETTLING_FAILED = 125, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

struct task {
    struct settle_options options;
    char *files;  /* as SETTLE had them; empty: nothing to settle */
};

static _Noreturn void die(int status, const char *what, const char *why)
{
    message("%s: %s", what, why);
    _exit(status);
}

static bool is_this_program(const char *path)
{
    struct stat self, other;

    return sys.stat("/proc/self/exe", &self) == 0 && sys.stat(path, &other) == 0 &&
           self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

/* The project's shell.  Never this program itself, which would run itself for ever. */
static const char *project_shell(void)
{
    const char *shell = getenv(JOB_SHELL);

    if (!shell || !*shell || is_this_program(shell))
        return JOB_DEFAULT_SHELL;
    return shell;
}

/* Reads the task out of the environment, and clears from it what is this line's alone. */
static void task_take(struct task *task, const char *shell)
{
    const char *files = getenv(JOB_FILES);
    const char *text = getenv(JOB_OPTIONS);
    const char *exported = getenv("SHELL");
    const char *setting = getenv("SETTLE");
    char *trimmed = names_trim(setting ? setting : "");

    task->options = options_default;
    task->options.missing_ok = true;
    task->files = names_trim(files ? files : "");
    if (!task->files || !trimmed)
        die(EXIT_SETTLING_FAILED, JOB_FILES, strerror(errno));
    if (options_parse(&task->options, text ? text : "") < 0)
        die(EXIT_SETTLING_FAILED, JOB_OPTIONS, "not what settle.so writes");

    /* Where the makefile exports all variables, the recipe would see ours in SHELL, and a nested
       make would settle this target's files after each of its own lines. */
    if (exported && is_this_program(exported))
        setenv("SHELL", shell, 1);
    if (*task->files && strcmp(trimmed, task->files) == 0)
        unsetenv("SETTLE");
    free(trimmed);
    unsetenv(JOB_FILES);
    unsetenv(JOB_OPTIONS);
}

static _Noreturn void cannot_run(const char *program, int error)
{
    die(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, program, strerror(error));
}

/* The kernel could not write what the recipe wrote.  make must not take such a file for up to date,
   and a second fsync of it would succeed: it goes, as make itself removes the target of a recipe
   that was cut short. */
static void remove_lost(const char *name, const char *reason)
{
    if (sys.unlink(name) == 0)
        message("%s; removed, will be made again", reason);
    else
        message("%s; it could not be removed (%s), remove it before the next make", reason,
                strerror(errno));
}

static void tell(const struct outcome *outcome, void *context)
{
    const struct settle_options *options = context;
    char *text;

    if (outcome->what != OUTCOME_FAILED && !options->verbose)
        return;
    text = message_of(outcome);
    if (outcome_lost(outcome))
        remove_lost(outcome->name, text ? text : outcome->name);
    else
        message("%s", text ? text : outcome->name);
    free(text);
}

/* Settles the task's files; returns the exit status. */
static int task_settle(struct task *task)
{
    const struct engine_caller caller = {.tell = tell, .context = &task->options};
    struct names names;
    int failed;

    if (names_split(&names, task->files) < 0)
        die(EXIT_SETTLING_FAILED, task->files, strerror(errno));
    task->options.no_writer_left = child_left_none();
    failed = engine_settle(&task->options, names.name, names.count, &caller);
    if (failed < 0)
        message("%s: %s", task->files, strerror(errno));
    names_free(&names);
    return failed ? EXIT_SETTLING_FAILED : 0;
}

int main(int argc, char *argv[])
{
    const char *shell = project_shell();
    char **command = shell_command(shell, argv + (argc > 0));
    struct task task;
    int status;

    if (!command)
        cannot_run(shell, errno);
    task_take(&task, shell);
    if (!*task.files) {
        execvp(command[0], command);
        cannot_run(command[0], errno);
    }
    if (child_run(command, &status) < 0)
        cannot_run(command[0], errno);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        child_die_like(status);
    return task_settle(&task);
}
