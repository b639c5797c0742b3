/* message.c - messages of the three faces, one write(2) a line
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

/* The length of the control character that TEXT begins with: a byte, or two where it's one of U+0080 to U+009F in UTF-8,
   some of which mean to terminals what ESC and another byte do; 0 where it's none. */
static int control_length(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    if (c[0] < ' ' || c[0] == 0x7f)
        return 1;
    return c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f ? 2 : 0;
}

/* PREFIX and TEXT as one line, control characters as \ooo; newly allocated. */
static char *make_line(const char *prefix, const char *text, size_t *length)
{
    char *line = malloc(strlen(prefix) + 4 * strlen(text) + 2);
    char *end = line;

    if (!line)
        return NULL;
    end = stpcpy(end, prefix);
    while (*text) {
        int controls = control_length(text);

        if (controls == 0)
            *end++ = *text++;
        for (; controls > 0; controls--)
            end += sprintf(end, "\\%03o", (unsigned)(unsigned char)*text++);
    }
    *end++ = '\n';
    *length = (size_t)(end - line);
    return line;
}

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, text, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;  /* nowhere left to say it; the exit status still tells */
        text += n;
        length -= (size_t)n;
    }
}

void message(const char *format, ...)
{
    static const char no_memory[] = "settle: out of memory while writing a message\n";
    va_list arguments;
    char *text = NULL;
    char *line = NULL;
    size_t length = 0;
    int n;

    va_start(arguments, format);
    n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n >= 0) {
        line = make_line("settle: ", text, &length);
        free(text);
    }
    if (line)
        write_all(line, length);
    else
        write_all(no_memory, sizeof no_memory - 1);
    free(line);
}

/* How far a time stamp moved, or nothing: "; ctime +0.950 s". */
static void describe_time(char *text, size_t size, const char *name, struct timespec before,
                          struct timespec after)
{
    double moved = (double)(after.tv_sec - before.tv_sec) +
                   (double)(after.tv_nsec - before.tv_nsec) / 1e9;

    if (before.tv_sec == after.tv_sec && before.tv_nsec == after.tv_nsec)
        *text = '\0';
    else
        snprintf(text, size, "; %s %+.3f s", name, moved);
}

static void describe_count(char *text, size_t size, const char *name, intmax_t before,
                           intmax_t after)
{
    if (before == after)
        *text = '\0';
    else
        snprintf(text, size, "; %s %jd -> %jd", name, before, after);
}

static char *describe_settled(const struct outcome *outcome)
{
    char times[2][64], counts[2][64];
    char *text;
    const struct attributes *a = &outcome->before;
    const struct attributes *b = &outcome->after;

    describe_count(counts[0], sizeof counts[0], "size", a->size, b->size);
    describe_count(counts[1], sizeof counts[1], "blocks", a->blocks, b->blocks);
    describe_time(times[0], sizeof times[0], "mtime", a->mtime, b->mtime);
    describe_time(times[1], sizeof times[1], "ctime", a->ctime, b->ctime);
    if (asprintf(&text, "%s: settled, %jd bytes in %.6f s%s%s%s%s%s", outcome->name,
                 (intmax_t)b->size, outcome->seconds, counts[0], counts[1], times[0], times[1],
                 outcome->writers_unknown
                     ? "; whether another user's process writes to it can't be told" : "") < 0)
        return NULL;
    return text;
}

/* "ctime 3 times, blocks once": what moved, into TEXT. */
static void describe_moves(char *text, size_t size, const struct moves *moves)
{
    const struct {
        const char *name;
        unsigned times;
    } kinds[] = {
        {"ctime", moves->ctime}, {"mtime", moves->mtime}, {"size", moves->size},
        {"blocks", moves->blocks}, {"the file itself", moves->ino},
    };
    size_t end = 0;

    *text = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && end < size; i++)
        if (kinds[i].times > 0)
            end += (size_t)snprintf(text + end, size - end, "%s%s %u time%s", end ? ", " : "",
                                    kinds[i].name, kinds[i].times, kinds[i].times == 1 ? "" : "s");
}

static char *describe_unstable(const struct outcome *outcome)
{
    char moved[160], *text;  /* five counts of ten digits fit */

    describe_moves(moved, sizeof moved, &outcome->moves);
    if (asprintf(&text, "%s: does not stand still: moved %s%s", outcome->name,
                 *moved ? moved : "just now",
                 outcome->moves.back > 0 ? "; it flaps between two states (replicas that disagree?)"
                                         : "") < 0)
        return NULL;
    return text;
}

static char *describe_writer(const struct outcome *outcome)
{
    const struct holder *holder = &outcome->holder;
    char *text;
    int n;

    if (holder->pid > 0)
        n = asprintf(&text, "%s: still open for writing by process %jd (%s)", outcome->name,
                     (intmax_t)holder->pid, holder->name);
    else
        n = asprintf(&text, "%s: still open for writing by a process that can't be seen from here",
                     outcome->name);
    return n < 0 ? NULL : text;
}

static char *describe_failure(const struct outcome *outcome)
{
    char *text;

    if (outcome->step == STEP_QUIET && outcome->error == ETIMEDOUT)
        return describe_writer(outcome);
    if (outcome->step == STEP_STABLE && outcome->error == ETIMEDOUT)
        return describe_unstable(outcome);
    if (asprintf(&text, "%s: %s%s", *outcome->name ? outcome->name : "''", strerror(outcome->error),
                 outcome_lost(outcome) ? "; what was written to it is lost" : "") < 0)
        return NULL;
    return text;
}

char *message_of(const struct outcome *outcome)
{
    char *text;

    switch (outcome->what) {
    case OUTCOME_SETTLED:
        return describe_settled(outcome);
    case OUTCOME_MISSING:
        if (asprintf(&text, "%s: not there (yet), nothing to settle", outcome->name) < 0)
            return NULL;
        return text;
    case OUTCOME_LEFT_ALONE:
        if (asprintf(&text, "%s: neither a file nor a directory, left alone", outcome->name) < 0)
            return NULL;
        return text;
    case OUTCOME_FAILED:
        break;
    }
    return describe_failure(outcome);
}
