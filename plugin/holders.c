/* holders.c - who has files open for writing or mapped shared and writable, as /proc shows it
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "holders.h"
#include "libc.h"

const char *holders_proc = "/proc";

struct search {
    const struct idset *wanted;
    void (*found)(size_t index, const struct holder *holder, void *context);
    void *context;
    int process;  /* its directory below /proc */
    struct holder holder;
};

/* As ps(1) shows it: the first 15 bytes of its program's name. */
static void read_name(struct search *search)
{
    int fd = openat(search->process, "comm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, search->holder.name, sizeof search->holder.name - 1);

    search->holder.name[n > 0 ? n : 0] = '\0';
    search->holder.name[strcspn(search->holder.name, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

static void report(struct search *search, size_t index)
{
    read_name(search);
    search->found(index, &search->holder, search->context);
}

/* The identity of the regular file that NAME, below the directory AT, leads to, into *DEV and *INO, as the kernel
   knows it: a server that doesn't answer must not hang us for a file that is not even ours. */
static bool identify(int at, const char *name, dev_t *dev, ino_t *ino)
{
#ifdef CAN_STATX
    struct statx known;

    if (statx(at, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &known) == 0) {
        *dev = makedev(known.stx_dev_major, known.stx_dev_minor);
        *ino = (ino_t)known.stx_ino;
        return S_ISREG(known.stx_mode);
    }
    if (errno != ENOSYS && errno != EPERM)
        return false;
#endif
    struct stat st;

    if (fstatat(at, name, &st, 0) < 0)
        return false;
    *dev = st.st_dev;
    *ino = st.st_ino;
    return S_ISREG(st.st_mode);
}

static void look_at_descriptor(struct search *search, int fds, const char *name)
{
    struct stat st;
    dev_t dev;
    ino_t ino;
    size_t index;

    /* proc(5): the link's own mode tells how the file was opened */
    if (fstatat(fds, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !(st.st_mode & S_IWUSR) ||
        !identify(fds, name, &dev, &ino))
        return;
    index = idset_find(search->wanted, dev, ino);
    if (index != IDSET_NONE)
        report(search, index);
}

/* Returns false where we are not let in. */
static bool look_at_descriptors(struct search *search)
{
    int fds = openat(search->process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fds < 0 ? NULL : fdopendir(fds);
    const struct dirent *entry;

    if (!stream) {
        if (fds >= 0)
            close(fds);
        return false;
    }
    while ((entry = readdir(stream)))
        if (isdigit((unsigned char)*entry->d_name))
            look_at_descriptor(search, fds, entry->d_name);
    closedir(stream);
    return true;
}

/* True where the process sees the same mounts as this one, or nobody tells. */
static bool has_our_mounts(const struct search *search)
{
    char theirs[64] = "", ours[64] = "", path[PATH_MAX];

    snprintf(path, sizeof path, "%s/self/ns/mnt", holders_proc);
    return readlinkat(search->process, "ns/mnt", theirs, sizeof theirs - 1) < 0 ||
           readlink(path, ours, sizeof ours - 1) < 0 || strcmp(theirs, ours) == 0;
}

/* LINE of /proc/PID/maps: "7f00-7f01 rw-s 00000000 fe:00 1234   /path".  btrfs shows another device there
   than stat(2) does, and overlayfs before Linux 6.8 the file below: the path decides then; of a process with other mounts
   the inode has to be the same as well, for another file may have that path there. */
static void look_at_mapping(struct search *search, const char *line)
{
    unsigned major, minor;
    unsigned long long inode;
    char permissions[5];
    int path_at = 0;
    dev_t dev;
    ino_t ino;
    size_t index;

    if (sscanf(line, "%*x-%*x %4s %*x %x:%x %llu %n", permissions, &major, &minor, &inode,
               &path_at) < 4 ||
        permissions[1] != 'w' || permissions[3] != 's' || inode == 0)
        return;
    index = idset_find(search->wanted, makedev(major, minor), (ino_t)inode);
    if (index == IDSET_NONE && line[path_at] == '/' &&
        identify(AT_FDCWD, line + path_at, &dev, &ino) && (ino == (ino_t)inode || has_our_mounts(search)))
        index = idset_find(search->wanted, dev, ino);
    if (index != IDSET_NONE)
        report(search, index);
}

/* *HAS_ANY is set where there are any mappings. */
static bool look_at_mappings(struct search *search, bool *has_any)
{
    int fd = openat(search->process, "maps", O_RDONLY | O_CLOEXEC);
    FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    if (!maps) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    while ((length = getline(&line, &size, maps)) > 0) {
        *has_any = true;
        line[length - 1] = '\0';
        look_at_mapping(search, line);
    }
    free(line);
    fclose(maps);
    return true;
}

/* True where the process, or thread, whose folder in /proc PROCESS is has ended, though nobody may have waited for it
   yet. */
static bool has_ended(int process)
{
    char text[512];
    int fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    const char *state;

    if (fd >= 0)
        close(fd);
    if (n < 0)
        return errno == ENOENT || errno == ESRCH;
    text[n] = '\0';
    state = strrchr(text, ')');  /* of the name, which may have blanks and brackets */
    return state && state[1] == ' ' && (state[2] == 'Z' || state[2] == 'X');
}

/* Its threads, to be closed by the caller, or NULL with errno. */
static DIR *open_threads(int process)
{
    int tasks = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = tasks < 0 ? NULL : fdopendir(tasks);

    if (!stream && tasks >= 0)
        close(tasks);
    return stream;
}

/* True where the process has other threads than the main one: they outlive that if it calls pthread_exit(3). */
static bool has_threads(int process)
{
    DIR *stream = open_threads(process);
    const struct dirent *entry;
    size_t count = 0;

    while (stream && (entry = readdir(stream)))
        count += isdigit((unsigned char)*entry->d_name) != 0;
    if (stream)
        closedir(stream);
    return count > 1;
}

/* True where the folder PROCESS lets us see what we look for. */
static bool is_open_to_us(int process)
{
    int fds = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int maps = openat(process, "maps", O_RDONLY | O_CLOEXEC);

    if (fds >= 0)
        close(fds);
    if (maps >= 0)
        close(maps);
    return fds >= 0 && maps >= 0;
}

bool holders_is_hidden(pid_t pid)
{
    char path[PATH_MAX];
    int process;
    bool is;

    if (pid <= 0 || (kill(pid, 0) < 0 && errno == ESRCH))
        return false;
    snprintf(path, sizeof path, "%s/%jd", holders_proc, (intmax_t)pid);
    process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process < 0)
        return true;
    is = !is_open_to_us(process) && (!has_ended(process) || has_threads(process));
    close(process);
    return is;
}

/* Looks through the threads of a process whose main one has ended: any of them shows what all share. */
static bool look_at_threads(struct search *search)
{
    const int leader = search->process;
    DIR *stream = open_threads(leader);
    const struct dirent *entry;
    bool complete = true, has_any = false;

    if (!stream)
        return errno == ENOENT || errno == ESRCH;
    while (!has_any && (entry = readdir(stream))) {
        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        search->process = openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (search->process < 0)
            continue;  /* it has ended */
        if (!look_at_descriptors(search) || !look_at_mappings(search, &has_any))
            complete &= has_ended(search->process);
        close(search->process);
    }
    closedir(stream);
    search->process = leader;
    return complete;
}

/* True where the process could be looked into, or has ended. */
static bool look_at_process(struct search *search, int proc, const char *pid)
{
    bool complete, has_any = false;

    search->process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (search->process < 0)
        return errno == ENOENT || errno == ESRCH;
    search->holder.pid = (pid_t)strtol(pid, NULL, 10);
    complete = look_at_descriptors(search) && look_at_mappings(search, &has_any);
    if (!has_any && has_ended(search->process))
        complete = look_at_threads(search);
    close(search->process);
    return complete;
}

/* True where PROC shows other users' processes as well: one that is empty, or mounted with hidepid (proc(5)), lacks the
   first of all. */
static bool shows_all(int proc)
{
    struct stat st;

    return fstatat(proc, "1", &st, 0) == 0;
}

bool holders_find(const struct idset *wanted,
                  void (*found)(size_t index, const struct holder *holder, void *context),
                  void *context)
{
    struct search search = {.wanted = wanted, .found = found, .context = context};
    DIR *proc = opendir(holders_proc);
    const struct dirent *entry;
    char self[32] = "";
    bool complete;

    if (!proc)
        return false;
    complete = shows_all(dirfd(proc));
    /* which number we have there: /proc may be that of another PID namespace */
    if (readlinkat(dirfd(proc), "self", self, sizeof self - 1) < 0)
        snprintf(self, sizeof self, "%jd", (intmax_t)getpid());
    while ((entry = readdir(proc)))
        if (isdigit((unsigned char)*entry->d_name) && strcmp(entry->d_name, self) != 0)
            complete &= look_at_process(&search, dirfd(proc), entry->d_name);
    closedir(proc);
    return complete;
}
