/* recover.c - what is to be done about marks that a dead make has left
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "ledger.h"
#include "list.h"
#include "order.h"
#include "recover.h"
#include "recover_lock.h"
#include "worker.h"

/* The marks of what recover_made_again is to know of: directories that were cut short, and what is not to be found now,
   whose marks stay until the recipe has run again, be it by another make; and files that were made old. */
static struct list kept;

const char *recovery_reason(const struct recovery *recovery)
{
    /* a line of it has ended, perhaps the last one: nobody knows any more */
    if (mark_is_pending(&recovery->mark))
        return "not yet durable, or its recipe was cut short";
    return "its recipe was cut short";
}

pid_t recovery_find_worker(const char *directory, const struct mark *mark)
{
    char maker[MAKER_TEXT];
    pid_t worker = worker_find(mark);

    mark_maker(mark, maker);
    return worker == 0 && maker_has_line(directory, maker) ? -1 : worker;
}

void recovery_describe_worker(pid_t worker, char text[RECOVERY_WORKER])
{
    if (worker < 0)
        snprintf(text, RECOVERY_WORKER, "in another PID namespace");
    else
        snprintf(text, RECOVERY_WORKER, "process %jd", (intmax_t)worker);
}

const char *recover_error(int error)
{
    return error == ENOSYS ? "there are marks, and without /proc it can't be told whose they are" : strerror(error);
}

/* The marks are collected first: a directory that is changed while it is read may show an entry twice. */
struct marks {
    struct list path, name;
    bool failed;
};

static void collect(const char *path, const char *name, void *context)
{
    struct marks *marks = context;

    if (list_add(&marks->path, path) < 0 || list_add(&marks->name, name) < 0)
        marks->failed = true;
}

/* A directory is made older than all that it may depend on instead, so that make makes it again. */
static int make_old(const char *name)
{
    static const struct timespec old[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 0}};

    return utimensat(AT_FDCWD, name, old, 0);
}

/* The file that the recipe was at, newly allocated: NAME or, where it wrote through a link, what that leads to. */
static char *half_made(const struct recovery *recovery, const struct stat *st)
{
    char *real = mark_is_old_link(recovery->path, st) ? realpath(recovery->name, NULL) : NULL;

    return real ? real : strdup(recovery->name);
}

static int remove_half_made(const char *directory, const struct recovery *recovery, const struct stat *st)
{
    char *name = half_made(recovery, st);
    int result = -1;

    if (name && (unlink(name) == 0 || errno == ENOENT))
        result = order_sync_entry(directory, name);  /* a mark must not be gone before its file is */
    free(name);
    return result;
}

/* Of "NAME/" what is below it is meant, and its own time says nothing about that. */
static bool is_untouched(const struct recovery *recovery)
{
    return recovery->name[strlen(recovery->name) - 1] != '/' &&
           mark_is_untouched(recovery->path, recovery->name);
}

/* False where not even the directory of NAME is there.  In a folder of marks for many others it may be somewhere: not yet
   mounted, or seen by another path than its make saw it. */
static bool has_folder(const char *name)
{
    char *folder = folder_of(name);
    struct stat st;
    bool has = !folder || stat(folder, &st) == 0 || errno != ENOENT;

    free(folder);
    return has;
}

/* The type of what ST is of or, where that is an old link, of what it leads to. */
static mode_t type_of(const struct recovery *recovery, const struct stat *st)
{
    struct stat target;

    return (mark_is_old_link(recovery->path, st) && stat(recovery->name, &target) == 0 ? target.st_mode : st->st_mode) &
           S_IFMT;
}

/* A device, a FIFO or a socket has no content of its own. */
static bool may_be_half_made(mode_t type)
{
    return type == S_IFREG || type == S_IFLNK || type == S_IFDIR;
}

/* The file NAME, or the target that it stands for; NULL where that can't be told: a key in a folder for many others is of a
   make that was in another one, maybe. */
static const char *file_of(const char *directory, const char *name)
{
    return *directory == '/' && mark_is_key(directory, name) ? NULL : mark_target(directory, name);
}

/* True where errno says that there is no such file. */
static bool is_missing(void)
{
    return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG;
}

/* Makes NAME's time durable where the order of it and of a mark in DIRECTORY is not free.  Returns 0, or -1 with errno. */
static int sync_time(const char *directory, const char *name)
{
    int fd, result;

    if (order_is_free(directory, name))
        return 0;
    fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    result = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return result;
}

/* The recipe is to run again, even if it had not come to its target, or that isn't settled: of its other files one may be
   removed.  A settled one that can't be made old has at least not been changed; of one that isn't nobody knows.  Returns
   0, or -1 with errno. */
