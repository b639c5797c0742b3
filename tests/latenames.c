/* latenames.c - what latefs does with names and attributes
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lateops.h"
#include "latestate.h"

/* The kernel asks for attributes each time, but may keep the names, since all changes come through
   it.  With an inode it also keeps the error of a failed writeback, for the next fsync. */
#define ATTR_TIMEOUT 0.0
#define ENTRY_TIMEOUT 1e6

void reply_result(fuse_req_t req, int result)
{
    fuse_reply_err(req, result < 0 ? errno : 0);
}

void touched(struct inode *inode)
{
    struct stat real;

    if (inode && inode_stat(inode, &real) == 0)
        late_touched(&inode->late, &real);
}

int find_entry(fuse_ino_t parent, const char *name, struct fuse_entry_param *entry)
{
    struct inode *inode;

    *entry = (struct fuse_entry_param){.attr_timeout = ATTR_TIMEOUT,
                                       .entry_timeout = ENTRY_TIMEOUT};
    inode = inode_look_up(inode_of(parent), name, &entry->attr);
    if (!inode)
        return -1;
    entry->ino = inode_number(inode);
    late_show(&inode->late, &entry->attr);
    return 0;
}

/* Answers with the entry NAME of PARENT, where RESULT isn't the failure to make it. */
static void reply_entry(fuse_req_t req, int result, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry;

    if (result < 0 || find_entry(parent, name, &entry) < 0)
        fuse_reply_err(req, errno);
    else
        fuse_reply_entry(req, &entry);
}

void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    reply_entry(req, 0, parent, name);
}

void do_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
    inode_forget(inode_of(ino), count);
    fuse_reply_none(req);
}

void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    struct inode *inode = inode_of(ino);
    struct stat st;

    (void)fi;
    if (inode_stat(inode, &st) < 0) {
        fuse_reply_err(req, errno);
        return;
    }
    late_show(&inode->late, &st);
    fuse_reply_attr(req, &st, ATTR_TIMEOUT);
}

static struct timespec new_time(struct timespec time, int set, int now)
{
    if (now)
        return (struct timespec){.tv_nsec = UTIME_NOW};
    return set ? time : (struct timespec){.tv_nsec = UTIME_OMIT};
}

static int set_attributes(const struct inode *inode, const struct stat *wanted, int set,
                          const struct fuse_file_info *fi)
{
    const struct inode_path path = inode_path(inode);
    const struct timespec times[] = {
        new_time(wanted->st_atim, set & FUSE_SET_ATTR_ATIME, set & FUSE_SET_ATTR_ATIME_NOW),
        new_time(wanted->st_mtim, set & FUSE_SET_ATTR_MTIME, set & FUSE_SET_ATTR_MTIME_NOW),
    };

    if (set & FUSE_SET_ATTR_MODE && chmod(path.text, wanted->st_mode & ALLPERMS) < 0)
        return -1;
    if (set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID) &&
        fchownat(inode->fd, "", set & FUSE_SET_ATTR_UID ? wanted->st_uid : (uid_t)-1,
                 set & FUSE_SET_ATTR_GID ? wanted->st_gid : (gid_t)-1, AT_EMPTY_PATH) < 0)
        return -1;
    if (set & FUSE_SET_ATTR_SIZE && (fi ? ftruncate((int)fi->fh, wanted->st_size)
                                        : truncate(path.text, wanted->st_size)) < 0)
        return -1;
    if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0;
    /* AT_EMPTY_PATH (Linux 5.8) also reaches a symbolic link itself */
    return utimensat(inode->fd, "", times, AT_EMPTY_PATH);
}

void do_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *wanted, int set,
                       struct fuse_file_info *fi)
{
    if (set_attributes(inode_of(ino), wanted, set, fi) < 0) {
        fuse_reply_err(req, errno);
        return;
    }
    touched(inode_of(ino));
    do_getattr(req, ino, fi);
}

void do_readlink(fuse_req_t req, fuse_ino_t ino)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(inode_of(ino)->fd, "", target, sizeof target - 1);

    if (length < 0) {
        fuse_reply_err(req, errno);
        return;
    }
    target[length] = '\0';
    fuse_reply_readlink(req, target);
}

void do_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
    reply_entry(req, mknodat(inode_of(parent)->fd, name, mode, dev), parent, name);
}

void do_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    reply_entry(req, mkdirat(inode_of(parent)->fd, name, mode), parent, name);
}

void do_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    reply_entry(req, symlinkat(target, inode_of(parent)->fd, name), parent, name);
}

void do_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    const struct inode_path path = inode_path(inode_of(ino));
    int result = linkat(AT_FDCWD, path.text, inode_of(parent)->fd, name, AT_SYMLINK_FOLLOW);

    if (result == 0)
        touched(inode_of(ino));
    reply_entry(req, result, parent, name);
}

static void remove_entry(fuse_req_t req, fuse_ino_t parent, const char *name, int flags)
{
    struct inode *inode = inode_peek(inode_of(parent), name);
    int result = unlinkat(inode_of(parent)->fd, name, flags);

    if (result == 0)
        touched(inode);
    reply_result(req, result);
}

void do_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    remove_entry(req, parent, name, 0);
}

void do_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    remove_entry(req, parent, name, AT_REMOVEDIR);
}

void do_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
                      const char *new_name, unsigned int flags)
{
    struct inode *source = inode_peek(inode_of(parent), name);
    struct inode *target = inode_peek(inode_of(new_parent), new_name);
    int result = renameat2(inode_of(parent)->fd, name, inode_of(new_parent)->fd, new_name, flags);

    if (result == 0) {
        touched(source);
        touched(target);
    }
    reply_result(req, result);
}
