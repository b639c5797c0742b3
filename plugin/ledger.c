/* ledger.c - marks once more, in a file that is written in place
   SPDX-License-Identifier: GPL-3.0-or-later

   Page 0 is not used.  A page is text: a checksum of what follows up to the page's end, the maker, and for each mark
   the state of its file (mark.h) and its name in the folder; one in a directory there is not for a ledger:

     9c6b2d10f3a85e47 1f0c6a3b.77aa01c2.4711.123456.4026531836
     1764050000.123456789 lib%2flibx.a@4711.3019834532

   The kernel writes a page in place where the file has the attribute C (FS_NOCOW_FL, btrfs(5)), its extents are
   written ones and no snapshot or clone shares them; FIEMAP tells afterwards whether it did. */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_LINUX_FIEMAP_H
#include <linux/fiemap.h>
#include <linux/fs.h>
#endif

#include "folder.h"
#include "ledger.h"
#include "libc.h"
#include "maker.h"
#include "mark.h"
#include "order.h"

/* The smallest unit of a direct write on btrfs, where its sectors are not larger. */
enum { PAGE = 4096 };

#define SUM_LENGTH 16
#define PREFIX "@ledger-"

static char *path_of(const char *directory, const char *maker)
{
    char owner[MAKER_SHORT], *path;

    maker_shorten(maker, owner);
    return asprintf(&path, "%s/" PREFIX "%s", directory, owner) < 0 ? NULL : path;
}

/* FNV-1a of all of the page but the checksum itself. */
static void sum(const char *page, char text[SUM_LENGTH + 1])
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = SUM_LENGTH; i < PAGE; i++)
        hash = (hash ^ (unsigned char)page[i]) * UINT64_C(1099511628211);
    snprintf(text, SUM_LENGTH + 1, "%016" PRIx64, hash);
}

static void seal(char *page)
{
    char text[SUM_LENGTH + 1];

    sum(page, text);
    memcpy(page, text, SUM_LENGTH);
}

static bool is_sealed(const char *page)
{
    char text[SUM_LENGTH + 1];

    sum(page, text);
    return memcmp(page, text, SUM_LENGTH) == 0 && page[PAGE - 1] == '\0';
}

/* Appends one mark to the text of the page that ends at *END.  Returns 0, or -1 where it has no room or no place. */
static int add_mark(char *page, char **end, const char *directory, const char *name, const char *maker)
{
    char *path = mark_path(directory, name, maker);
    const char *entry = path ? path + strlen(directory) + 1 : NULL;
    size_t room = (size_t)(page + PAGE - *end);
    struct mark mark;
    int result = -1, n;

    if (entry && !strchr(entry, '/') && mark_read(path, &mark) == 0) {
        n = snprintf(*end, room, "%jd.%09ld %s\n", (intmax_t)mark.state.tv_sec, mark.state.tv_nsec, entry);
        if (n > 0 && (size_t)n < room) {
            *end += n;
            result = 0;
        }
    }
    free(path);
    return result;
}

/* Where the LENGTH bytes at OFFSET lie on the device, if in one piece that is written and not shared.  Returns 0, or
   -1. */
static int find_address(int fd, uint64_t offset, uint64_t length, uint64_t *address)
{
#ifdef HAVE_LINUX_FIEMAP_H
    const uint32_t harmless = FIEMAP_EXTENT_LAST;
    union {
        struct fiemap map;
        char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
    } request = {.map = {.fm_start = offset, .fm_length = length, .fm_flags = FIEMAP_FLAG_SYNC,
                         .fm_extent_count = 1}};
    const struct fiemap_extent *extent = request.map.fm_extents;

    if (ioctl(fd, (ioctl_request)FS_IOC_FIEMAP, &request) == 0 && request.map.fm_mapped_extents == 1 &&
        (extent->fe_flags & ~harmless) == 0 && extent->fe_logical <= offset &&
        extent->fe_logical + extent->fe_length >= offset + length) {
        *address = extent->fe_physical + (offset - extent->fe_logical);
        return 0;
    }
#else
    (void)fd, (void)offset, (void)length, (void)address;
#endif
    return -1;
}

