/* mark.c - marks: symbolic links that say which outputs are not to be trusted after a crash
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "mark.h"
#include "mark_state.h"
#include "order.h"

int mark_prepare(const char *directory)
{
    return mkdir(directory, 0777) < 0 && errno != EEXIST ? -1 : 0;
}

int mark_prepare_durably(const char *directory)
{
    char *above = folder_of(directory);
    int result = -1;

    if (above)
        result = order_is_free(directory, above) ? 0 : folder_sync(above);
    free(above);
    return result;
}

/* Makes the directories that PATH is in, DIRECTORY itself included. */
static int make_directories(const char *directory, char *path)
{
    if (mark_prepare(directory) < 0 || mark_prepare_durably(directory) < 0)
        return -1;
    for (char *slash = strchr(path + strlen(directory) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int failed;

        *slash = '\0';
        failed = mkdir(path, 0777) < 0 && errno != EEXIST;
        *slash = '/';
        if (failed)
            return -1;
    }
    return 0;
}

/* The modification time of a mark with "!" once the line is over, or once another one could not begin: so many seconds, and
   as many nanoseconds as the number of its process, which no recipe sets by chance. */
enum { TIME_OF_SETTLED = 1, TIME_OF_DEFERRED = 2, TIME_OF_CUT_SHORT = 3, TIME_OF_UNSUCCESSFUL = 4 };

/* For MARK_RUNNING, in a mark's text: see mark_note_failure. */
enum { FAILED = '-' };

/* Opens the mark at PATH itself. */
static int open_mark(const char *path)
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
    case TIME_OF_SETTLED:
        return MARK_SETTLED;
    case TIME_OF_DEFERRED:
        return MARK_DEFERRED;
    case TIME_OF_UNSUCCESSFUL:
        return MARK_UNSUCCESSFUL;
    default:
        return MARK_RUNNING;
    }
}

static time_t time_of_end(enum mark_end end)
{
    return end == MARK_SETTLED ? TIME_OF_SETTLED : end == MARK_DEFERRED ? TIME_OF_DEFERRED : TIME_OF_UNSUCCESSFUL;
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
    if (mark->was_nothing && (is_end(end[1]) || end[1] == FAILED))
        kind = *++end;  /* where the time couldn't be set */
    mark->has_failed = kind == FAILED;
    mark->runner = kind ? (pid_t)strtol(end + 1, NULL, 10) : 0;
    mark->end = is_end(kind) ? (enum mark_end)kind : MARK_RUNNING;
    if (kind == '!')
        mark->end = end_of_time(time, mark->runner);
    else if (time.tv_sec < 0 || (time.tv_nsec == mark->runner && time.tv_sec == TIME_OF_CUT_SHORT))
        mark->end = MARK_RUNNING;
    return maker == 0 ? -1 : 0;
}

/* Reads the mark that FD is: text and time are of the same one, whoever replaces it meanwhile.  Returns 0, or -1 with
   errno. */
static int read_open(int fd, struct mark *mark)
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
    int fd = open_mark(path), result, error;

    if (fd < 0)
        return -1;
    result = read_open(fd, mark);
    error = errno;
    close(fd);
    errno = error;
    return result;
}

static bool is_of(const struct mark *mark, const char *maker)
{
    return strlen(maker) == mark->maker_length &&
           strncmp(mark->text, maker, mark->maker_length) == 0;
}

/* Makes the mark at PATH durable, as far as DIRECTORY excluded: it has a name longer than an entry. */
static int sync_long(const char *directory, const char *path)
{
    char *folder = folder_of(path);
    int result = folder ? 0 : -1;

    while (result == 0 && strlen(folder) > strlen(directory)) {
        result = folder_sync(folder);
        *strrchr(folder, '/') = '\0';
    }
    free(folder);
    return result;
}

/* Of NAME, or what it leads to; where that is not yet there, of its directory; and where that is not, either, of one
   that will be on the same file system for all that is known: the current one. */
static enum order order_for(const char *directory, const char *name, const struct order_known *known)
{
    enum order order = ORDER_UNKNOWN;
    struct stat st;
    char *folder;

    if (stat(name, &st) == 0)
        return order_of_update(order_of(directory, &st, known), name, &st);
    if (lstat(name, &st) == 0)
        return ORDER_UNKNOWN;  /* a link to what is not there: it may come to be on any file system */
    folder = folder_of(name);
    if (folder && (stat(folder, &st) == 0 || stat(".", &st) == 0))
        order = order_of(directory, &st, known);
    free(folder);
    return order;
}

