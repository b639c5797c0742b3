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

/* The project's shell: the job's, or where this program is run as $(SHELL) within a recipe, that one's.
   Never this program itself, which would run itself for ever. */
static const char *project_shell(const struct job *job)
{
    const char *shell = *job->shell ? job->shell : getenv(JOB_SHELL);

    if (!shell || !*shell || is_this_program(shell))
        return JOB_DEFAULT_SHELL;
    return shell;
}

/* Reads the job out of the environment. */
static void take_job(struct job *job)
{
    char *files;

    if (job_parse(job, getenv(JOB)) < 0)
        die(EXIT_SETTLING_FAILED, JOB, errno == EINVAL ? "not what settle.so writes" : strerror(errno));
    job->options.missing_ok = true;
    files = names_trim(job->files);
    if (!files)
        die(EXIT_SETTLING_FAILED, JOB, strerror(errno));
    free(job->files);
    job->files = files;
}

/* Clears from the environment what is this line's alone.  Where the makefile exports all variables, the
   recipe would see ours in SHELL, and a nested make would settle this target's files after each of its
   own lines. */
static void clear_environment(const struct job *job, const char *shell)
{
    const char *exported = getenv("SHELL"), *setting = getenv("SETTLE");
    char *trimmed = names_trim(setting ? setting : "");

    if (!trimmed)
        die(EXIT_SETTLING_FAILED, "SETTLE", strerror(errno));
    if (exported && is_this_program(exported))
        setenv("SHELL", shell, 1);
    if (*job->files && strcmp(trimmed, job->files) == 0)
        unsetenv("SETTLE");
    free(trimmed);
    unsetenv(JOB);
    setenv(JOB_SHELL, shell, 1);
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

/* Settles the job's files; returns the exit status. */
static int settle_files(struct job *job)
{
    const struct engine_caller caller = {.tell = tell, .context = &job->options};
    struct names names;
    int failed;

    if (names_split(&names, job->files) < 0)
        die(EXIT_SETTLING_FAILED, job->files, strerror(errno));
    job->options.no_writer_left = child_left_none();
    failed = engine_settle(&job->options, names.name, names.count, &caller);
    if (failed < 0)
        message("%s: %s", job->files, strerror(errno));
    names_free(&names);
    return failed ? EXIT_SETTLING_FAILED : 0;
}

int main(int argc, char *argv[])
{
    struct job job;
    const char *shell;
    char **command;
    int status;

    take_job(&job);
    shell = project_shell(&job);
    command = shell_command(shell, argv + (argc > 0));
    if (!command)
        cannot_run(shell, errno);
    clear_environment(&job, shell);
    if (!*job.files) {
        execvp(command[0], command);
        cannot_run(command[0], errno);
    }
    if (child_run(command, &status) < 0)
        cannot_run(command[0], errno);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        child_die_like(status);
    return settle_files(&job);
}
