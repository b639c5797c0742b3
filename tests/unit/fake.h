/* fake.h - a file system in memory behind the seam of system calls, for unit tests
   SPDX-License-Identifier: GPL-3.0-or-later

   A few files, directories and links below the current directory "/w".  Each call but that of the
   clock is noted down, and any call on any file can be told to fail.  Paths are shown as seen from "/w",
   whatever way they were reached by.  Calls may come from several threads at once; what they take adds
   up, as if there were one disk. */

#ifndef SETTLE_FAKE_H
#define SETTLE_FAKE_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys.h"

#define FAKE_PATH 4096
#ifndef FAKE_ROOM
#define FAKE_ROOM 1024
#endif
#define FAKE_FIRST_FD 5000  /* none that the process really has */
#define FAKE_EXT4 0xef53UL
#define FAKE_OVERLAYFS 0x794c7630UL
#define FAKE_FUSE 0x65735546UL
#define FAKE_BTRFS 0x9123683eUL
#define FAKE_TMPFS 0x01021994UL
#define FAKE_NFS 0x6969UL
#define FAKE_PROC 0x9fa0UL
#define FAKE_EVER (-1)

/* What calls take, in seconds; all others take no time. */
#define FAKE_START_TAKES 0.5
#define FAKE_SYNC_TAKES 2.0

struct fake_entry {
    char path[48];       /* from the root, which is "" itself */
    const char *target;  /* of a link */
    struct stat st;
    bool moves_late;     /* its block count and ctime move when it is synced */
};

/* A call that fails: so many TIMES, or FAKE_EVER, after it has gone well AFTER times. */
struct fake_fault {
    const char *verb;
    const char *path;
    int error;
    int times;
    int after;
};

static struct {
    struct fake_entry entry[FAKE_ROOM];
    size_t entries;
    struct fake_entry *fd[FAKE_ROOM];
    size_t open;      /* descriptors open now, ... */
    size_t peak;      /* ... and at the worst moment */
    struct fake_fault fault[4];
    size_t faults;
    size_t fired;     /* calls that a fault made fail */
    unsigned long magic;        /* of device 1, ... */
    unsigned long other_magic;  /* ... and of all others */
    bool is_read_only;
    bool no_types;              /* readdir doesn't tell what an entry is */
    const char *kernel;  /* its release */
    double now;
    bool written[FAKE_ROOM];  /* somebody has the entry open for writing */
    double let_go_at;         /* ... until then */
    double moves_until;       /* while the entry "moving" changes its ctime at each look */
    void (*on_sleep)(void);   /* what happens while somebody waits */
    void (*on_call)(const char *verb, const char *path);  /* what happens right after it has looked the path up */
    uint64_t dirty_in_all;
    uint64_t dirty_in_fs;     /* as btrfs tells it */
    struct fake_stream {
        struct fake_entry *directory;
        int fd;
        size_t next;
        struct dirent entry;
    } stream[8];
    struct fake_step {
        const char *verb;
        char path[48];
    } step[8 * FAKE_ROOM];
    size_t steps;
} fake;

static pthread_mutex_t fake_mutex = PTHREAD_MUTEX_INITIALIZER;

static inline const char *fake_shown(const char *path)
{
    if (strncmp(path, "/w/", 3) == 0)
        return path + 3;
    return strcmp(path, "/w") == 0 ? "." : *path ? path : "/";
}

static inline struct fake_entry *fake_find(const char *path)
{
    for (size_t i = 0; i < fake.entries; i++)
        if (strcmp(fake.entry[i].path, path) == 0)
            return &fake.entry[i];
    return NULL;
}