static int set_nocow(int fd)
{
#ifdef HAVE_LINUX_FIEMAP_H
    int flags;

    if (ioctl(fd, (ioctl_request)FS_IOC_GETFLAGS, &flags) < 0)
        return -1;
    if (flags & FS_COMPR_FL) {  /* from its directory; not both, nor one for the other in one call */
        flags &= ~FS_COMPR_FL;
        if (ioctl(fd, (ioctl_request)FS_IOC_SETFLAGS, &flags) < 0)
            return -1;
    }
    flags |= FS_NOCOW_FL;
    return ioctl(fd, (ioctl_request)FS_IOC_SETFLAGS, &flags);
#else
    (void)fd;
    return -1;
#endif
}

/* Writes COUNT empty pages from number FIRST on.  Returns 0, or -1. */
static int empty(int fd, size_t first, size_t count)
{
    static _Alignas(PAGE) char zeros[16 * PAGE];  /* as O_DIRECT wants it */
    size_t at = first * PAGE, end = at + count * PAGE;
    ssize_t n = 1;

    for (; at < end && n > 0; at += (size_t)n)
        n = pwrite(fd, zeros, end - at < sizeof zeros ? end - at : sizeof zeros, (off_t)at);
    return n > 0 ? 0 : -1;
}

/* Locked before it can be taken for a dead one's, and looked at afterwards: whoever did take it for one has removed
   it. */
static bool is_ours(int fd, const char *path)
{
    struct stat st;

    return flock(fd, LOCK_EX | LOCK_NB) == 0 && folder_still_has(path, fd) && fstat(fd, &st) == 0 &&
           st.st_blksize <= PAGE;
}

int ledger_make(const char *directory, const char *maker, size_t pages, uint64_t *address)
{
    char *path = path_of(directory, maker);
    int fd = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666) : -1;

    if (fd >= 0 && (!is_ours(fd, path) || set_nocow(fd) < 0 || empty(fd, 0, pages) < 0 || fsync(fd) < 0 ||
                    folder_sync(directory) < 0 || find_address(fd, 0, pages * PAGE, address) < 0)) {
        unlink(path);
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

static int open_to_write(const char *directory, const char *maker)
{
    char *path = path_of(directory, maker);
    int fd = path ? open(path, O_RDWR | O_DIRECT | O_NOFOLLOW | O_CLOEXEC) : -1;

    free(path);
    return fd;
}

/* The page of MAKER's marks of the COUNT files NAME, as O_DIRECT wants it; or NULL.  It is overwritten by the next one:
   memory from malloc would cost each line some 20 us more, since musl gives it back to the kernel at once. */
static const char *format_page(const char *directory, char *const *name, size_t count, const char *maker)
{
    static _Alignas(PAGE) char text[PAGE];
    char *end = text + SUM_LENGTH;
    int result = 0;

    end += snprintf(end, PAGE - SUM_LENGTH, " %s\n", maker);
    for (size_t i = 0; i < count && result == 0; i++)
        result = add_mark(text, &end, directory, name[i], maker);
    if (result < 0)
        return NULL;
    memset(end, 0, (size_t)(text + PAGE - end));
    seal(text);
    return text;
}

int ledger_write(const struct ledger_page *page, const char *directory, char *const *name, size_t count,
                 const char *maker)
{
    const uint64_t offset = (uint64_t)page->number * PAGE;
    const char *text = format_page(directory, name, count, maker);
    uint64_t address;
    struct stat st;
    int fd = text ? open_to_write(directory, maker) : -1, result = -1;

    if (fd >= 0) {
        if (pwrite(fd, text, PAGE, (off_t)offset) == PAGE && find_address(fd, offset, PAGE, &address) == 0 &&
            address == page->address + offset && fstat(fd, &st) == 0 && st.st_nlink > 0)
            result = 0;
        empty(fd, page->stale, page->stale_count);  /* where that fails, some files are built again after a crash */
        close(fd);
    }
    return result;
}

/* Removes the ledger PATH once the marks in DIRECTORY are durable without it.  A settle-sh that is writing to it may
   have made a mark after the first fsync: either it sees that the ledger is gone, or the second one has the mark.  Who
   may not remove the ledger leaves it to somebody else.  Returns 0, or -1 with errno. */
static int retire(const char *path, const char *directory)
{
    if (folder_sync(directory) < 0)
        return -1;
    return unlink(path) == 0 ? folder_sync(directory) : 0;
}

void ledger_end(int lock, const char *directory, const char *maker, size_t used, bool any_marks)
{
    char *path = path_of(directory, maker);
    int fd = any_marks ? -1 : open_to_write(directory, maker);

    /* a crash may bring the file back: it is to say nothing then */
    if (fd >= 0) {
        empty(fd, 1, used);
        close(fd);
    }
    if (path && any_marks)
        retire(path, directory);
    else if (path)
        unlink(path);
    free(path);
    close(lock);
}

/* Makes again the marks that PAGE has.  Returns 0, or -1 with errno. */
static int restore_page(const char *directory, char *page)
{
    char maker[MAKER_TEXT], *rest;
    enum maker_state state;

    if (sscanf(page + SUM_LENGTH, " %49s", maker) != 1)
        return 0;
    state = maker_look(maker, strlen(maker), directory, true);
    if (state == MAKER_UNKNOWN || state == MAKER_SELF)  /* make itself, started anew: it knows */
        return 0;
    strtok_r(page, "\n", &rest);
    for (char *line; (line = strtok_r(NULL, "\n", &rest));) {
        char *blank = strchr(line, ' ');
        intmax_t seconds;
        long nanoseconds;

        if (!blank || strchr(blank, '/') || sscanf(line, "%jd.%ld", &seconds, &nanoseconds) != 2) {
            errno = EINVAL;
            return -1;
        }
        if (mark_restore(directory, blank + 1, maker,
                         (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds}) < 0)
            return -1;
    }
    return 0;
}

/* Restores all of the ledger FD.  A page that is not whole is not in use, or its write was cut short: the recipe had
   not begun then.  Returns 0, or -1 with errno. */
static int restore(int fd, const char *directory)
{
    char page[PAGE];
    ssize_t n;

    while ((n = read(fd, page, PAGE)) == PAGE)
        if (is_sealed(page) && restore_page(directory, page) < 0)
            return -1;
    return n < 0 ? -1 : 0;
}

/* Opens what is at PATH if it is the ledger of a make that is gone.  Returns its file descriptor; or -1 with errno,
   which is 0 where there is none. */
static int open_dead(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), error;
    struct stat st;

    if (fd < 0) {
        errno = errno == ENOENT || errno == ELOOP ? 0 : errno;
        return -1;
    }
    if (fstat(fd, &st) < 0)
        error = errno;
    else if (!S_ISREG(st.st_mode))
        error = 0;
    else if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        error = errno == EWOULDBLOCK ? 0 : errno;
    else
        return fd;
    close(fd);
    errno = error;
    return -1;
}

