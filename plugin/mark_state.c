/* mark_state.c - what a marked file was like before its recipe
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "mark.h"
#include "mark_state.h"

int mark_set_time(const char *path, struct timespec time)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, time};

    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* The last change of NAME or, where that is a link, of what it leads to, if later: a recipe may write through it.
   Returns 0, or -1 where there is no NAME. */
static int last_change(const char *name, struct timespec *time)
{
    struct stat st;

    if (lstat(name, &st) < 0)
        return -1;
    *time = st.st_ctim;
    if (S_ISLNK(st.st_mode) && stat(name, &st) == 0 && is_before(*time, st.st_ctim))
        *time = st.st_ctim;
    return 0;
}

/* Whether what was changed at CHANGE was changed by a make that had been running for AGE nanoseconds when its mark
   MARK was made: by the clock of the file system, which may be a server's.  For want of exact times, what it does in
   its first two hundredths of a second is taken for older. */
static bool is_by_maker(struct timespec change, const struct stat *mark, int64_t age)
{
    const int64_t late = 20000000;
    int64_t since = (int64_t)(mark->st_ctim.tv_sec - change.tv_sec) * 1000000000 +
                    (mark->st_ctim.tv_nsec - change.tv_nsec);

    return since < age - late;
}

/* True where NAME, or what it leads to, is as recovery has left it (make_old in recover.c), which was the maker's own, maybe:
   no recipe has touched it since. */
static bool is_made_old(const char *name)
{
    struct stat st;

    return stat(name, &st) == 0 && st.st_mtim.tv_sec == 0 && st.st_mtim.tv_nsec == 0;
}

void mark_note_state(const char *path, const char *name, int64_t age)
{
    struct timespec change;
    struct stat mark;

    if (lstat(path, &mark) < 0 || last_change(name, &change) < 0 ||
        (is_by_maker(change, &mark, age) && !is_made_old(name)))
        change = (struct timespec){0, 0};
    mark_set_time(path, change);
    /* within one tick of the kernel's clock: mark_note changes the mark's ctime, and would hide it */
    if (lstat(path, &mark) < 0 || (mark.st_mtim.tv_sec == mark.st_ctim.tv_sec &&
                                   mark.st_mtim.tv_nsec == mark.st_ctim.tv_nsec))
        mark_set_time(path, (struct timespec){0, 0});
}

bool mark_is_untouched(const char *path, const char *name)
{
    struct timespec change;
    struct mark mark;

    if (mark_read(path, &mark) < 0 || last_change(name, &change) < 0 || mark.state.tv_sec == 0 ||
        (mark.state.tv_sec == mark.changed.tv_sec && mark.state.tv_nsec == mark.changed.tv_nsec))
        return false;  /* there was no file, or the time could not be set */
    return mark.state.tv_sec == change.tv_sec && mark.state.tv_nsec == change.tv_nsec;
}

bool mark_is_old_link(const char *path, const struct stat *link)
{
    struct mark mark;

    return S_ISLNK(link->st_mode) && mark_read(path, &mark) == 0 && mark.state.tv_sec != 0 &&
           !is_before(mark.state, link->st_ctim);
}
