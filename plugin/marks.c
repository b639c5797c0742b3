/* marks.c - settle --status and settle --recover: a folder's marks, by hand
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "marks.h"
#include "message.h"
#include "recover.h"

struct work {
    const char *directory;  /* of the marks */
    const char *prefix;     /* for what is relative to their folder: the user is in another one */
    bool failed;
};

static const char *prefix_of(const struct work *work, const char *name)
{
    return *name == '/' ? "" : work->prefix;
}

/* "3 days", "12 s": what is between MADE and now. */
static void describe_age(char *text, size_t size, time_t made)
{
    static const struct {
        const char *name;
        intmax_t seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
    intmax_t age = (intmax_t)(time(NULL) - made);
    size_t i = 0;

    if (age < 0)
        age = 0;
    while (i + 1 < sizeof units / sizeof *units && age < units[i].seconds)
        i++;
    snprintf(text, size, "%jd %s", age / units[i].seconds, units[i].name);
}

/* What is known of the file of MARK. */
static const char *describe_end(const struct mark *mark)
{
    if (mark->end == MARK_SETTLED)
        return "a line of its recipe has ended";
    if (mark->end == MARK_DEFERRED)
        return "not yet durable, its recipe has ended";
    if (mark->end == MARK_UNSUCCESSFUL)
        return "not yet durable, a line of its recipe has failed";
    return "its recipe was begun";
}

static void print_status(const struct recovery *recovery, void *context)
{
    static const char *const makers[] = {
        [MAKER_SELF] = "which runs",
        [MAKER_LIVES] = "which runs",
        [MAKER_GONE] = "which is gone: not to be trusted",
        [MAKER_ELSEWHERE] = "on another host",
    };
    struct work *work = context;
    const char *prefix = prefix_of(work, recovery->name);
    char age[32], maker[MAKER_TEXT], where[RECOVERY_WORKER];
    pid_t worker = 0;
    int n;

    if (recovery->what == RECOVERY_NOTHING && recovery->maker == MAKER_UNKNOWN)
        return;  /* just gone */
    if (mark_is_key(work->directory, recovery->name))
        return;  /* of a target; its files have marks of their own */
    describe_age(age, sizeof age, recovery->made);
    mark_maker(&recovery->mark, maker);
    if (recovery->maker == MAKER_GONE && recovery->mark.end == MARK_RUNNING)
        worker = recovery_find_worker(work->directory, &recovery->mark);
    recovery_describe_worker(worker, where);
    if (recovery->maker == MAKER_UNKNOWN)
        n = printf("%s%s: not a mark that can be read (%s)\n", prefix, recovery->name, recovery->path);
    else if (worker != 0)
        n = printf("%s%s: %s %s ago, and still runs (%s); marked by process %jd, %s\n", prefix, recovery->name,
                   describe_end(&recovery->mark), age, where, (intmax_t)maker_pid(maker), makers[recovery->maker]);
    else
        n = printf("%s%s: %s %s ago; marked by process %jd, %s\n", prefix, recovery->name,
                   describe_end(&recovery->mark), age, (intmax_t)maker_pid(maker), makers[recovery->maker]);
    work->failed |= n < 0;
}

static void tell_recovery(const struct recovery *recovery, void *context)
{
    struct work *work = context;
    const char *prefix = prefix_of(work, recovery->name);
    char worker[RECOVERY_WORKER];

    recovery_describe_worker(recovery->worker, worker);
    switch (recovery->what) {
    case RECOVERY_REMOVED:
        message("%s%s: %s; removed, will be made again", prefix, recovery->name, recovery_reason(recovery));
        break;
    case RECOVERY_DIRECTORY:
        message("%s%s: its recipe was cut short; a directory, not removed, but made older than all else", prefix,
                recovery->name);
        work->failed = true;
        break;
    case RECOVERY_WAITS:
        message("%s%s: waiting for its recipe, of a make that is gone, to end (%s)", prefix, recovery->name, worker);
        break;
    case RECOVERY_AT_WORK:
        message("%s%s: its make is gone, but its recipe still runs (%s)", prefix, recovery->name, worker);
        work->failed = true;
        break;
    case RECOVERY_FAILED:
        message("%s%s: its recipe was cut short, and it can't be removed, or its mark %s: %s", prefix, recovery->name,
                recovery->path, strerror(recovery->error));
        work->failed = true;
        break;
    case RECOVERY_CUT_SHORT:
    case RECOVERY_NOTHING:
    case RECOVERY_NOT_OURS:
    case RECOVERY_OWN:
        break;
    }
}

/* FOLDER with a slash at its end, newly allocated, or NULL with errno. */
static char *slashed(const char *folder)
{
    char *text;

    return asprintf(&text, "%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/") < 0 ? NULL : text;
}

/* Goes to FOLDER and looks at its marks. */
static int look(const char *folder, bool just_look,
                void (*tell)(const struct recovery *recovery, void *context))
{
    const char *setting = getenv("SETTLE_DIR");
    struct work work = {0};
    char *directory, *prefix;

    if (chdir(folder) < 0) {
        message("%s: %s", *folder ? folder : "''", strerror(errno));
        return 1;
    }
    directory = mark_directory(setting && *setting ? setting : ".settle");
    prefix = strcmp(folder, ".") == 0 ? strdup("") : slashed(folder);
    work.directory = directory;
    work.prefix = prefix;
    if (!directory || !prefix || recover(directory, just_look, tell, &work) < 0) {
        const char *why = recover_error(errno);

        if (directory && *directory == '/')
            message("%s: %s", directory, why);
        else
            message("%s/%s: %s", folder, directory ? directory : "", why);
        work.failed = true;
    } else if (!just_look) {
        maker_clear(directory);
    }
    free(directory);
    free(prefix);
    return work.failed;
}

int marks_status(const char *folder)
{
    int failed = look(folder, true, print_status);

    if (fclose(stdout) != 0) {
        message("standard output: %s", strerror(errno));
        return 1;
    }
    return failed;
}

int marks_recover(const char *folder)
{
    return look(folder, false, tell_recovery);
}
