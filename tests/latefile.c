/* latefile.c - what latefs does with the content of files
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lateinode.h"
#include "lateops.h"
#include "latestate.h"

static bool is_writer(const struct fuse_file_info *fi)
{
    return (fi->flags & O_ACCMODE) != O_RDONLY;
}

/* Not handed on: O_APPEND, for the kernel says where to write, and a page written back must not go
   to the end; O_DIRECT, which would want our buffers aligned. */
static int flags_behind(const struct fuse_file_info *fi)
{
    return (fi->flags & ~(O_APPEND | O_DIRECT | O_NOFOLLOW)) | O_CLOEXEC;
}

/* A release is sent in the background, and may come after the kernel has forgotten the inode. */
static void note_open(struct inode *inode, struct fuse_file_info *fi, int fd)
{
    fi->fh = (uint64_t)fd;
    inode_hold(inode);
    if (is_writer(fi))
        late_opened(&inode->late);
}

void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    const struct inode_path path = inode_path(inode_of(ino));
    int fd = open(path.text, flags_behind(fi));

    if (fd < 0) {
        fuse_reply_err(req, errno);
        return;
    }
    if (fi->flags & O_TRUNC)
        touched(inode_of(ino));
    note_open(inode_of(ino), fi, fd);
    fuse_reply_open(req, fi);
}

void do_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                      struct fuse_file_info *fi)
{
    struct fuse_entry_param entry;
    int fd = openat(inode_of(parent)->fd, name, flags_behind(fi) | O_CREAT | O_NOFOLLOW, mode);

    if (fd < 0 || find_entry(parent, name, &entry) < 0) {
        fuse_reply_err(req, errno);
        if (fd >= 0)
            close(fd);
        return;
    }
    note_open(inode_of(entry.ino), fi, fd);
    fuse_reply_create(req, &entry, fi);
}

void do_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    close((int)fi->fh);
    if (is_writer(fi))
        late_released(&inode_of(ino)->late);
    inode_forget(inode_of(ino), 1);
    fuse_reply_err(req, 0);
}

static bool must_hold(const struct fuse_file_info *fi, int64_t end)
{
    return late_options.hold_reads >= 0 && end > late_options.hold_reads && !is_writer(fi);
}

void do_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
    struct fuse_bufvec data = FUSE_BUFVEC_INIT(size);

    data.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
    data.buf[0].fd = (int)fi->fh;
    data.buf[0].pos = offset;
    if (must_hold(fi, offset + (off_t)size))
        late_wait(&inode_of(ino)->late);
    fuse_reply_data(req, &data, 0);
}

/* The kernel says what is written back (writepage): pages of a shared mapping alone, since
   FUSE_CAP_WRITEBACK_CACHE isn't asked for (with it, the ctime would be the kernel's and not ours).
   They come at munmap or exit, before the release (fs/fuse/file.c, fuse_vma_close). */
void do_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
                     struct fuse_file_info *fi)
{
    struct inode *inode = inode_of(ino);
    struct stat real;
    ssize_t written;

    if (fi->writepage && late_options.write_errno) {
        fuse_reply_err(req, late_options.write_errno);
        return;
    }
    if (inode_stat(inode, &real) == 0)
        late_write(&inode->late, &real);
    written = pwrite((int)fi->fh, data, size, offset);
    if (written < 0)
        fuse_reply_err(req, errno);
    else
        fuse_reply_write(req, (size_t)written);
}

void do_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
    struct inode *inode = inode_of(ino);
    struct stat real;

    if (late_options.fsync_errno) {
        fuse_reply_err(req, late_options.fsync_errno);
        return;
    }
    if ((datasync ? fdatasync((int)fi->fh) : fsync((int)fi->fh)) < 0 ||
        inode_stat(inode, &real) < 0) {
        fuse_reply_err(req, errno);
        return;
    }
    late_synced(&inode->late, &real);
    fuse_reply_err(req, 0);
}
