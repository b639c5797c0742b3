/* latefs.c - a file system for tests where ctime and block count lag behind, as ext3's once did
   SPDX-License-Identifier: GPL-3.0-or-later

   Passes everything through to a folder, by libfuse's low-level interface: it works on inodes, so
   that fstat of an unlinked file and hard links need no care.  What is late is latestate.c's. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lateops.h"

#define USAGE_STATUS 2

struct late_options late_options;

/* No flush: nothing is kept back.  No fallocate: ext3 had none, and posix_fallocate(3) writes. */
static const struct fuse_lowlevel_ops operations = {
    .lookup = do_lookup,
    .forget = do_forget,
    .getattr = do_getattr,
    .setattr = do_setattr,
    .readlink = do_readlink,
    .mknod = do_mknod,
    .mkdir = do_mkdir,
    .symlink = do_symlink,
    .link = do_link,
    .unlink = do_unlink,
    .rmdir = do_rmdir,
    .rename = do_rename,
    .opendir = do_opendir,
    .readdir = do_readdir,
    .releasedir = do_releasedir,
    .fsyncdir = do_fsyncdir,
    .statfs = do_statfs,
    .create = do_create,
    .open = do_open,
    .release = do_release,
    .read = do_read,
    .write = do_write,
    .fsync = do_fsync,
};

static int complain(const char *what)
{
    fprintf(stderr, "latefs: %s: %s\n", what, strerror(errno));
    return 1;
}

static int complain_of_usage(const char *what)
{
    if (what)
        fprintf(stderr, "latefs: %s\n", what);
    fputs("Try 'latefs --help' for more information.\n", stderr);
    return USAGE_STATUS;
}

/* Each inode that the kernel knows takes a descriptor. */
static void allow_many_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve_mounted(struct fuse_session *session, const struct fuse_cmdline_opts *command)
{
    if (fuse_daemonize(command->foreground) != 0)
        return complain("going into the background");
    /* the kernel has applied the caller's umask already */
    umask(0);
    /* the signal that ended the loop, or an error */
    return (command->singlethread ? fuse_session_loop(session)
                                  : fuse_session_loop_mt(session, command->clone_fd)) < 0;
}

static int serve(struct fuse_args *args, const struct fuse_cmdline_opts *command)
{
    int status = 1;
    struct fuse_session *session = fuse_session_new(args, &operations, sizeof operations, NULL);

    if (!session)
        return complain_of_usage(NULL);
    if (fuse_set_signal_handlers(session) == 0) {
        if (fuse_session_mount(session, command->mountpoint) == 0) {
            status = serve_mounted(session, command);
            fuse_session_unmount(session);
        }
        fuse_remove_signal_handlers(session);
    }
    fuse_session_destroy(session);
    return status;
}

static int print_help(void)
{
    printf("%s\nOptions of every FUSE file system:\n", late_options_help);
    fuse_cmdline_help();
    fuse_lowlevel_help();
    return 0;
}

/* default_permissions: the kernel checks modes, as it does on a local file system.  Put first: what
   the user says comes later and wins. */
static int add_defaults(struct fuse_args *args)
{
    return fuse_opt_insert_arg(args, 1, "-ofsname=latefs,subtype=latefs,default_permissions");
}

/* libfuse complains itself where it returns a failure. */
static int run(struct fuse_args *args, struct fuse_cmdline_opts *command)
{
    if (late_options_parse(&late_options, args) < 0 || add_defaults(args) < 0 ||
        fuse_parse_cmdline(args, command) < 0)
        return complain_of_usage(NULL);
    if (command->show_help)
        return print_help();
    if (command->show_version)
        return puts("latefs (settle) test file system") < 0;
    if (!late_options.folder || !command->mountpoint)
        return complain_of_usage("FOLDER and MOUNTPOINT expected");
    if (inode_init(late_options.folder) < 0)
        return complain(late_options.folder);
    late_configure(late_options.delay, late_options.after_fsync);
    allow_many_descriptors();
    return serve(args, command);
}

int main(int argc, char *argv[])
{
    struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
    struct fuse_cmdline_opts command = {0};
    int status;

    status = run(&args, &command);
    inode_free_all();
    free(command.mountpoint);
    free(late_options.folder);
    fuse_opt_free_args(&args);
    return status;
}
