/* mark_note.c - notes in marks what has become of a line, and removes them
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
#include "mark_state.h"
#include "mark_text.h"

/* Puts a link to TEXT in the place of NAME's mark at PATH, with the TIME of that unless it is NULL. */
static int replace(const char *directory, const char *path, const char *maker, const char *text,
                   const struct timespec *time)
{
    char *new_name = NULL, *new_path = NULL;
    int result = -1;

    if (asprintf(&new_name, "%s/~%jd", directory, (intmax_t)getpid()) < 0)
        return -1;
    /* By a name that a dead maker's mark of no file has, so that what a kill leaves is cleared away. */
    new_path = mark_path(directory, new_name, maker);
    if (new_path)
        result = symlink(text, new_path);
    if (new_path && result < 0 && errno == EEXIST && unlink(new_path) == 0)
        result = symlink(text, new_path);  /* what a dead process of that number has left */
    if (new_path && result < 0 && errno == ENOENT && mark_make_directories(directory, new_path) == 0)
        result = symlink(text, new_path);  /* a long name */
    if (result == 0 && time)
        mark_set_time(new_path, *time);
    if (result == 0)
        result = rename(new_path, path);
    free(new_path);
    free(new_name);
    return result;
}

/* Notes down in the time of the mark that FD is that RUNNER's line has come to END.  Returns 0, or -1 where a link's
   time can't be set (so, at all: Linux 5.8), or not that exactly. */
static int note_in_time(int fd, enum mark_end end, pid_t runner)
{
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = mark_time_of(end), .tv_nsec = runner},
    };
    struct stat st;

    return utimensat(fd, "", times, AT_EMPTY_PATH) == 0 && fstat(fd, &st) == 0 &&
           st.st_mtim.tv_sec == times[1].tv_sec && st.st_mtim.tv_nsec == times[1].tv_nsec ? 0 : -1;
}

/* mark_note for the mark at PATH that FD is. */
static int note_open(const char *directory, const char *path, int fd, const char *maker, enum mark_end end,
                     pid_t shell)
{
    char text[MARK_TEXT];
    struct mark mark;

    if (mark_read_open(fd, &mark) < 0)
        return -1;
    if (!mark_is_of(&mark, maker)) {
        errno = ENOENT;
        return -1;
    }
    if (mark.runner == shell ? mark.end == end : end != MARK_RUNNING)
        return 0;
    if (end != MARK_RUNNING && mark.was_nothing && note_in_time(fd, end, shell) == 0)
        return 0;
    mark_describe(text, &mark, maker, end, shell);
    return replace(directory, path, maker, text, mark.was_nothing ? NULL : &mark.state);
}

int mark_note(const char *directory, const char *name, const char *maker, enum mark_end end,
              pid_t shell)
{
    char *path = mark_path(directory, name, maker);
    int fd = path ? mark_open(path) : -1, result = -1, error;

    if (fd >= 0)
        result = note_open(directory, path, fd, maker, end, shell);
    error = errno;
    if (fd >= 0)
        close(fd);
    free(path);
    errno = error;
    return result;
}

void mark_cut_short(const char *directory, const char *name, const char *maker)
{
    char *path = mark_path(directory, name, maker);
    struct mark mark;

    if (path && mark_read(path, &mark) == 0 && mark_is_of(&mark, maker) && mark.end != MARK_RUNNING)
        mark_set_time(path, mark.state.tv_sec > MARK_TIME_OF_CUT_SHORT
                           ? (struct timespec){.tv_sec = -mark.state.tv_sec, .tv_nsec = mark.state.tv_nsec}
                           : (struct timespec){.tv_sec = MARK_TIME_OF_CUT_SHORT, .tv_nsec = mark.runner});
    free(path);
}

void mark_note_failure(const char *directory, const char *name, const char *maker)
{
    char *path = mark_path(directory, name, maker);
    char text[MARK_TEXT];
    struct mark mark;

    if (path && mark_read(path, &mark) == 0 && mark_is_of(&mark, maker) && mark.runner == getpid()) {
        snprintf(text, sizeof text, "%s%s%c%jd", maker, mark.was_nothing ? "!" : "", MARK_HAS_FAILED, (intmax_t)getpid());
        replace(directory, path, maker, text, mark.was_nothing ? NULL : &mark.state);
    }
    free(path);
}

int mark_remove(const char *directory, const char *name, const char *maker)
{
    char *path = mark_path(directory, name, maker);
    struct mark mark;
    int result = 0;

    if (!path)
        return -1;
    if (mark_read(path, &mark) < 0)
        result = errno == EINVAL ? 0 : -1;  /* somebody's link, or it can't be read */
    else if (mark_is_of(&mark, maker))
        result = unlink(path);
    if (result < 0 && errno == ENOENT)
        result = 0;
    /* the directories of a long name, as far as they are empty */
    for (char *slash = strrchr(path, '/'); result == 0 && slash > path + strlen(directory);
         slash = strrchr(path, '/')) {
        *slash = '\0';
        if (rmdir(path) < 0)
            break;
    }
    free(path);
    return result;
}