static int make_target_old(const char *directory, const struct recovery *recovery)
{
    const char *target = file_of(directory, recovery->name);
    bool is_key = mark_is_key(directory, recovery->name);
    struct stat st;

    if (!target)
        return 0;
    if (lstat(target, &st) < 0)
        return is_missing() ? 0 : -1;
    if (!S_ISREG(st.st_mode))
        return 0;
    if (make_old(target) < 0 || (is_key && sync_time(directory, target) < 0))
        return is_key && errno != ENOENT ? -1 : 0;
    list_add(&kept, recovery->path);
    return 0;
}

static enum recovery_what remove_file(const char *directory, const struct recovery *recovery,
                                      bool just_look)
{
    enum recovery_what what = RECOVERY_REMOVED;
    struct stat st;
    mode_t type;

    if (lstat(recovery->name, &st) < 0) {
        if (errno == ENOENT && *directory == '/' && !mark_is_key(directory, recovery->name) &&
            !has_folder(recovery->name))
            return just_look || list_add(&kept, recovery->path) == 0 ? RECOVERY_NOT_OURS : RECOVERY_FAILED;
        if (!is_missing())
            return RECOVERY_FAILED;
        what = RECOVERY_NOTHING;
    } else if (is_untouched(recovery) || !may_be_half_made(type = type_of(recovery, &st)))
        what = RECOVERY_NOTHING;
    else if (type == S_IFDIR)
        what = RECOVERY_DIRECTORY;
    if (just_look)
        return what == RECOVERY_REMOVED ? RECOVERY_CUT_SHORT : what;
    if (what == RECOVERY_NOTHING && make_target_old(directory, recovery) < 0)
        return RECOVERY_FAILED;
    if (what == RECOVERY_DIRECTORY)
        return make_old(recovery->name) < 0 || list_add(&kept, recovery->path) < 0 ? RECOVERY_FAILED : what;
    if ((what == RECOVERY_REMOVED && remove_half_made(directory, recovery, &st) < 0) ||
        (unlink(recovery->path) < 0 && errno != ENOENT))
        return RECOVERY_FAILED;
    return what;
}

/* Its recipe has run, and need not have changed the directory itself, or the file: that must not be as old as make_old has
   made it, or it would be made again for ever, and what depends on it be newer. */
