/* settle-sh.c - a shell that settles a recipe line's outputs before it exits
   SPDX-License-Identifier: GPL-3.0-or-later

   Run by make in place of the project's shell, with that shell's arguments. */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "batch.h"
#include "child.h"
#include "engine.h"
#include "folder.h"
#include "job.h"
#include "line.h"
#include "list.h"
#include "mark.h"
#include "message.h"
#include "names.h"
#include "options.h"
#include "order.h"
#include "shell.h"
#include "sys.h"
#include "worker.h"

enum { EXIT_SETTLING_FAILED = 125, EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

static _Noreturn void die(int status, const char *what, const char *why)
{
    message("%s: %s", what, why);
    _exit(status);
}

static bool is_this_program(const char *path)
{
    static struct stat self;  /* it is asked about two or three paths */
    struct stat other;

    return (self.st_ino != 0 || sys.stat("/proc/self/exe", &self) == 0) &&
           sys.stat(path, &other) == 0 && self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

/* The project's shell: the job's, or where this program is run as $(SHELL) within a recipe, that one's.
   Never this program itself, which would run itself for ever. */
static const char *project_shell(const struct job *job)
{
    const char *shell = *job->shell ? job->shell : getenv(JOB_SHELL);

    if (!shell || !*shell || (strcmp(shell, JOB_DEFAULT_SHELL) != 0 && is_this_program(shell)))
        return JOB_DEFAULT_SHELL;
    return shell;
}

/* Reads the job out of the environment.  Its files have no blanks around them (hook.c, current_look). */
static void take_job(struct job *job)
{
    if (job_parse(job, getenv(JOB)) < 0)
        die(EXIT_SETTLING_FAILED, JOB, errno == EINVAL ? "not what settle.so writes" : strerror(errno));
    job->options.missing_ok = true;
}

/* Clears from the environment what is this line's alone.  Where the makefile exports all variables, the
   recipe would see ours in SHELL, as make has run it, and a nested make would settle this target's files after each
   of its own lines. */
static void clear_environment(const struct job *job, const char *shell, const char *program)
{
    const char *exported = getenv("SHELL"), *setting = getenv("SETTLE");
    char *trimmed = names_trim(setting ? setting : "");

    if (!trimmed)
        die(EXIT_SETTLING_FAILED, "SETTLE", strerror(errno));
    if (exported && strcmp(exported, program) == 0)
        setenv("SHELL", shell, 1);
    if (*job->files && strcmp(trimmed, job->files) == 0)
        unsetenv("SETTLE");
    free(trimmed);
    unsetenv(JOB);
    setenv(JOB_SHELL, shell, 1);
    if (*job->marks) {
        char *line = worker_describe(job->maker, getenv(WORKER));

        if (!line)
            die(EXIT_SETTLING_FAILED, WORKER, strerror(errno));
        setenv(WORKER, line, 1);
        free(line);
    }
}

static _Noreturn void cannot_run(const char *program, int error)
{
    die(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, program, strerror(error));
}

static void tell(const struct outcome *outcome, void *context)
{
    const struct settle_options *options = context;
    char *text;

    if (outcome->what == OUTCOME_FAILED) {
        tell_failure(outcome);
    } else if (options->verbose) {
        text = message_of(outcome);
        message("%s", text ? text : outcome->name);
        free(text);
    }
}

/* Marks the files before the recipe touches them, or says why that is not to be, and doesn't run it.  The plugin must not
   take the line before for the last one then. */
static void mark_files(const struct job *job, const struct list *names)
{
    int lock = maker_lock_line(job->marks, job->maker);
    size_t marked = mark_make(job->marks, names->name, names->count, job->maker,
                              job->options.mode != MODE_WRITEBACK, &job->order, &job->page);

    if (lock < 0 || !folder_still_has(job->marks, lock))
        maker_lock_line(job->marks, job->maker);  /* in the folder that mark_make has made */
    if (marked == names->count)
        return;
    message("%s: can't be marked in %s: %s", names->name[marked], job->marks, strerror(errno));
    mark_cut_short(job->marks, names->name[0], job->maker);
    _exit(EXIT_SETTLING_FAILED);
}

/* Makes marks durable that have taken the place of others, where both might be lost; those of files that were not there
   have not.  Returns 0, or -1 with errno. */
static int sync_notes(const struct job *job, const struct list *marked)
{
    bool any = false;
    struct mark mark;

    if (job->options.mode == MODE_WRITEBACK || job->order.order != ORDER_NONE)
        return 0;
    for (size_t i = 0; i < marked->count && !any; i++)
        any = mark_read_of(job->marks, marked->name[i], job->maker, &mark) < 0 || !mark.was_nothing;
    return any ? order_sync_marks(job->marks, &job->order) : 0;
}

/* The line is over: the plugin takes its marks for those of a finished target, unless another line follows.  The
   first file's is noted last, since the plugin looks at that, and not at all where another one's can't be, which is told of:
   they stay, and cost a rebuild.  Returns 0, or an error: ENOENT where nothing is wrong but that one isn't there any more. */
static int note_end(const struct job *job, const struct list *marked, enum mark_end end)
{
    int error = 0;

    for (size_t i = marked->count; i-- > 0;) {
        if (mark_note(job->marks, marked->name[i], job->maker, end, getpid()) == 0)
            continue;
        error = errno;
        if (error != ENOENT) {
            message("%s: its marks in %s can't be changed: %s", job->target, job->marks, strerror(error));
            break;
        }
    }
    if (error == 0 && end != MARK_SETTLED && sync_notes(job, marked) < 0) {
        error = errno;
        message("%s: its marks in %s can't be made durable: %s", job->target, job->marks, strerror(error));
    }
    return error;
}

/* Settles the job's files; returns the exit status. */
static int settle_files(struct job *job)
{
    const struct engine_caller caller = {.tell = tell, .context = &job->options};
    struct names names;
    int failed;

    if (job_names(job, &names) < 0)
        die(EXIT_SETTLING_FAILED, job->files, strerror(errno));
    job->options.no_writer_left = child_left_none();
    failed = engine_settle(&job->options, names.name, names.count, &caller);
    if (failed < 0)
        message("%s: %s", job->files, strerror(errno));
    names_free(&names);
    return failed ? EXIT_SETTLING_FAILED : 0;
}

/* All has gone well: notes that down, and returns the exit status. */
static int end_well(struct job *job, const struct list *marked)
{
    const bool is_deferred = job->options.mode == MODE_DEFERRED;
    const int error = note_end(job, marked, is_deferred ? MARK_DEFERRED : MARK_SETTLED);

    if (error != 0 && error != ENOENT)
        return EXIT_SETTLING_FAILED;
    if (error == 0 || !is_deferred)
        return 0;
    /* the recipe, say, has removed the marks (git clean): nobody would know of these files later */
    job->options.mode = MODE_FSYNC;
    return settle_files(job);
}

/* What is done while the recipe runs. */
struct meanwhile {
    const struct job *job;
    int status;  /* this program's, for all that concerns it */
};

/* Makes the files of finished targets durable, those that an earlier line has not. */
static void settle_batch(void *context)
{
    struct meanwhile *meanwhile = context;
    const struct job *job = meanwhile->job;
    struct list files = {0};
    char *text = strdup(job->batch), *rest;
    int failed = text ? 0 : 1;

    for (char *word = text ? strtok_r(text, " ", &rest) : NULL; word;
         word = strtok_r(NULL, " ", &rest)) {
        char *name = mark_unescape(word);

        if (!name || (batch_is_due(job->marks, name, job->maker) && list_add(&files, name) < 0))
            failed = 1;
        free(name);
    }
    if (files.count > 0)
        failed |= batch_settle(job->marks, job->maker, files.name, files.count);
    if (files.count > 0 && job->page.number != 0)
        folder_sync(job->marks);  /* or nothing would bring the removal of the marks to the disk (ledger.h) */
    list_free(&files);
    free(text);
    meanwhile->status = failed ? EXIT_SETTLING_FAILED : 0;
}

static void need_make(const struct job *job)
{
    if (*job->marks && getppid() != maker_pid(job->maker))
        die(EXIT_SETTLING_FAILED, job->target, "make is gone");
}

/* A recipe must not go on when make is gone: the next make would find it at work. */
static void end_with_make(const struct job *job)
{
#ifdef PR_SET_PDEATHSIG
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0UL, 0UL, 0UL);
#endif
    need_make(job);
}

/* Where SHELL is make's own and its arguments are "-c" (POSIX: "-ec") and a line that needs no shell: the words of
   that line, else NULL. */
static char **plain_line(const char *shell, char *const argument[])
{
    if (strcmp(shell, JOB_DEFAULT_SHELL) != 0 || !argument[0] || !argument[1] || argument[2] ||
        (strcmp(argument[0], "-c") != 0 && strcmp(argument[0], "-ec") != 0))
        return NULL;
    return line_words(argument[1]);
}

/* Runs COMMAND, or PLAIN, as the line of a target that has files to settle. */
static int run_job(struct job *job, char *const plain[], char *const command[])
{
    struct list marked = {0};
    struct meanwhile meanwhile = {job, 0};
    int status, result = 0;

    end_with_make(job);
    if (*job->marks) {
        if (job_marked(job, &marked) < 0 || !marked.name)
            die(EXIT_SETTLING_FAILED, job->target, strerror(errno));
        mark_files(job, &marked);
        need_make(job);  /* the next make may have looked for marks before these were there */
    }
    /* where PLAIN can't be run, the shell says why */
    if (child_run(plain, command, *job->batch ? settle_batch : NULL, &meanwhile, &status) < 0) {
        int error = errno;

        note_end(job, &marked, MARK_UNSUCCESSFUL);  /* nothing has run that could be cut short */
        cannot_run(command[0], error);
    }
    if (status == 0)
        result = settle_files(job);
    else if (!child_is_cut_short(status))  /* one that has failed is make's affair */
        note_end(job, &marked, MARK_UNSUCCESSFUL);
    /* where the batch has failed, make ends the recipe here, and the mark is to stay: the line's end is not noted */
    if (meanwhile.status != 0)
        result = meanwhile.status;
    if (status == 0 && result == 0)
        result = end_well(job, &marked);
    /* what this line has left running is no recipe's any more, and not to be waited for by the next make */
    for (size_t i = 0; result != 0 && i < marked.count; i++)
        mark_note_failure(job->marks, marked.name[i], job->maker);
    list_free(&marked);
    if (status != 0)
        child_die_like(status);
    return result;
}

int main(int argc, char *argv[])
{
    struct job job;
    const char *shell;
    char **argument = argv + (argc > 0), **command;

    take_job(&job);
    shell = project_shell(&job);
    command = shell_command(shell, argument);
    if (!command)
        cannot_run(shell, errno);
    clear_environment(&job, shell, argc > 0 ? argv[0] : "");
    if (!*job.files) {
        child_exec(command);
        cannot_run(command[0], errno);
    }
    _exit(run_job(&job, plain_line(shell, argument), command));  /* nothing is left to be done, or written */
}