static inline struct fake_entry *fake_add(const char *path, mode_t mode)
{
    struct fake_entry *entry = &fake.entry[fake.entries];

    assert_true(fake.entries < FAKE_ROOM);
    memset(entry, 0, sizeof *entry);
    snprintf(entry->path, sizeof entry->path, "%s%.40s", *path == '/' || !*path ? "" : "/w/", path);
    entry->st.st_dev = 1;
    entry->st.st_ino = 100 + fake.entries++;
    entry->st.st_mode = mode;
    entry->st.st_size = 10;
    entry->st.st_mtim.tv_sec = entry->st.st_ctim.tv_sec = 1000;
    return entry;
}

static inline struct fake_entry *fake_file(const char *path)
{
    return fake_add(path, S_IFREG | 0644);
}

static inline void fake_dir(const char *path)
{
    fake_add(path, S_IFDIR | 0755);
}

static inline void fake_link(const char *path, const char *target)
{
    fake_add(path, S_IFLNK | 0777)->target = target;
}

static inline void fake_hard_link(const char *path, const struct fake_entry *to)
{
    fake_file(path)->st.st_ino = to->st.st_ino;
}

static inline void fake_fail(const char *verb, const char *path, int error, int times)
{
    assert_true(fake.faults < sizeof fake.fault / sizeof *fake.fault);
    fake.fault[fake.faults++] = (struct fake_fault){verb, path, error, times, 0};
}

static inline void fake_fail_later(const char *verb, const char *path, int error, int times,
                                   int after)
{
    fake_fail(verb, path, error, times);
    fake.fault[fake.faults - 1].after = after;
}

/* ENTRY's name is gone; who has it open keeps it. */
static inline void fake_remove(struct fake_entry *entry)
{
    snprintf(entry->path, sizeof entry->path, "(removed)");
}

/* The errno with which the call is told to fail, or 0.  The mutex is held. */
static inline int fake_error(const char *verb, const char *shown)
{
    for (size_t i = 0; i < fake.faults; i++) {
        struct fake_fault *fault = &fake.fault[i];

        if (fault->times == 0 || strcmp(fault->verb, verb) != 0 || strcmp(fault->path, shown) != 0)
            continue;
        if (fault->after > 0) {
            fault->after--;
            continue;
        }
        if (fault->times > 0)
            fault->times--;
        fake.fired++;
        return fault->error;
    }
    return 0;
}

/* Notes the call down.  Returns 0, or -1 and errno where it was told to fail. */
static inline int fake_call(const char *verb, const char *path)
{
    int error;
    struct fake_step *step;

    pthread_mutex_lock(&fake_mutex);
    if (fake.steps == sizeof fake.step / sizeof *fake.step) {
        pthread_mutex_unlock(&fake_mutex);
        fail_msg("too many calls");
    }
    step = &fake.step[fake.steps++];
    step->verb = verb;
    snprintf(step->path, sizeof step->path, "%s", fake_shown(path));
    error = fake_error(verb, step->path);
    pthread_mutex_unlock(&fake_mutex);
    if (fake.on_call)
        fake.on_call(verb, fake_shown(path));
    if (error)
        errno = error;
    return error ? -1 : 0;
}

/* Finds what NAME, seen from the directory AT, stands for: its entry, or NULL and errno. */
static inline struct fake_entry *fake_walk(const char *at, const char *name, bool follow, int links)
{
    char path[FAKE_PATH], rest[FAKE_PATH];
    struct fake_entry *entry = NULL;

    snprintf(path, sizeof path, "%s", *name == '/' ? "" : at);
    for (const char *next = name + strspn(name, "/"); *next; next += strspn(next, "/")) {
        size_t length = strcspn(next, "/"), end = strlen(path);

        if (length == 2 && strncmp(next, "..", 2) == 0) {
            path[end > 0 ? strrchr(path, '/') - path : 0] = '\0';
        } else if (length != 1 || *next != '.') {
            snprintf(path + end, sizeof path - end, "/%.*s", (int)length, next);
            entry = fake_find(path);
            if (entry && S_ISLNK(entry->st.st_mode) && (follow || next[length])) {
                path[end] = '\0';
                snprintf(rest, sizeof rest, "%s%s", entry->target, next + length);
                errno = ELOOP;
                return links == 40 ? NULL : fake_walk(path, rest, follow, links + 1);
            }
            errno = entry ? ENOTDIR : ENOENT;
            if (!entry || (next[length] && !S_ISDIR(entry->st.st_mode)))
                return NULL;
        }
        next += length;
    }
    errno = ENOENT;
    return *name ? fake_find(path) : NULL;
}