/* The path of the next dead ledger in STREAM, newly allocated, with *FD; or NULL, with errno if it isn't 0. */
static char *next_dead(DIR *stream, const char *directory, int *fd)
{
    const struct dirent *entry;
    char *path;

    while ((errno = 0, entry = readdir(stream))) {
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0)
            return NULL;
        *fd = open_dead(path);
        if (*fd >= 0)
            return path;
        free(path);
        if (errno != 0)
            return NULL;
    }
    return NULL;
}

bool ledger_is_left(const char *directory)
{
    /* elsewhere there is none, but that of another host's btrfs, which keeps its locks to itself */
    DIR *stream = order_find_out(directory).order == ORDER_OF_WRITES ? opendir(directory) : NULL;
    char *path;
    bool is;
    int fd;

    if (!stream)
        return false;
    path = next_dead(stream, directory, &fd);
    is = path || errno != 0;  /* ledger_restore will say what the matter is */
    closedir(stream);
    if (path)
        close(fd);
    free(path);
    return is;
}

int ledger_restore(const char *directory)
{
    DIR *stream = opendir(directory);
    char *path;
    int fd, error = 0;

    if (!stream)
        return errno == ENOENT ? 0 : -1;
    while (error == 0 && (path = next_dead(stream, directory, &fd))) {
        if (restore(fd, directory) < 0 || retire(path, directory) < 0)
            error = errno;
        close(fd);
        free(path);
    }
    if (error == 0)
        error = errno;  /* of next_dead */
    closedir(stream);
    errno = error;
    return error ? -1 : 0;
}
