/* cachefs.c - shows a folder by FUSE with a writeback cache: the kernel keeps dirty pages, size and mtime
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: cachefs FOLDER MOUNTPOINT [-f] [-o OPTION,...]

   What libfuse's passthrough_hp does with FUSE_CAP_WRITEBACK_CACHE, by the high-level interface and
   no longer than the tests need it: no extended attributes, devices or locks of its own. */

#define FUSE_USE_VERSION 31

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* the folder behind */
static int folder = -1;

static int result_of(int result)
{
    return result < 0 ? -errno : 0;
}

/* PATH starts with a slash. */
static const char *behind(const char *path)
{
    return path[1] ? path + 1 : ".";
}

static int handle_of(const struct fuse_file_info *fi)
{
    return (int)fi->fh;
}

static void *do_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    config->use_ino = 1;
    config->kernel_cache = 1;  /* an open must not drop, and so flush, what is cached */
    config->hard_remove = 1;   /* no .fuse_hidden names; the kernel hands over the handle */
    if (!(connection->capable & FUSE_CAP_WRITEBACK_CACHE)) {
        fputs("cachefs: this kernel has no writeback cache for FUSE\n", stderr);
        fuse_exit(fuse_get_context()->fuse);
        return NULL;
    }
    connection->want |= FUSE_CAP_WRITEBACK_CACHE;
    return NULL;
}

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    if (fi)
        return result_of(fstat(handle_of(fi), st));
    return result_of(fstatat(folder, behind(path), st, AT_SYMLINK_NOFOLLOW));
}

static int do_readlink(const char *path, char *target, size_t size)
{
    ssize_t length = readlinkat(folder, behind(path), target, size - 1);

    if (length < 0)
        return -errno;
    target[length] = '\0';
    return 0;
}

static int do_mkdir(const char *path, mode_t mode)
{
    return result_of(mkdirat(folder, behind(path), mode));
}

static int do_unlink(const char *path)
{
    return result_of(unlinkat(folder, behind(path), 0));
}

static int do_rmdir(const char *path)
{
    return result_of(unlinkat(folder, behind(path), AT_REMOVEDIR));
}

static int do_symlink(const char *target, const char *path)
{
    return result_of(symlinkat(target, folder, behind(path)));
}

static int do_rename(const char *from, const char *to, unsigned int flags)
{
    if (flags)
        return -EINVAL;
    return result_of(renameat(folder, behind(from), folder, behind(to)));
}

static int do_link(const char *from, const char *to)
{
    return result_of(linkat(folder, behind(from), folder, behind(to), 0));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    if (fi)
        return result_of(fchmod(handle_of(fi), mode));
    return result_of(fchmodat(folder, behind(path), mode, 0));
}

static int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
    if (fi)
        return result_of(fchown(handle_of(fi), uid, gid));
    return result_of(fchownat(folder, behind(path), uid, gid, AT_SYMLINK_NOFOLLOW));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
    int fd, result;

    if (fi)
        return result_of(ftruncate(handle_of(fi), size));
    fd = openat(folder, behind(path), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    result = result_of(ftruncate(fd, size));
    close(fd);
    return result;
}

/* Also the kernel's own, to tell the mtime that it kept for a cached file. */
static int do_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
    if (fi)
        return result_of(futimens(handle_of(fi), times));
    return result_of(utimensat(folder, behind(path), times, AT_SYMLINK_NOFOLLOW));
}

/* The kernel reads to fill a page of which a part is written, and knows itself where a file that is
   appended to ends: FLAGS as the descriptor behind has to have them. */
static int cached_flags(int flags)
{
    if ((flags & O_ACCMODE) == O_WRONLY)
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    return (flags & ~O_APPEND) | O_CLOEXEC;
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    int fd = openat(folder, behind(path), cached_flags(fi->flags), mode);

    if (fd < 0)
        return -errno;
    fi->fh = (uint64_t)fd;
    return 0;
}

static int do_open(const char *path, struct fuse_file_info *fi)
{
    return do_create(path, 0, fi);
}

static int do_read(const char *path, char *data, size_t size, off_t offset,
                   struct fuse_file_info *fi)
{
    ssize_t length = pread(handle_of(fi), data, size, offset);

    (void)path;
    return length < 0 ? -errno : (int)length;
}

static int do_write(const char *path, const char *data, size_t size, off_t offset,
                    struct fuse_file_info *fi)
{
    ssize_t length = pwrite(handle_of(fi), data, size, offset);

    (void)path;
    return length < 0 ? -errno : (int)length;
}

static int do_fsync(const char *path, int datasync, struct fuse_file_info *fi)
{
    (void)path;
    return result_of(datasync ? fdatasync(handle_of(fi)) : fsync(handle_of(fi)));
}

static int do_release(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    return result_of(close(handle_of(fi)));
}

static int do_statfs(const char *path, struct statvfs *st)
{
    (void)path;
    return result_of(fstatvfs(folder, st));
}

static int do_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
    int fd = openat(folder, behind(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    (void)offset;  /* all at once, as offset 0 below tells */
    (void)fi;
    (void)flags;
    if (!dir) {
        int error = errno;

        if (fd >= 0)
            close(fd);
        return -error;
    }
    while ((entry = readdir(dir)) && fill(buffer, entry->d_name, NULL, 0, 0) == 0)
        ;
    closedir(dir);
    return 0;
}

static int do_fsyncdir(const char *path, int datasync, struct fuse_file_info *fi)
{
    int fd = openat(folder, behind(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result;

    (void)datasync;
    (void)fi;
    if (fd < 0)
        return -errno;
    result = result_of(fsync(fd));
    close(fd);
    return result;
}

static const struct fuse_operations operations = {
    .init = do_init,
    .getattr = do_getattr,
    .readlink = do_readlink,
    .mkdir = do_mkdir,
    .unlink = do_unlink,
    .rmdir = do_rmdir,
    .symlink = do_symlink,
    .rename = do_rename,
    .link = do_link,
    .chmod = do_chmod,
    .chown = do_chown,
    .truncate = do_truncate,
    .utimens = do_utimens,
    .create = do_create,
    .open = do_open,
    .read = do_read,
    .write = do_write,
    .fsync = do_fsync,
    .release = do_release,
    .statfs = do_statfs,
    .readdir = do_readdir,
    .fsyncdir = do_fsyncdir,
};

int main(int argc, char *argv[])
{
    if (argc < 3) {
        fputs("Usage: cachefs FOLDER MOUNTPOINT [-f] [-o OPTION,...]\n", stderr);
        return 2;
    }
    folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        fprintf(stderr, "cachefs: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    argv[1] = argv[0];
    umask(0);  /* the kernel has applied the caller's */
    return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
