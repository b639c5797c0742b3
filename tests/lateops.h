/* lateops.h - the operations of latefs, as libfuse's low-level interface calls them
   SPDX-License-Identifier: GPL-3.0-or-later

   Each is described in fuse_lowlevel.h, in struct fuse_lowlevel_ops. */

#ifndef LATEOPS_H
#define LATEOPS_H

/* The 3.2 interface to the loop makes libfuse 3.14 warn of "invalid max threads" whatever it is. */
#define FUSE_USE_VERSION 31

#include <fuse_lowlevel.h>

#include "lateinode.h"
#include "lateoptions.h"

extern struct late_options late_options;

/* latenames.c */
void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void do_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void do_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *wanted, int set,
                struct fuse_file_info *fi);
void do_readlink(fuse_req_t req, fuse_ino_t ino);
void do_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev);
void do_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void do_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void do_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void do_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void do_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void do_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
               const char *new_name, unsigned int flags);

/* latedir.c */
void do_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void do_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                struct fuse_file_info *fi);
void do_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void do_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void do_statfs(fuse_req_t req, fuse_ino_t ino);

/* latefile.c */
void do_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
               struct fuse_file_info *fi);
void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void do_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void do_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
             struct fuse_file_info *fi);
void do_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
              struct fuse_file_info *fi);
void do_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

/* Shared by them.  Answers with errno where RESULT is negative, else with success. */
void reply_result(fuse_req_t req, int result);

/* An attribute or a name of INODE (NULL: of none) was changed by the user. */
void touched(struct inode *inode);

/* Fills ENTRY for NAME in PARENT and counts the lookup.  Returns 0, or -1 with errno. */
int find_entry(fuse_ino_t parent, const char *name, struct fuse_entry_param *entry);

#endif
