/* batch.c - makes the files of finished targets durable, many at once, and removes their marks
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "engine.h"
#include "mark.h"
#include "message.h"
#include "sys.h"

/* The kernel could not write what a recipe wrote to the file NAME.  make must not take it for up to date,
   and a second fsync of it would succeed: it goes, as make itself removes the target of a recipe that was
   cut short.  Says so, after REASON. */
static void remove_lost(const char *name, const char *reason)
{
    char *real = realpath(name, NULL);  /* of a link, the file: make looks at that */
    bool is_gone = sys.unlink(real ? real : name) == 0 || errno == ENOENT;
    int error = errno;

    free(real);
    if (is_gone)
        message("%s; removed, will be made again", reason);
    else
        message("%s; it could not be removed (%s), remove it before the next make", reason,
                strerror(error));
}

void tell_failure(const struct outcome *outcome)
{
    char *text = message_of(outcome);

    if (outcome_lost(outcome))
        remove_lost(outcome->name, text ? text : outcome->name);
    else
        message("%s", text ? text : outcome->name);
    free(text);
}

static void tell(const struct outcome *outcome, void *context)
{
    (void)context;
    if (outcome->what == OUTCOME_FAILED)
        tell_failure(outcome);
}

int batch_unmark(const char *directory, const char *name, const char *maker)
{
    static bool is_told;

    if (mark_remove(directory, name, maker) == 0)
        return 0;
    if (!is_told)
        message("%s: marks can't be removed (%s): what is finished will be made again", directory, strerror(errno));
    is_told = true;
    return -1;
}

/* The process that has noted in NAME's mark that the file is finished and not durable; 0 where none has. */
static pid_t pending_shell(const char *directory, const char *name, const char *maker)
{
    struct mark mark;

    return mark_read_of(directory, name, maker, &mark) == 0 && mark_is_pending(&mark) ? mark.runner : 0;
}

bool batch_is_due(const char *directory, const char *name, const char *maker)
{
    struct mark mark;

    return mark_read_of(directory, name, maker, &mark) == 0 ? mark_is_pending(&mark) : errno == ENOENT;
}

int batch_settle(const char *directory, const char *maker, char *const *name, size_t count)
{
    struct settle_options options = options_default;
    const struct engine_caller caller = {.tell = tell};
    pid_t *shell = calloc(count + 1, sizeof *shell);
    int failed = -1, left = 0;

    options.missing_ok = true;
    options.no_writer_left = true;
    for (size_t i = 0; shell && i < count; i++)
        shell[i] = pending_shell(directory, name[i], maker);
    if (shell)
        failed = engine_settle(&options, name, count, &caller);
    if (failed < 0)
        message("%zu files: %s", count, strerror(errno));
    /* Where one has failed, or its folder, who knows what else isn't safe: all of the batch is built again.  No other
       line is to try once more: the kernel tells of such an error once. */
    for (size_t i = 0; shell && i < count; i++)
        if (shell[i] == 0 || pending_shell(directory, name[i], maker) != shell[i])
            continue;
        else if (failed == 0)
            left |= batch_unmark(directory, name[i], maker);
        else
            mark_note(directory, name[i], maker, MARK_RUNNING, getpid());
    free(shell);
    return failed != 0 || left != 0;
}
