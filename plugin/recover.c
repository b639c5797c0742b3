/* recover.c - what is to be done about marks that a dead make has left
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list.h"
#include "order.h"
#include "recover.h"

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

/* Where the order is not free, a mark must not be gone before its file is. */
static int sync_removal(const char *directory, const char *name)
{
    char *copy = strdup(name), *slash = copy ? strrchr(copy, '/') : NULL;
    const char *folder = slash == copy ? "/" : slash ? copy : ".";
    int fd = -1, result = copy ? 0 : -1;

    if (slash)
        *slash = '\0';
    if (result == 0 && !order_is_free(directory, slash == copy ? "/" : folder)) {
        fd = open(slash == copy ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL && errno != EBADF))
            result = -1;
        if (fd >= 0)
            close(fd);
    }
    free(copy);
    return result;
}

static enum recovery_what remove_file(const char *directory, const struct recovery *recovery,
                                      bool just_look)
{
    struct stat st;

    if (lstat(recovery->name, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return RECOVERY_FAILED;
        if (!just_look && unlink(recovery->path) < 0 && errno != ENOENT)
            return RECOVERY_FAILED;
        return RECOVERY_NOTHING;
    }
    if (S_ISDIR(st.st_mode))
        return RECOVERY_DIRECTORY;
    if (just_look)
        return RECOVERY_CUT_SHORT;
    if ((unlink(recovery->name) < 0 && errno != ENOENT) ||
        sync_removal(directory, recovery->name) < 0 ||
        (unlink(recovery->path) < 0 && errno != ENOENT))
        return RECOVERY_FAILED;
    return RECOVERY_REMOVED;
}

static void look_at(const char *directory, bool is_local, bool just_look,
                    struct recovery *recovery)
{
    struct stat st;

    recovery->made = lstat(recovery->path, &st) == 0 ? st.st_mtime : 0;
    recovery->maker = MAKER_UNKNOWN;
    if (mark_read(recovery->path, &recovery->mark) == 0)
        recovery->maker = maker_look(recovery->mark.text, recovery->mark.maker_length, directory,
                                     is_local);
    if (recovery->maker == MAKER_SELF)
        recovery->what = RECOVERY_OWN;
    else if (recovery->maker == MAKER_GONE)
        recovery->what = remove_file(directory, recovery, just_look);
    else
        recovery->what = RECOVERY_NOT_OURS;
    recovery->error = recovery->what == RECOVERY_FAILED ? errno : 0;
}

int recover(const char *directory, bool just_look,
            void (*tell)(const struct recovery *recovery, void *context), void *context)
{
    struct marks marks = {0};
    bool is_local = order_is_local(directory);
    int result = mark_each(directory, collect, &marks);

    if (result == 0 && marks.failed) {
        errno = ENOMEM;
        result = -1;
    }
    for (size_t i = 0; result == 0 && i < marks.name.count; i++) {
        struct recovery recovery = {.name = marks.name.name[i], .path = marks.path.name[i]};

        look_at(directory, is_local, just_look, &recovery);
        tell(&recovery, context);
    }
    list_free(&marks.path);
    list_free(&marks.name);
    return result;
}