/* The entry of NAME, seen from the directory AT, for the call VERB, or NULL and errno. */
static inline struct fake_entry *fake_look_at(const char *verb, const char *at, const char *name,
                                              bool follow)
{
    struct fake_entry *entry = fake_walk(at, name, follow, 0);
    int error = errno;

    if (fake_call(verb, entry ? entry->path : name) < 0)
        return NULL;
    errno = error;
    return entry;
}

static inline struct fake_entry *fake_look(const char *verb, const char *name, bool follow)
{
    return fake_look_at(verb, "/w", name, follow);
}

static inline struct fake_entry *fake_at(int fd)
{
    struct fake_entry *entry = NULL;

    pthread_mutex_lock(&fake_mutex);
    if (fd >= FAKE_FIRST_FD && fd < FAKE_FIRST_FD + FAKE_ROOM)
        entry = fake.fd[fd - FAKE_FIRST_FD];
    pthread_mutex_unlock(&fake_mutex);
    if (!entry)
        fail_msg("descriptor %d is not open", fd);
    return entry;
}

/* The lowest descriptor that is free, for ENTRY. */
static inline int fake_descriptor(struct fake_entry *entry)
{
    size_t i = 0;

    pthread_mutex_lock(&fake_mutex);
    while (i < FAKE_ROOM - 1 && fake.fd[i])
        i++;
    if (fake.fd[i]) {
        pthread_mutex_unlock(&fake_mutex);
        fail_msg("too many descriptors");
    }
    fake.fd[i] = entry;
    if (++fake.open > fake.peak)
        fake.peak = fake.open;
    pthread_mutex_unlock(&fake_mutex);
    return FAKE_FIRST_FD + (int)i;
}

static inline void fake_release(int fd)
{
    pthread_mutex_lock(&fake_mutex);
    fake.fd[fd - FAKE_FIRST_FD] = NULL;
    fake.open--;
    pthread_mutex_unlock(&fake_mutex);
}

/* Opens ENTRY, which was found as the call demands, or NULL with errno. */
static inline int fake_open_entry(struct fake_entry *entry, int flags)
{
    bool write = (flags & O_ACCMODE) == O_WRONLY;

    if (!entry)
        return -1;
    if (S_ISLNK(entry->st.st_mode) || ((flags & O_DIRECTORY) && !S_ISDIR(entry->st.st_mode))) {
        errno = flags & O_DIRECTORY ? ENOTDIR : ELOOP;
        return -1;
    }
    if (S_ISSOCK(entry->st.st_mode)) {
        errno = ENXIO;
        return -1;
    }
    /* never to wait, nor to change anything, nor to be inherited */
    assert_int_equal(flags & O_CLOEXEC, O_CLOEXEC);
    assert_true(flags & (O_NONBLOCK | O_PATH));
    assert_int_equal(flags & (O_CREAT | O_TRUNC | O_APPEND), 0);
    assert_int_equal(flags & O_ACCMODE, write ? O_WRONLY : O_RDONLY);
    if (!S_ISDIR(entry->st.st_mode) && !(flags & O_PATH))
        assert_int_equal(flags & O_NOCTTY, O_NOCTTY);
    if (!(flags & O_PATH) && !(entry->st.st_mode & (write ? 0200 : 0400))) {
        errno = EACCES;
        return -1;
    }
    return fake_descriptor(entry);
}

