/* faults.h - the tables of faults.c: scenarios, calls, exceptions
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_UNIT_FAULTS_H
#define SETTLE_UNIT_FAULTS_H

#include "settle.h"

struct scenario {
    const char *title;
    void (*make)(void);
    const char *(*names)(void);  /* what is to be settled */
    const char *told;  /* what is told to be settled, in that order; NULL: just that */
};

static void make_link(void)
{
    fake_file("d/out");
    fake_link("link", "d/out");
    asked.verbose = true;
}

static const char *names_of_link(void)
{
    return "link";
}

static const struct scenario a_link = {"link", make_link, names_of_link, "link"};

/* Another file system is mounted at d/mnt. */
static void make_tree(void)
{
    fake_file("d/a");
    fake_dir("d/sub");
    fake_file("d/sub/b");
    fake_add("d/mnt", S_IFDIR | 0755)->st.st_dev = 2;
    fake_add("d/mnt/c", S_IFREG | 0644)->st.st_dev = 2;
}

static const char *names_of_tree(void)
{
    return "d/";
}

static const struct scenario a_tree = {"tree", make_tree, names_of_tree, "d// d/a d/mnt/c d/sub/b"};

static void make_deep_tree(void)
{
    fake_file("d/a");
}

/* No lstat(2) would take that name; it spares the making of a tree that deep. */
static const char *names_of_deep_tree(void)
{
    static char name[PATH_MAX + 8];

    for (size_t i = 0; i < PATH_MAX; i++)
        name[i] = i % 2 ? '/' : '.';
    memcpy(name + PATH_MAX, "d/", 3);
    return name;
}

static const struct scenario a_deep_tree = {"deep tree", make_deep_tree, names_of_deep_tree,
                                            "d// d/a"};

#define LARGE 130

static void make_large_set(void)
{
    many_files(LARGE);
    fake.dirty_in_all = fake.dirty_in_fs = UINT64_C(10) * LARGE;  /* nobody else's */
}

static const char *names_of_large_set(void)
{
    static char names[LARGE * 6 + 1];

    name_many(names, LARGE);
    names[LARGE * 6 - 1] = '\0';
    return names;
}

static const struct scenario a_large_set = {"large set", make_large_set, names_of_large_set, NULL};

static void make_stable_file(void)
{
    fake_file("d/out");
    asked.stable = 3;  /* longer than an fsync takes */
}

static const char *names_of_file(void)
{
    return "d/out";
}

static const struct scenario a_stable_file = {"stable", make_stable_file, names_of_file, "d/out"};

static void make_held_file(void)
{
    fake.written[fake_file("d/out") - fake.entry] = true;
    fake.let_go_at = 5;
}

static const struct scenario a_held_file = {"held", make_held_file, names_of_file, "d/out"};

static void make_threads(void)
{
    many_files(20);
    fake.dirty_in_all = UINT64_MAX;
}

static const char *names_of_threads(void)
{
    return "d/000 d/001 d/002 d/003 d/004 d/005 d/006 d/007 d/008 d/009 d/010 d/011 d/012 d/013 "
           "d/014 d/015 d/016 d/017 d/018 d/019";
}

static const struct scenario by_threads = {"threads", make_threads, names_of_threads, NULL};

static void make_secret(void)
{
    fake_add("d/out", S_IFREG | 0200);
}

static const struct scenario a_secret = {"write-only file", make_secret, names_of_file, NULL};

static const struct scenario *const scenarios[] = {
    &a_link, &a_tree, &a_deep_tree, &a_large_set, &by_threads, &a_stable_file, &a_held_file, &a_secret,
    NULL,
};

