/* maker_lock.c - who of the makers that can't be looked at lives: they hold locks in the folder of marks
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "list.h"
#include "maker.h"
#include "maker_lock.h"
#include "mark.h"

/* Whose byte of the folder: the make's, or its settle-shs'. */
enum holder { MAKE, LINE };

static int open_folder(const char *directory)
{
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct flock byte_of(const char *text, enum holder holder, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_len = 1,
                          .l_start = (off_t)maker_hash(text) * 2 + (off_t)holder};
}

/* Locks the byte for as long as the folder's descriptor FD is open.  Where that can't be had, other PID namespaces take
   its holder for gone, or for alive, as the kernel answers. */
static void lock(int fd, const char *text, enum holder holder)
{
#ifdef F_OFD_SETLK
    struct flock byte = byte_of(text, holder, F_RDLCK);

    fcntl(fd, F_OFD_SETLK, &byte);
#else
    (void)fd, (void)text, (void)holder;
#endif
}

/* 1 where the byte is locked, 0 where not, -1 where that can't be told. */
static int is_locked(const char *directory, const char *text, enum holder holder)
{
    int result = -1;
#ifdef F_OFD_GETLK
    struct flock byte = byte_of(text, holder, F_WRLCK);
    int fd = open_folder(directory);

    if (fd >= 0 && fcntl(fd, F_OFD_GETLK, &byte) == 0)
        result = byte.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
#else
    (void)directory, (void)text, (void)holder;
#endif
    return result;
}

bool maker_is_unlocked(const char *directory, const char *text)
{
    static struct list waited_for;
    const struct timespec nap = {.tv_nsec = 100000000};

    if (is_locked(directory, text, MAKE) != 0)
        return false;
    if (list_has(&waited_for, text))
        return true;
    list_add(&waited_for, text);
    nanosleep(&nap, NULL);
    return is_locked(directory, text, MAKE) == 0;
}

bool maker_is_locked(const char *directory, const char *text)
{
    return is_locked(directory, text, MAKE) > 0;
}

bool maker_has_line(const char *directory, const char *text)
{
    return is_locked(directory, text, LINE) > 0;
}

int maker_lock_line(const char *directory, const char *text)
{
    int fd = open_folder(directory);

    if (fd >= 0)
        lock(fd, text, LINE);
    return fd;
}

static int locked = -1;

int maker_lock(const char *directory, const char *text)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    if (locked >= 0)
        close(locked);
    locked = -1;
    /* who removes the directory has it for an instant */
    for (int tries = 0; tries < 1000; tries++) {
        bool is_busy = false;

        if (mark_prepare(directory) < 0)
            return -1;
        locked = open_folder(directory);
        if (locked < 0 && errno != ENOENT)
            return errno == ENOTDIR ? -1 : 0;
        if (locked >= 0 && flock(locked, LOCK_SH | LOCK_NB) < 0)
            is_busy = errno == EWOULDBLOCK;
        if (locked >= 0 && !is_busy && folder_still_has(directory, locked)) {
            lock(locked, text, MAKE);
            return 0;
        }
        if (locked >= 0)
            close(locked);
        locked = -1;
        nanosleep(&nap, NULL);
    }
    errno = EWOULDBLOCK;
    return -1;
}

bool maker_has_lock(const char *directory)
{
    return locked < 0 || folder_still_has(directory, locked);
}

void maker_unlock(const char *directory)
{
    if (locked >= 0)
        close(locked);
    locked = -1;
    maker_clear(directory);
}

void maker_clear(const char *directory)
{
    int fd = open_folder(directory);

    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK))
        rmdir(directory);  /* unless there are marks in it, another make's or what was cut short */
    if (fd >= 0)
        close(fd);
}