static inline int fake_open(const char *name, int flags)
{
    const char *verb = flags & O_PATH ? "openpath"
                                      : (flags & O_ACCMODE) == O_WRONLY ? "openw" : "open";

    return fake_open_entry(fake_look(verb, name, !(flags & O_NOFOLLOW)), flags);
}

static inline int fake_openat(int directory, const char *name, int flags)
{
    const char *at = directory == AT_FDCWD ? "/w" : fake_at(directory)->path;

    assert_true(strlen(name) < PATH_MAX);  /* what it is there for */
    return fake_open_entry(fake_look_at("openat", at, name, !(flags & O_NOFOLLOW)), flags);
}

/* As Linux has it, the descriptor is gone whatever the result. */
static inline int fake_close(int fd)
{
    const struct fake_entry *entry = fake_at(fd);

    fake_release(fd);
    return fake_call("close", entry->path);
}

static inline int fake_attributes(const struct fake_entry *entry, struct stat *st)
{
    if (!entry)
        return -1;
    *st = entry->st;
    return 0;
}

static inline int fake_lstat(const char *name, struct stat *st)
{
    return fake_attributes(fake_look("lstat", name, false), st);
}

static inline int fake_stat(const char *name, struct stat *st)
{
    return fake_attributes(fake_look("stat", name, true), st);
}

static inline int fake_fstat(int fd, struct stat *st)
{
    const struct fake_entry *entry;

    if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {  /* the test's own, no file of the fake file system */
        errno = EBADF;
        return -1;
    }
    entry = fake_at(fd);
    return fake_attributes(fake_call("fstat", entry->path) < 0 ? NULL : entry, st);
}

static inline int fake_stat_entry(int directory, const char *name, struct stat *st)
{
    struct fake_entry *entry = fake_walk(fake_at(directory)->path, name, false, 0);

    if (fake_call("statentry", entry ? entry->path : name) < 0)
        return -1;
    errno = ENOENT;
    return fake_attributes(entry, st);
}

static inline int fake_stat_fresh(int fd, struct stat *st)
{
    struct fake_entry *entry = fake_at(fd);

    if (fake_call("look", entry->path) < 0)
        return -1;
    if (fake.now < fake.moves_until && strcmp(entry->path, "/w/moving") == 0)
        entry->st.st_ctim.tv_sec++;
    return fake_attributes(entry, st);
}

static inline DIR *fake_fdopendir(int fd)
{
    size_t i = 0;

    if (fake_call("list", fake_at(fd)->path) < 0)
        return NULL;
    while (fake.stream[i].directory)
        assert_true(++i < sizeof fake.stream / sizeof *fake.stream);
    fake.stream[i] = (struct fake_stream){.directory = fake_at(fd), .fd = fd};
    return (DIR *)&fake.stream[i];
}

/* True where ENTRY is one of DIRECTORY, and the last part of its path. */
static inline const char *fake_name_in(const struct fake_entry *directory,
                                       const struct fake_entry *entry)
{
    size_t length = strlen(directory->path);

    if (entry == directory || strncmp(entry->path, directory->path, length) != 0 ||
        entry->path[length] != '/' || strchr(entry->path + length + 1, '/'))
        return NULL;
    return entry->path + length + 1;
}

static inline struct dirent *fake_readdir(DIR *opened)
{
    struct fake_stream *stream = (struct fake_stream *)opened;

    if (fake_call("read", stream->directory->path) < 0)
        return NULL;
    while (stream->next < fake.entries) {
        const struct fake_entry *entry = &fake.entry[stream->next++];
        const char *name = fake_name_in(stream->directory, entry);

        if (!name)
            continue;
        snprintf(stream->entry.d_name, sizeof stream->entry.d_name, "%s", name);
        stream->entry.d_type = fake.no_types ? DT_UNKNOWN : IFTODT(entry->st.st_mode);
        return &stream->entry;
    }
    return NULL;
}