/* A call and what is told when it fails. */
static const struct call {
    const struct scenario *scenario;
    const char *verb;
    const char *path;
    const char *failure;  /* the reason left out */
    int errors[28];       /* up to the first 0 */
    int after;            /* so many calls that go well come first */
    bool only_once;       /* it is some other file's call the next time */
    bool only_fsync;      /* in other modes it is another call */
    const char *without;  /* what is not found then, and not told of */
    unsigned long magic;  /* of a file system where this call is made; 0: FAKE_EXT4 */
} calls[] = {
#define OPEN_ERRORS                                                                              \
    {EACCES, EBADF, EBUSY, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EISDIR, ELOOP, EMFILE,  \
     ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EOPNOTSUPP, EOVERFLOW, \
     EPERM, EROFS, ETXTBSY, EWOULDBLOCK, EIO}
#define STAT_ERRORS \
    {EACCES, EBADF, EFAULT, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW, EIO}
#define LINK_ERRORS \
    {EACCES, EBADF, EFAULT, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR}
#define SYNC_ERRORS {EBADF, EDQUOT, EINTR, EINVAL, EIO, ENOSPC, EROFS}
#define SYNCFS_ERRORS {EBADF, EDQUOT, EINTR, EIO, ENOSPC, ENOSYS}
#define CLOSE_ERRORS {EBADF, EDQUOT, EINTR, EIO, ENOSPC}
#define RANGE_ERRORS {EBADF, EINTR, EINVAL, EIO, ENOMEM, ENOSPC, ENOSYS, EPERM, ESPIPE}
#define MAGIC_ERRORS {EBADF, EFAULT, EINTR, EIO, ENOMEM, ENOSYS, EOVERFLOW}
#define FIEMAP_ERRORS                                                                            \
    {EBADF, EBADR, EDQUOT, EFAULT, EINTR, EINVAL, EIO, ENOMEM, ENOSPC, ENOSYS, ENOTTY, EOPNOTSUPP, EPERM}
#define OPENDIR_ERRORS {EACCES, EBADF, EMFILE, ENFILE, ENOENT, ENOMEM, ENOTDIR}
#define READDIR_ERRORS {EBADF, EFAULT, EINVAL, EIO, ENOENT, ENOTDIR}
#define LEASE_ERRORS                                                                             \
    {EACCES, EAGAIN, EBADF, EBUSY, EDEADLK, EFAULT, EINTR, EINVAL, EMFILE, ENOLCK, ENOMEM, ENOSYS, \
     ENOTDIR, EPERM}
#define CACHESTAT_ERRORS {EBADF, EFAULT, EINVAL, ENOSYS, EOPNOTSUPP, EPERM}
#define FSDIRTY_ERRORS                                                                           \
    {EACCES, EBADF, EFAULT, EIO, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSYS, ENOTTY, EPERM}
#define MEMINFO_ERRORS {EACCES, EIO, EMFILE, ENFILE, ENOENT, ENOMEM}
#define CLOCK_ERRORS {EACCES, EFAULT, EINVAL, ENODEV, EOPNOTSUPP, EPERM}
#define SLEEP_ERRORS {EFAULT, EINTR, EINVAL}

    {&a_link, "lstat", "link", "link failed at find", .errors = STAT_ERRORS},
    {&a_link, "stat", ".", "link failed at find", .errors = STAT_ERRORS},
    {&a_link, "readlink", "link", "link failed at find", .errors = LINK_ERRORS},
    {&a_link, "lstat", "d/out", "link failed at find", .errors = STAT_ERRORS},
    {&a_link, "stat", "d", "link failed at find", .errors = STAT_ERRORS},
    {&a_link, "open", "d/out", "link failed at open", .errors = OPEN_ERRORS},
    {&a_link, "magic", "d/out", NULL, .errors = MAGIC_ERRORS},
    {&a_link, "start", "d/out", "link failed at writeback", .errors = RANGE_ERRORS},
    {&a_link, "lease", "d/out", NULL, .errors = LEASE_ERRORS},
    {&a_link, "unlease", "d/out", NULL, .errors = LEASE_ERRORS},
    {&a_link, "fsync", "d/out", "link failed at fsync", .errors = SYNC_ERRORS},
    {&a_link, "wait", "d/out", "link failed at writeback", .errors = RANGE_ERRORS},
    {&a_link, "fdatasync", "d/out", "link failed at writeback", .errors = SYNC_ERRORS,
     .magic = FAKE_FUSE},
    {&a_link, "fiemap", "d/out", "link failed at writeback", .errors = FIEMAP_ERRORS,
     .magic = FAKE_OVERLAYFS},
    {&a_link, "fstat", "d/out", "link failed at find", .errors = STAT_ERRORS},
    {&a_link, "close", "d/out", "link failed at close", .errors = CLOSE_ERRORS},
    {&a_link, "open", "d", "d/ failed at open", .errors = OPEN_ERRORS},
    {&a_link, "fsync", "d", "d/ failed at fsync", .errors = SYNC_ERRORS},
    {&a_link, "close", "d", NULL, .errors = CLOSE_ERRORS},
    {&a_link, "clock", "/", NULL, .errors = CLOCK_ERRORS},

#define BELOW_D "d/a d/mnt/c d/sub/b"
    {&a_tree, "lstat", "d", "d// failed at find", .errors = STAT_ERRORS, .without = BELOW_D},
    {&a_tree, "stat", "d", "d// failed at find", .errors = STAT_ERRORS, .without = BELOW_D},
    {&a_tree, "stat", ".", "d// failed at find", .errors = STAT_ERRORS, .without = BELOW_D},
    {&a_tree, "open", "d", "d// failed at open", .errors = OPEN_ERRORS, .without = BELOW_D},
    {&a_tree, "list", "d", "d// failed at open", .errors = OPENDIR_ERRORS, .without = BELOW_D},
    {&a_tree, "read", "d", "d// failed at list", .errors = READDIR_ERRORS, .without = BELOW_D},
    {&a_tree, "statentry", "d/a", "d// failed at list", .errors = STAT_ERRORS, .without = "d/a"},
    {&a_tree, "statentry", "d/sub", "d// failed at list", .errors = STAT_ERRORS,
     .without = "d/sub/b"},
    {&a_tree, "closedir", "d", NULL, .errors = {EBADF}},
    {&a_tree, "magic", "d/mnt", NULL, .errors = MAGIC_ERRORS},
    {&a_tree, "open", "d/sub", "d/sub/ failed at open", .errors = OPEN_ERRORS,
     .without = "d/sub/b"},
    {&a_tree, "list", "d/sub", "d/sub/ failed at open", .errors = OPENDIR_ERRORS,
     .without = "d/sub/b"},
    {&a_tree, "read", "d/sub", "d/sub/ failed at list", .errors = READDIR_ERRORS,
     .without = "d/sub/b"},
    {&a_tree, "read", "d/sub", "d/sub/ failed at list", .errors = READDIR_ERRORS, .after = 1},
    {&a_tree, "open", "d/sub/b", "d/sub/b failed at open", .errors = OPEN_ERRORS},
    {&a_tree, "fstat", "d/sub/b", NULL, .errors = STAT_ERRORS},
    {&a_tree, "fstat", "d/sub", NULL, .errors = STAT_ERRORS},
    {&a_tree, "start", "d/sub/b", "d/sub/b failed at writeback", .errors = RANGE_ERRORS},
    {&a_tree, "fsync", "d/sub/b", "d/sub/b failed at fsync", .errors = SYNC_ERRORS},
    {&a_tree, "wait", "d/sub/b", "d/sub/b failed at writeback", .errors = RANGE_ERRORS},
    {&a_tree, "open", "d/sub", "d/sub/ failed at open", .errors = OPEN_ERRORS, .after = 1},
    {&a_tree, "fsync", "d/sub", "d/sub/ failed at fsync", .errors = SYNC_ERRORS},
    {&a_tree, "open", "d", "d// failed at open", .errors = OPEN_ERRORS, .after = 1},
    {&a_tree, "fsync", "d", "d// failed at fsync", .errors = SYNC_ERRORS},

    {&a_deep_tree, "openat", ".", "d// failed at open", .errors = OPEN_ERRORS, .without = "d/a"},
    {&a_deep_tree, "openat", "d", "d// failed at open", .errors = OPEN_ERRORS, .without = "d/a"},
    {&a_deep_tree, "openat", ".", "d/a failed at open", .errors = OPEN_ERRORS, .after = 1,
     .only_once = true},
    {&a_deep_tree, "openat", "d/a", "d/a failed at open", .errors = OPEN_ERRORS},
    {&a_deep_tree, "openat", ".", "d// failed at open", .errors = OPEN_ERRORS, .after = 2},
    {&a_deep_tree, "openat", "d", "d// failed at open", .errors = OPEN_ERRORS, .after = 1},
    {&a_deep_tree, "close", ".", NULL, .errors = CLOSE_ERRORS},

    {&a_large_set, "lstat", "d/007", "d/007 failed at find", .errors = STAT_ERRORS},
    {&a_large_set, "open", "d/000", "d/000 failed at open", .errors = OPEN_ERRORS},
    {&a_large_set, "magic", "d/000", NULL, .errors = MAGIC_ERRORS},
    {&a_large_set, "cachestat", "d/000", NULL, .errors = CACHESTAT_ERRORS},
    {&a_large_set, "fsdirty", "d/000", NULL, .errors = FSDIRTY_ERRORS},
    {&a_large_set, "fsdirty", "d/000", NULL, .errors = FSDIRTY_ERRORS, .magic = FAKE_BTRFS},
    {&a_large_set, "meminfo", "/", NULL, .errors = MEMINFO_ERRORS},
    {&a_large_set, "lease", "d/000", NULL, .errors = LEASE_ERRORS},
    {&a_large_set, "unlease", "d/000", NULL, .errors = LEASE_ERRORS},
    {&a_large_set, "open", "d/000", NULL, .errors = OPEN_ERRORS, .after = 1},
    {&a_large_set, "ask", "d/007", "d/007 failed at writeback", .errors = RANGE_ERRORS},
    {&a_large_set, "syncfs", "d/000", NULL, .errors = SYNCFS_ERRORS},
    {&a_large_set, "fstat", "d/000", NULL, .errors = STAT_ERRORS},
    {&a_large_set, "writable", "d/000", NULL, .errors = MAGIC_ERRORS},
    {&a_large_set, "fsync", "d/000", "d/000 failed at fsync", .errors = SYNC_ERRORS},
    {&a_large_set, "close", "d/000", NULL, .errors = CLOSE_ERRORS, .only_once = true,
     .only_fsync = true},
    {&a_large_set, "close", "d/000", "d/000 failed at close", .errors = CLOSE_ERRORS, .after = 1},

    {&by_threads, "open", "d/007", "d/007 failed at open", .errors = OPEN_ERRORS},
    {&by_threads, "start", "d/007", "d/007 failed at writeback", .errors = RANGE_ERRORS},
    {&by_threads, "lease", "d/007", NULL, .errors = LEASE_ERRORS},
    {&by_threads, "fsync", "d/007", "d/007 failed at fsync", .errors = SYNC_ERRORS},
    {&by_threads, "close", "d/007", "d/007 failed at close", .errors = CLOSE_ERRORS},
    {&by_threads, "fsync", "d", "d/ failed at fsync", .errors = SYNC_ERRORS},

    {&a_stable_file, "openpath", "d/out", "d/out failed at find", .errors = OPEN_ERRORS},
    {&a_stable_file, "look", "d/out", "d/out failed at find", .errors = STAT_ERRORS},
    {&a_stable_file, "fstat", "d/out", "d/out failed at find", .errors = STAT_ERRORS},
    {&a_stable_file, "close", "d/out", "d/out failed at close", .errors = CLOSE_ERRORS},
    {&a_stable_file, "close", "d/out", NULL, .errors = CLOSE_ERRORS, .after = 1},
    {&a_stable_file, "sleep", "/", NULL, .errors = SLEEP_ERRORS},
    {&a_stable_file, "clock", "/", "d/out failed at stable", .errors = CLOCK_ERRORS},

    {&a_held_file, "lease", "d/out", NULL, .errors = LEASE_ERRORS},
    {&a_held_file, "lease", "d/out", NULL, .errors = LEASE_ERRORS, .after = 1},
    {&a_held_file, "unlease", "d/out", NULL, .errors = LEASE_ERRORS},
    {&a_held_file, "open", "d/out", "d/out failed at open", .errors = OPEN_ERRORS, .after = 1},
    {&a_held_file, "close", "d/out", "d/out failed at close", .errors = CLOSE_ERRORS},
    {&a_held_file, "fsync", "d/out", "d/out failed at fsync", .errors = SYNC_ERRORS},
    {&a_held_file, "wait", "d/out", "d/out failed at writeback", .errors = RANGE_ERRORS},
    {&a_held_file, "sleep", "/", NULL, .errors = SLEEP_ERRORS},
    {&a_held_file, "clock", "/", "d/out failed at quiet", .errors = CLOCK_ERRORS},

    {&a_secret, "openw", "d/out", NULL, .errors = OPEN_ERRORS},
};

