/* mark_make.c - makes marks before a recipe, durably where order is not free
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
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
#include "mark_text.h"
#include "order.h"

int mark_prepare(const char *directory)
{
    return mkdir(directory, 0777) < 0 && errno != EEXIST ? -1 : 0;
}

int mark_prepare_durably(const char *directory)
{
    return order_sync_entry(directory, directory);
}

int mark_make_directories(const char *directory, char *path)
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

/* Makes the link PATH to TEXT.  The first mark makes the directory, and another make that ends may remove it once more. */
static int make_link(const char *directory, char *path, const char *text)
{
    int result = -1;

    for (int tries = 0; tries < 100 && result < 0; tries++) {
        result = symlink(text, path);
        if (result < 0 && (errno != ENOENT || mark_make_directories(directory, path) < 0))
            break;
    }
    return result;
}

/* Makes one mark; *IS_NEW tells whether it was not there. */
static int make_one(const char *directory, const char *name, const char *maker, bool is_own, bool *is_new)
{
    char *path = mark_path(directory, name, maker);
    char text[MARK_TEXT];
    struct mark mark;
    struct stat st;
    int result;
    bool was_nothing = lstat(name, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
    const int64_t age = was_nothing ? 0 : maker_age(maker);  /* before the mark: the rest of the time is that one's */

    if (!path)
        return -1;
    snprintf(text, sizeof text, "%s%c%jd", maker, was_nothing ? '!' : '=', (intmax_t)getpid());
    result = make_link(directory, path, text);
    *is_new = result == 0;
    if (result < 0 && errno == EEXIST) {
        if (mark_read(path, &mark) == 0 && mark_is_of(&mark, maker))
            result = take(directory, name, maker, &mark, is_own);
        else if (unlink(path) == 0)  /* of another boot, by chance of the same number and hash */
            errno = ENOENT;
        if (result < 0 && errno == ENOENT)  /* or a batch has just removed it */
            *is_new = (result = symlink(text, path)) == 0;
    }
    if (result == 0 && *is_new && !was_nothing)
        mark_note_state(path, name, age);
    free(path);
    return result;
}

/* Makes the marks durable, with the directories that they are in.  Returns COUNT, or the index of the name
   that failed. */
static size_t sync_marks(const char *directory, char *const *name, size_t count, const char *maker,
                         const struct order_known *known)
{
    for (size_t i = 0; i < count; i++) {
        char *path = mark_path(directory, name[i], maker);
        int result = path ? sync_long(directory, path) : -1;

        free(path);
        if (result < 0)
            return i;
    }
    return order_sync_marks(directory, known) < 0 ? 0 : count;
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
        if (durably && is_new && order < ORDER_UNKNOWN) {
            enum order of_one = order_for(directory, name[i], known);

            order = of_one > order ? of_one : order;
        }
    }
    if (durably && fresh < count && known && known->order == ORDER_NONE)
        order = ORDER_NONE;
    /* a page that may have a mark in it already is not written again: a power cut might tear it */
    if (order == ORDER_FREE || (order == ORDER_OF_WRITES && page->number != 0 && fresh == count &&
                                ledger_write(page, directory, name, count, maker) == 0))
        return count;
    return sync_marks(directory, name, count, maker, known);
}

int mark_renew(const char *directory, const char *name, const char *maker)
{
    const struct mark mark = {.was_nothing = true};  /* hence touched, whatever its time */
    char *path = mark_path(directory, name, maker), text[MARK_TEXT];
    int result;

    if (!path)
        return -1;
    mark_describe(text, &mark, maker, MARK_DEFERRED, getpid());
    result = make_link(directory, path, text);
    free(path);
    return result < 0 && errno == EEXIST ? 0 : result;
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