static inline int fake_closedir(DIR *opened)
{
    struct fake_stream *stream = (struct fake_stream *)opened;
    const char *path = stream->directory->path;

    fake_release(stream->fd);
    stream->directory = NULL;
    return fake_call("closedir", path);
}

static inline ssize_t fake_readlink(const char *name, char *target, size_t size)
{
    const struct fake_entry *entry = fake_look("readlink", name, false);
    size_t length;

    if (!entry)
        return -1;
    assert_non_null(entry->target);
    length = strlen(entry->target);
    length = length < size ? length : size;
    memcpy(target, entry->target, length);  /* no NUL: readlink(2) */
    return (ssize_t)length;
}

/* The engine has no business with it: it speaks of files, its callers may remove them. */
static inline int fake_unlink(const char *name)
{
    fail_msg("%s must not be removed", name);
    return -1;
}

/* A call that writes FD's pages, and takes a while. */
static inline int fake_sync(const char *verb, int fd, double seconds)
{
    struct fake_entry *entry = fake_at(fd);

    pthread_mutex_lock(&fake_mutex);
    fake.now += seconds;
    pthread_mutex_unlock(&fake_mutex);
    if (fake_call(verb, entry->path) < 0)
        return -1;
    if (entry->moves_late) {
        entry->st.st_blocks = 8;
        entry->st.st_ctim.tv_sec = 1001;
    }
    return 0;
}

static inline int fake_fsync(int fd)
{
    return fake_sync("fsync", fd, FAKE_SYNC_TAKES);
}

static inline int fake_fdatasync(int fd)
{
    return fake_sync("fdatasync", fd, FAKE_SYNC_TAKES);
}

static inline int fake_fiemap_sync(int fd)
{
    return fake_sync("fiemap", fd, FAKE_SYNC_TAKES);
}

/* "start", "ask" or "wait", by the flags of sync_file_range(2). */
static inline int fake_sync_file_range(int fd, unsigned flags)
{
    if (flags == 1)
        return fake_sync("ask", fd, 0);
    if (flags == 2)
        return fake_sync("start", fd, FAKE_START_TAKES);
    assert_int_equal(flags, 1 | 2 | 4);
    return fake_sync("wait", fd, FAKE_SYNC_TAKES);
}

static inline int fake_fs_magic(int fd, unsigned long *magic)
{
    const struct fake_entry *entry = fake_at(fd);

    *magic = entry->st.st_dev == 1 ? fake.magic : fake.other_magic;
    return fake_call("magic", entry->path);
}

static inline int fake_is_writable(int fd)
{
    int failed = fake_call("writable", fake_at(fd)->path);

    return failed < 0 ? failed : !fake.is_read_only;
}

static inline int fake_is_for_writing(int fd)
{
    (void)fd;
    return 1;
}

static inline double fake_time(void)
{
    double now;

    pthread_mutex_lock(&fake_mutex);
    now = fake.now;
    pthread_mutex_unlock(&fake_mutex);
    return now;
}

static inline int fake_syncfs(int fd)
{
    return fake_sync("syncfs", fd, FAKE_SYNC_TAKES);
}

static inline int fake_commit(int fd)
{
    return fake_sync("commit", fd, FAKE_SYNC_TAKES);
}

static inline int fake_lease(int fd, int type)
{
    struct fake_entry *entry = fake_at(fd);

    if (type == F_UNLCK)
        return fake_call("unlease", entry->path);
    if (fake_call("lease", entry->path) < 0)
        return -1;
    if (fake.written[entry - fake.entry] && fake_time() < fake.let_go_at) {
        errno = EAGAIN;
        return -1;
    }
    return 0;
}

/* All that a file holds is dirty. */
static inline int fake_dirty_of_file(int fd, uint64_t *dirty)
{
    *dirty = (uint64_t)fake_at(fd)->st.st_size;
    return fake_call("cachestat", fake_at(fd)->path);
}

