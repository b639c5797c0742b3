/* mark.c - what marks say
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mark.h"
#include "mark_text.h"

int mark_open(const char *path)
{
    return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_end(char kind)
{
    return kind == MARK_SETTLED || kind == MARK_DEFERRED || kind == MARK_UNSUCCESSFUL;
}

/* The end that a mark with "!" of process RUNNER says with TIME. */
static enum mark_end end_of_time(struct timespec time, pid_t runner)
{
    if (time.tv_nsec != runner)
        return MARK_RUNNING;
    switch (time.tv_sec) {
    case MARK_TIME_OF_SETTLED:
        return MARK_SETTLED;
    case MARK_TIME_OF_DEFERRED:
        return MARK_DEFERRED;
    case MARK_TIME_OF_UNSUCCESSFUL:
        return MARK_UNSUCCESSFUL;
    default:
        return MARK_RUNNING;
    }
}

time_t mark_time_of(enum mark_end end)
{
    return end == MARK_SETTLED    ? MARK_TIME_OF_SETTLED
           : end == MARK_DEFERRED ? MARK_TIME_OF_DEFERRED
                                  : MARK_TIME_OF_UNSUCCESSFUL;
}

/* Takes the text of MARK apart, whose time is TIME.  Returns 0, or -1 where it is no mark's. */
static int parse(struct mark *mark, struct timespec time)
{
    char *end, kind;
    pid_t maker;

    mark->maker_length = strcspn(mark->text, "=!+~*-");
    end = mark->text + mark->maker_length;
    kind = *end;
    *end = '\0';
    maker = maker_pid(mark->text);
    *end = kind;
    mark->was_nothing = kind == '!';
    if (mark->was_nothing && (is_end(end[1]) || end[1] == MARK_HAS_FAILED))
        kind = *++end;  /* where the time couldn't be set */
    mark->has_failed = kind == MARK_HAS_FAILED;
    mark->runner = kind ? (pid_t)strtol(end + 1, NULL, 10) : 0;
    mark->end = is_end(kind) ? (enum mark_end)kind : MARK_RUNNING;
    if (kind == '!')
        mark->end = end_of_time(time, mark->runner);
    else if (time.tv_sec < 0 || time.tv_sec == MARK_TIME_OF_CUT_SHORT)  /* not to the nanosecond everywhere */
        mark->end = MARK_RUNNING;
    return maker == 0 ? -1 : 0;
}

int mark_read_open(int fd, struct mark *mark)
{
    ssize_t n = readlinkat(fd, "", mark->text, sizeof mark->text - 1);
    struct stat st;

    mark->text[n > 0 ? n : 0] = '\0';
    if ((n < 0 && errno != ENOENT) || fstat(fd, &st) < 0)
        return -1;
    if (n < 0 || parse(mark, st.st_mtim) < 0) {  /* ENOENT: it is no link */
        errno = EINVAL;
        return -1;
    }
    mark->state = mark->was_nothing ? (struct timespec){0, 0} : st.st_mtim;
    if (mark->state.tv_sec < 0)  /* mark_cut_short */
        mark->state.tv_sec = -mark->state.tv_sec;
    mark->changed = st.st_ctim;
    return 0;
}

bool mark_is_there(const char *directory, const char *name, const char *maker)
{
    char *path = mark_path(directory, name, maker);
    struct stat st;
    bool is = !path || lstat(path, &st) == 0 || errno != ENOENT;

    free(path);
    return is;
}

bool mark_is_pending(const struct mark *mark)
{
    return mark->end == MARK_DEFERRED || mark->end == MARK_UNSUCCESSFUL;
}

int mark_read(const char *path, struct mark *mark)
{
    int fd = mark_open(path), result, error;

    if (fd < 0)
        return -1;
    result = mark_read_open(fd, mark);
    error = errno;
    close(fd);
    errno = error;
    return result;
}

int mark_read_of(const char *directory, const char *name, const char *maker, struct mark *mark)
{
    char *path = mark_path(directory, name, maker);
    int result = path ? mark_read(path, mark) : -1, error = errno;

    free(path);
    errno = error;
    return result;
}

void mark_maker(const struct mark *mark, char text[MAKER_TEXT])
{
    snprintf(text, MAKER_TEXT, "%.*s", (int)mark->maker_length, mark->text);
}

bool mark_is_of(const struct mark *mark, const char *maker)
{
    return strlen(maker) == mark->maker_length &&
           strncmp(mark->text, maker, mark->maker_length) == 0;
}

void mark_describe(char text[MARK_TEXT], const struct mark *mark, const char *maker, enum mark_end end, pid_t shell)
{
    char kind[3] = "!";
    char *to = kind + mark->was_nothing;

    if (end != MARK_RUNNING)
        *to++ = (char)end;
    else if (!mark->was_nothing)
        *to++ = '=';
    *to = '\0';
    snprintf(text, MARK_TEXT, "%s%s%jd", maker, kind, (intmax_t)shell);
}
