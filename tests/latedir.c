/* latedir.c - what latefs does with folders
   SPDX-License-Identifier: GPL-3.0-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lateops.h"

static DIR *stream_of(const struct fuse_file_info *fi)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): libfuse's interface */
    return (DIR *)(uintptr_t)fi->fh;
}

void do_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    int fd = openat(inode_of(ino)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (!stream) {
        fuse_reply_err(req, errno);
        if (fd >= 0)
            close(fd);
        return;
    }
    fi->fh = (uintptr_t)stream;
    fuse_reply_open(req, fi);
}

/* Packs entries into the SIZE bytes of BUFFER.  Returns the bytes taken, or -1 with errno. */
static ssize_t pack_entries(fuse_req_t req, DIR *stream, char *buffer, size_t size)
{
    size_t used = 0;

    for (;;) {
        const struct dirent *entry;
        struct stat st = {0};
        size_t length;

        errno = 0;
        entry = readdir(stream); /* NOLINT(concurrency-mt-unsafe): the kernel asks one at a time */
        if (!entry)
            return errno && used == 0 ? -1 : (ssize_t)used;
        st.st_ino = entry->d_ino;
        st.st_mode = DTTOIF((mode_t)entry->d_type);
        length = fuse_add_direntry(req, buffer + used, size - used, entry->d_name, &st,
                                   entry->d_off);
        if (length > size - used)
            return (ssize_t)used;
        used += length;
    }
}

void do_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                struct fuse_file_info *fi)
{
    char *buffer = malloc(size);
    ssize_t used;

    (void)ino;
    if (!buffer) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    seekdir(stream_of(fi), offset);
    used = pack_entries(req, stream_of(fi), buffer, size);
    if (used < 0)
        fuse_reply_err(req, errno);
    else
        fuse_reply_buf(req, buffer, (size_t)used);
    free(buffer);
}

void do_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    (void)ino;
    closedir(stream_of(fi));
    fuse_reply_err(req, 0);
}

void do_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
    int fd = dirfd(stream_of(fi));

    (void)ino;
    if (late_options.fsyncdir_errno)
        fuse_reply_err(req, late_options.fsyncdir_errno);
    else
        reply_result(req, datasync ? fdatasync(fd) : fsync(fd));
}

void do_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct statvfs st;

    if (fstatvfs(inode_of(ino)->fd, &st) < 0)
        fuse_reply_err(req, errno);
    else
        fuse_reply_statfs(req, &st);
}