/* What is told of the errors that are no failure of that name and errno. */
#define WELL ""  /* all is settled */
static const char AS_FAILURE[] = "as the other errors";
#define TIMED_OUT " failed at quiet (Connection timed out)"

#define NO_CALL (-1)

static const struct exception {
    const struct scenario *scenario;  /* NULL: of all */
    const char *verb;
    const char *path;  /* NULL: of all */
    int error;         /* 0: each */
    int only_after;    /* the calls that go well before; 0: any number, NO_CALL: none */
    const char *once;  /* what is told where it fails once, ... */
    const char *ever;  /* ... and where it goes on failing */
    const char *why;
    const char *without;
} exceptions[] = {
#define DIRECTORY_VANISHES(error)                                                                \
    {&a_tree, "open", "d/sub", error, 1, WELL, WELL, .why = "vanished after it was listed"},     \
    {&a_tree, "open", "d/sub", error, 0, WELL, WELL, .why = "vanished on the way", .without = "d/sub/b"}
    DIRECTORY_VANISHES(ENOENT),
    DIRECTORY_VANISHES(ELOOP),
    DIRECTORY_VANISHES(ENOTDIR),
#define FILE_VANISHES(error)                                                                     \
    {&a_tree, "open", "d/sub/b", error, 0, WELL, WELL, .why = "vanished on the way", .without = "d/sub/b"}, \
    {&a_deep_tree, "openat", "d/a", error, 0, WELL, WELL, .why = "vanished on the way", .without = "d/a"},  \
    {&a_deep_tree, "openat", ".", error, 1, WELL, WELL, .why = "vanished on the way", .without = "d/a"}
    FILE_VANISHES(ENOENT),
    FILE_VANISHES(ELOOP),    /* a link has taken its place */
    FILE_VANISHES(ENOTDIR),  /* or that of its directory */
    FILE_VANISHES(ENXIO),    /* a socket has */
    {&a_tree, "statentry", "d/a", ENOENT, 0, WELL, WELL, .why = "vanished on the way",
     .without = "d/a"},
    {&a_tree, "statentry", "d/sub", ENOENT, 0, WELL, WELL, .why = "vanished on the way",
     .without = "d/sub/b"},

    {&a_large_set, "open", "d/000", 0, 1, WELL, WELL,
     .why = "no syncfs then: fsync of each, through descriptors that are open"},
#define HELD_AS_IT_WAS(error)                                                                    \
    {&a_held_file, "open", "d/out", error, 1, WELL, "d/out" TIMED_OUT,                           \
     .why = "held as far as is known"}
    HELD_AS_IT_WAS(EMFILE),
    HELD_AS_IT_WAS(ENFILE),
    HELD_AS_IT_WAS(ENOMEM),
    {&a_deep_tree, "openat", "d/a", EACCES, 0, WELL, AS_FAILURE, .why = "opened for writing"},
    {&a_deep_tree, "openat", "d/a", EMFILE, 0, WELL, AS_FAILURE,
     .why = "opened when the others are done"},
    {&a_deep_tree, "openat", "d/a", ENFILE, 0, WELL, AS_FAILURE,
     .why = "opened when the others are done"},
    {&a_deep_tree, "openat", "d/a", ENOMEM, 0, WELL, AS_FAILURE,
     .why = "opened when the others are done"},
    {&a_deep_tree, "openat", ".", EACCES, 1, WELL, WELL, .why = "opened for writing"},
    {&a_deep_tree, "openat", ".", EMFILE, 1, WELL, WELL, .why = "opened when the others are done"},
    {&a_deep_tree, "openat", ".", ENFILE, 1, WELL, WELL, .why = "opened when the others are done"},
    {&a_deep_tree, "openat", ".", ENOMEM, 1, WELL, WELL, .why = "opened when the others are done"},
    {NULL, "openat", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
#define OPENS_ALL_THE_SAME(scenario, path)                                                       \
    {scenario, "open", path, EACCES, 0, WELL, WELL, .why = "opened for writing"},                \
    {scenario, "open", path, EMFILE, 0, WELL, AS_FAILURE, .why = "opened when others are done"}, \
    {scenario, "open", path, ENFILE, 0, WELL, AS_FAILURE, .why = "opened when others are done"}, \
    {scenario, "open", path, ENOMEM, 0, WELL, AS_FAILURE, .why = "opened when others are done"}
    OPENS_ALL_THE_SAME(&a_link, "d/out"),
    OPENS_ALL_THE_SAME(&a_tree, "d/sub/b"),
    OPENS_ALL_THE_SAME(&a_large_set, "d/000"),
    OPENS_ALL_THE_SAME(&by_threads, "d/007"),
    {&a_held_file, "open", "d/out", EACCES, 0, WELL, WELL, .why = "opened for writing"},
    {NULL, "open", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "openpath", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {&a_secret, "openw", "d/out", EINTR, 0, WELL, WELL, .why = "made again"},
    {&a_secret, "openw", "d/out", 0, 0, "d/out failed at open (Permission denied)",
     "d/out failed at open (Permission denied)", .why = "the error of opening for reading tells more"},

    {NULL, "closedir", NULL, 0, 0, WELL, WELL, .why = "read only, it has nothing to report"},
    {NULL, "magic", "d/mnt", 0, 0, WELL, WELL, .why = "taken for a file system of files"},
    {NULL, "magic", NULL, 0, 0, WELL, WELL, .why = "fsync and fdatasync work everywhere"},
    {NULL, "cachestat", NULL, 0, 0, WELL, WELL, .why = "taken to be clean: no syncfs"},
    {NULL, "fsdirty", NULL, 0, 0, WELL, WELL, .why = "meminfo tells of the whole machine"},
    {NULL, "meminfo", NULL, 0, 0, WELL, WELL, .why = "all is taken to be dirty: no syncfs"},
    {NULL, "syncfs", NULL, 0, 0, WELL, WELL, .why = "fsync says of each file whether it is its own"},
    {NULL, "writable", NULL, 0, 0, WELL, WELL, .why = "taken to be read-only, where syncfs says nothing"},
    {&a_tree, "fstat", NULL, 0, 0, WELL, WELL, .why = "the calls that follow tell what it is"},
    {&a_large_set, "fstat", "d/000", 0, 0, WELL, WELL, .why = "no syncfs then: fsync of each"},

    {NULL, "start", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "start", NULL, EINVAL, 0, WELL, WELL, .why = "no such call there: what follows writes"},
    {NULL, "start", NULL, ENOSYS, 0, WELL, WELL, .why = "no such call there: what follows writes"},
    {NULL, "start", NULL, EPERM, 0, WELL, WELL, .why = "a container's filter: as where there is none"},
    {NULL, "start", NULL, ESPIPE, 0, WELL, WELL, .why = "no such call there: what follows writes"},
    {NULL, "ask", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "ask", NULL, EINVAL, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "ask", NULL, ENOSYS, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "ask", NULL, EPERM, 0, WELL, WELL, .why = "a container's filter: as where there is none"},
    {NULL, "ask", NULL, ESPIPE, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "wait", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "wait", NULL, EINVAL, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "wait", NULL, ENOSYS, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "wait", NULL, EPERM, 0, WELL, WELL, .why = "a container's filter: as where there is none"},
    {NULL, "wait", NULL, ESPIPE, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "fdatasync", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "fiemap", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "fiemap", NULL, EBADR, 0, WELL, WELL, .why = "flag not known there: fdatasync"},
    {NULL, "fiemap", NULL, EINVAL, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "fiemap", NULL, ENOSYS, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "fiemap", NULL, EPERM, 0, WELL, WELL, .why = "a container's filter: as where there is none"},
    {NULL, "fiemap", NULL, ENOTTY, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "fiemap", NULL, EOPNOTSUPP, 0, WELL, WELL, .why = "no such call there: fdatasync"},
    {NULL, "fsync", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "fsync", "d", EINVAL, 0, WELL, WELL, .why = "no fsync of directories there"},
    {NULL, "fsync", "d", EBADF, 0, WELL, WELL, .why = "no fsync of directories there"},
    {NULL, "fsync", "d/sub", EINVAL, 0, WELL, WELL, .why = "no fsync of directories there"},
    {NULL, "fsync", "d/sub", EBADF, 0, WELL, WELL, .why = "no fsync of directories there"},

    {&a_link, "lease", NULL, EAGAIN, 0, WELL, "link" TIMED_OUT, .why = "somebody writes: waited for"},
    {&a_large_set, "lease", NULL, EAGAIN, 0, WELL, "d/000" TIMED_OUT,
     .why = "somebody writes: waited for"},
    {&by_threads, "lease", NULL, EAGAIN, 0, WELL, "d/007" TIMED_OUT,
     .why = "somebody writes: waited for"},
    {&a_held_file, "lease", NULL, EAGAIN, 0, WELL, "d/out" TIMED_OUT,
     .why = "somebody writes: waited for"},
    {NULL, "lease", NULL, EINTR, 0, WELL, WELL, .why = "made again"},
    {NULL, "lease", NULL, 0, 0, WELL, WELL, .why = "no lease to be had: told that writers are not known"},
    {NULL, "unlease", NULL, 0, 0, WELL, WELL, .why = "given back when the descriptor is closed"},

    {NULL, "close", "d", 0, 0, WELL, WELL, .why = "read only, it has nothing to report"},
    {NULL, "close", ".", 0, 0, WELL, WELL, .why = "read only, it has nothing to report"},
    {&a_stable_file, "close", "d/out", 0, 1, WELL, WELL, .why = "a look, it has nothing to report"},
    {&a_large_set, "close", "d/000", 0, NO_CALL, WELL, WELL, .why = "opened for syncfs, which had its say"},
    {NULL, "close", NULL, EINTR, 0, WELL, WELL, .why = "Linux has closed it all the same"},

    {NULL, "sleep", NULL, 0, 0, WELL, WELL, .why = "the clock tells when the time is over"},
    {&a_link, "clock", NULL, 0, 0, WELL, WELL, .why = "only the seconds that it took are not known"},
};

static bool used[sizeof exceptions / sizeof *exceptions];

#endif