static bool is_running(pid_t pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* Makes the mark at PATH, which MAKER has made already, this process's.  That of another one that runs only if it
   IS_OWN: another target's recipe has the file as well, and that one's end is what matters to the plugin. */
static int take(const char *directory, const char *name, const char *maker, const struct mark *mark, bool is_own)
{
    if (!is_own && mark->end == MARK_RUNNING && mark->runner != getpid() && is_running(mark->runner))
        return 0;
    return mark_note(directory, name, maker, MARK_RUNNING, getpid());
}

/* Makes one mark; *IS_NEW tells whether it was not there. */
static int make_one(const char *directory, const char *name, const char *maker, bool is_own, bool *is_new)
{
    char *path = mark_path(directory, name, maker);
    char text[MARK_TEXT];
    struct mark mark;
    struct stat st;
    int result = -1;
    bool was_nothing = lstat(name, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
    const int64_t age = was_nothing ? 0 : maker_age(maker);  /* before the mark: the rest of the time is that one's */

    if (!path)
        return -1;
    snprintf(text, sizeof text, "%s%c%jd", maker, was_nothing ? '!' : '=', (intmax_t)getpid());
    /* the first mark makes the directory, and another make that ends may remove it once more */
    for (int tries = 0; tries < 100 && result < 0; tries++) {
        result = symlink(text, path);
        if (result < 0 && (errno != ENOENT || make_directories(directory, path) < 0))
            break;
    }
    *is_new = result == 0;
    if (result < 0 && errno == EEXIST) {
        if (mark_read(path, &mark) == 0 && is_of(&mark, maker))
            result = take(directory, name, maker, &mark, is_own);
        else if (unlink(path) == 0)  /* of another boot, by chance of the same number and time */
            errno = ENOENT;
        if (result < 0 && errno == ENOENT)  /* or a batch has just removed it */
            *is_new = (result = symlink(text, path)) == 0;
    }
    if (result == 0 && *is_new && !was_nothing)
        mark_note_state(path, name, age);
    free(path);
    return result;
}

/* Makes the marks durable by fsync of the directories that they are in.  Returns COUNT, or the index of the name
   that failed. */
static size_t sync_marks(const char *directory, char *const *name, size_t count, const char *maker)
{
    for (size_t i = 0; i < count; i++) {
        char *path = mark_path(directory, name[i], maker);
        int result = path ? sync_long(directory, path) : -1;

        free(path);
        if (result < 0)
            return i;
    }
    return folder_sync(directory) < 0 ? 0 : count;
}

size_t mark_make(const char *directory, char *const *name, size_t count, const char *maker,
                 bool durably, const struct order_known *known, const struct ledger_page *page)
{
    enum order order = ORDER_FREE;
    size_t fresh = 0;

    for (size_t i = 0; i < count; i++) {
        bool is_new;

        if (make_one(directory, name[i], maker, i == 0, &is_new) < 0)
            return i;
        fresh += is_new;
        if (durably && is_new && order != ORDER_UNKNOWN) {
            enum order of_one = order_for(directory, name[i], known);

            order = of_one > order ? of_one : order;
        }
    }
    /* a page that may have a mark in it already is not written again: a power cut might tear it */
    if (order == ORDER_FREE || (order == ORDER_OF_WRITES && page->number != 0 && fresh == count &&
                                ledger_write(page, directory, name, count, maker) == 0))
        return count;
    return sync_marks(directory, name, count, maker);
}

int mark_restore(const char *directory, const char *entry, const char *maker, struct timespec state)
{
    char *path;
    int result;

    if (asprintf(&path, "%s/%s", directory, entry) < 0)
        return -1;
    result = symlink(maker, path);
    if (result == 0)
        mark_set_time(path, state);
    else if (errno == EEXIST)
        result = 0;
    free(path);
    return result;
}

/* The text of a mark like MARK, of MAKER, of which process SHELL's line has come to END. */
static void describe(char text[MARK_TEXT], const struct mark *mark, const char *maker, enum mark_end end, pid_t shell)
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
    if (new_path && result < 0 && errno == ENOENT && make_directories(directory, new_path) == 0)
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
        {.tv_sec = time_of_end(end), .tv_nsec = runner},
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

    if (read_open(fd, &mark) < 0)
        return -1;
    if (!is_of(&mark, maker)) {
        errno = ENOENT;
        return -1;
    }
    if (mark.runner == shell ? mark.end == end : end != MARK_RUNNING)
        return 0;
    if (end != MARK_RUNNING && mark.was_nothing && note_in_time(fd, end, shell) == 0)
        return 0;
    describe(text, &mark, maker, end, shell);
    return replace(directory, path, maker, text, mark.was_nothing ? NULL : &mark.state);
}

int mark_note(const char *directory, const char *name, const char *maker, enum mark_end end,
              pid_t shell)
{
    char *path = mark_path(directory, name, maker);
    int fd = path ? open_mark(path) : -1, result = -1, error;

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

    if (path && mark_read(path, &mark) == 0 && is_of(&mark, maker) && mark.end != MARK_RUNNING)
        mark_set_time(path, mark.state.tv_sec > TIME_OF_CUT_SHORT
                           ? (struct timespec){.tv_sec = -mark.state.tv_sec, .tv_nsec = mark.state.tv_nsec}
                           : (struct timespec){.tv_sec = TIME_OF_CUT_SHORT, .tv_nsec = mark.runner});
    free(path);
}

void mark_note_failure(const char *directory, const char *name, const char *maker)
{
    char *path = mark_path(directory, name, maker);
    char text[MARK_TEXT];
    struct mark mark;

    if (path && mark_read(path, &mark) == 0 && is_of(&mark, maker) && mark.runner == getpid()) {
        snprintf(text, sizeof text, "%s%s%c%jd", maker, mark.was_nothing ? "!" : "", FAILED, (intmax_t)getpid());
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
    if (mark_read(path, &mark) == 0 && is_of(&mark, maker))
        result = unlink(path);
    /* the directories of a long name, as far as they are empty */
    for (char *slash = strrchr(path, '/'); result == 0 && slash > path + strlen(directory);
         slash = strrchr(path, '/')) {
        *slash = '\0';
        if (rmdir(path) < 0)
            break;
    }
    free(path);
    return result < 0 && errno == ENOENT ? 0 : result;
}