static inline int fake_dirty_in_fs(int fd, unsigned long magic, uint64_t *dirty)
{
    if (fake_call("fsdirty", fake_at(fd)->path) < 0)
        return -1;
    if (magic != FAKE_BTRFS) {
        errno = ENOSYS;
        return -1;
    }
    *dirty = fake.dirty_in_fs;
    return 0;
}

static inline int fake_dirty_in_all(uint64_t *dirty)
{
    *dirty = fake.dirty_in_all;
    return fake_call("meminfo", "");
}

static inline int fake_sleep(const struct timespec *duration)
{
    assert_true(duration->tv_sec >= 0 && duration->tv_nsec >= 0 && duration->tv_nsec < 1000000000);
    fake.now += (double)duration->tv_sec + (double)duration->tv_nsec / 1e9;
    if (fake.on_sleep)
        fake.on_sleep();
    return fake_call("sleep", "");
}

/* It is asked so often that there is no room to note that down. */
static inline int fake_clock(struct timespec *now)
{
    double time = fake_time();
    int error;

    pthread_mutex_lock(&fake_mutex);
    error = fake_error("clock", "/");
    pthread_mutex_unlock(&fake_mutex);
    if (error) {
        errno = error;
        return -1;
    }
    now->tv_sec = (time_t)time;
    now->tv_nsec = (long)((time - (double)now->tv_sec) * 1e9);
    return 0;
}

/* In place of the C library's, which is not behind the seam. */
int uname(struct utsname *name)
{
    memset(name, 0, sizeof *name);
    snprintf(name->release, sizeof name->release, "%s", fake.kernel ? fake.kernel : "6.1.0");
    return 0;
}

/* An empty file system, of the kind MAGIC. */
static inline void fake_start(unsigned long magic)
{
    memset(&fake, 0, sizeof fake);
    fake.magic = fake.other_magic = magic;
    fake_dir("");
    fake_dir("/w");
    sys = (struct sys){
        .open = fake_open,
        .openat = fake_openat,
        .close = fake_close,
        .lstat = fake_lstat,
        .stat = fake_stat,
        .fstat = fake_fstat,
        .stat_entry = fake_stat_entry,
        .stat_fresh = fake_stat_fresh,
        .fdopendir = fake_fdopendir,
        .readdir = fake_readdir,
        .closedir = fake_closedir,
        .readlink = fake_readlink,
        .unlink = fake_unlink,
        .fsync = fake_fsync,
        .fdatasync = fake_fdatasync,
        .syncfs = fake_syncfs,
        .commit = fake_commit,
        .sync_file_range = fake_sync_file_range,
        .fiemap_sync = fake_fiemap_sync,
        .fs_magic = fake_fs_magic,
        .is_writable = fake_is_writable,
        .is_for_writing = fake_is_for_writing,
        .lease = fake_lease,
        .dirty_of_file = fake_dirty_of_file,
        .dirty_in_fs = fake_dirty_in_fs,
        .dirty_in_all = fake_dirty_in_all,
        .clock = fake_clock,
        .sleep = fake_sleep,
    };
}

static inline bool fake_is_one_of(const char *verb, const char *verbs)
{
    size_t length = strlen(verb);

    for (const char *at = verbs; (at = strstr(at, verb)); at += length)
        if ((at == verbs || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

/* The calls that are among VERBS ("open fsync"), in their order: "open a, fsync a".  The text lives
   until the next call. */
static inline const char *fake_calls(const char *verbs)
{
    static char text[4096];
    size_t end = 0;

    *text = '\0';
    for (size_t i = 0; i < fake.steps; i++)
        if (fake_is_one_of(fake.step[i].verb, verbs)) {
            end += (size_t)snprintf(text + end, sizeof text - end, "%s%s %s", end ? ", " : "",
                                    fake.step[i].verb, fake.step[i].path);
            assert_true(end < sizeof text);
        }
    return text;
}

#endif