static void make_new(const char *name)
{
    static const struct timespec now[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    struct stat st;

    if (stat(name, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) && st.st_mtim.tv_sec == 0)
        utimensat(AT_FDCWD, name, now, 0);
}

void recover_made_again(const char *directory, const char *name, const char *maker)
{
    char *path = kept.count > 0 ? mark_path(directory, name, maker) : NULL;
    size_t length = path ? (size_t)(strrchr(path, '@') - path) : 0;
    const char *file = file_of(directory, name);

    for (size_t i = 0; path && i < kept.count; i++)
        if (strncmp(kept.name[i], path, length + 1) == 0 && !strchr(kept.name[i] + length + 1, '@')) {
            if (file)
                make_new(file);
            unlink(kept.name[i]);
        }
    free(path);
}

/* Looking at other marks of a file. */
struct search {
    const char *directory;
    bool is_local, found;
};

static void search_one(const char *path, void *context)
{
    struct search *search = context;
    struct mark mark;

    if (!search->found && mark_read(path, &mark) == 0 && !worker_runs_us(&mark))
        search->found = maker_look(mark.text, mark.maker_length, search->directory,
                                   search->is_local) != MAKER_GONE;
}

/* 1 where the file is marked by another make, too, that lives or may do so: it is being made again already,
   and must not be taken from under that make's hands; -1 with errno where that can't be told.  Asked anew for each, since
   these come and go. */
static int is_in_work(const char *directory, bool is_local, const struct recovery *recovery)
{
    struct search search = {directory, is_local, false};

    return mark_each_other(recovery->path, search_one, &search) < 0 ? -1 : search.found;
}

/* What all looks have in common. */
struct look {
    const char *directory;
    bool is_local, just_look;
    void (*tell)(const struct recovery *recovery, void *context);
    void *context;
    char awaited[MARK_TEXT + 24];  /* the last dead make or, where its line was not over, that: nothing is at work there */
};

/* Waits until what is at work for the mark of RECOVERY, of a make that is gone, has ended: settle-shs are told to by the
   kernel.  Where that takes a second, tells of it; where it takes ten, it is RECOVERY's worker. */
static void await_end(struct look *look, struct recovery *recovery)
{
    const struct mark *mark = &recovery->mark;
    const struct timespec nap = {.tv_nsec = 20000000};
    char who[sizeof look->awaited];

    if (mark->end == MARK_RUNNING)
        snprintf(who, sizeof who, "%.*s=%jd", (int)mark->maker_length, mark->text, (intmax_t)mark->runner);
    else
        snprintf(who, sizeof who, "%.*s", (int)mark->maker_length, mark->text);
    if (strcmp(who, look->awaited) == 0)
        return;
    for (int tries = 0; tries < 500; tries++) {
        recovery->worker = recovery_find_worker(look->directory, mark);
        if (recovery->worker == 0) {
            snprintf(look->awaited, sizeof look->awaited, "%s", who);
            return;
        }
        if (tries == 50) {
            recovery->what = RECOVERY_WAITS;
            look->tell(recovery, look->context);
        }
        nanosleep(&nap, NULL);
    }
}

static enum recovery_what look_at_dead(struct look *look, struct recovery *recovery)
{
    int in_work = is_in_work(look->directory, look->is_local, recovery);

    if (in_work != 0)
        return in_work < 0 ? RECOVERY_FAILED : RECOVERY_NOT_OURS;
    if (!look->just_look) {
        await_end(look, recovery);
        if (recovery->worker != 0)
            return RECOVERY_AT_WORK;
    }
    return remove_file(look->directory, recovery, look->just_look);
}

static void look_at(struct look *look, struct recovery *recovery)
{
    const char *file = file_of(look->directory, recovery->name);
    struct stat st = {0};

    if (lstat(recovery->path, &st) < 0 && errno == ENOENT) {
        recovery->what = RECOVERY_NOTHING;  /* its make has ended well meanwhile */
        return;
    }
    recovery->made = st.st_ctime;
    if (mark_read(recovery->path, &recovery->mark) == 0)
        recovery->maker = maker_look(recovery->mark.text, recovery->mark.maker_length,
                                     look->directory, look->is_local);
    else if (errno != EINVAL && errno != ENOENT)
        recovery->what = RECOVERY_FAILED;  /* who knows whose it is */
    if (recovery->maker == MAKER_SELF)
        recovery->what = RECOVERY_OWN;
    else if (recovery->maker == MAKER_GONE)
        recovery->what = look_at_dead(look, recovery);
    recovery->error = recovery->what == RECOVERY_FAILED ? errno : 0;
    if (recovery->what == RECOVERY_FAILED && file)
        recovery->name = file;  /* to tell of the target, not of what stands for it */
}

/* Any mark but those of live makes? */
static void ask_for_dead(const char *path, const char *name, void *context)
{
    struct look *look = context;
    struct mark mark;

    (void)name;
    if (mark_read(path, &mark) == 0 &&
        maker_look(mark.text, mark.maker_length, look->directory, look->is_local) == MAKER_GONE)
        look->just_look = true;
}

static bool has_dead(const char *directory, bool is_local)
{
    struct look look = {.directory = directory, .is_local = is_local};

    return mark_each(directory, ask_for_dead, &look) == 0 && look.just_look;
}

/* Of MARKS those that are keys, or all others.  The keys last: a target that is made old for one may have a mark of its own,
   by another spelling, that says whether the recipe has touched it. */
static void look_at_all(struct look *look, const struct marks *marks, bool keys)
{
    for (size_t i = 0; i < marks->name.count; i++) {
        struct recovery recovery = {.what = RECOVERY_NOT_OURS, .maker = MAKER_UNKNOWN,
                                    .name = marks->name.name[i], .path = marks->path.name[i]};

        if (mark_is_key(look->directory, recovery.name) != keys)
            continue;
        look_at(look, &recovery);
        look->tell(&recovery, look->context);
    }
}

/* 0 where /proc tells whose marks there are, else -1 with ENOSYS. */
static int need_proc(void)
{
    char self[MAKER_TEXT];

    if (maker_describe(getpid(), self) == 0)
        return 0;
    errno = ENOSYS;
    return -1;
}

int recover(const char *directory, bool just_look,
            void (*tell)(const struct recovery *recovery, void *context), void *context)
{
    struct look look = {directory, order_is_local(directory), just_look, tell, context, ""};
    struct marks marks = {0};
    bool has_ledger = ledger_is_left(directory);
    bool has_work = !just_look && (recover_lock_is_left(directory) || has_dead(directory, look.is_local));
    int lock = has_ledger || has_work ? recover_lock(directory) : -1;
    int result = has_ledger ? need_proc() : 0;

    if (result == 0 && has_ledger)
        result = ledger_restore(directory);
    if (result == 0)
        result = mark_each(directory, collect, &marks);

    if (result == 0 && marks.failed) {
        errno = ENOMEM;
        result = -1;
    }
    if (result == 0 && marks.name.count > 0)
        result = need_proc();
    if (result == 0) {
        look_at_all(&look, &marks, false);
        look_at_all(&look, &marks, true);
    }
    recover_unlock(directory, lock);
    list_free(&marks.path);
    list_free(&marks.name);
    return result;
}
