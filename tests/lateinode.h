/* lateinode.h - the inodes of latefs: what the kernel knows of the folder behind, and what is late
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef LATEINODE_H
#define LATEINODE_H

#include <stdint.h>
#include <sys/stat.h>

#include "latestate.h"

/* Known by device and inode number of the backing file, so that hard links are one inode, and a
   renamed or unlinked file that is still open stays what it was.  Its descriptor keeps the number
   from being used for another file. */
struct inode {
    dev_t dev;
    ino_t ino;
    int fd;            /* O_PATH */
    uint64_t lookups;  /* what the kernel has not yet forgotten */
    struct late late;
};

/* The mount's root.  Returns 0, or -1 with errno. */
int inode_init(const char *folder);

/* The inode of a number that the kernel uses, which is FUSE_ROOT_ID or the inode's address. */
struct inode *inode_of(uint64_t number);
uint64_t inode_number(const struct inode *inode);

/* Counts one lookup more of NAME in PARENT; *REAL receives what the backing file system says.
   Returns NULL with errno. */
struct inode *inode_look_up(const struct inode *parent, const char *name, struct stat *real);

/* The inode of NAME in PARENT where the kernel knows it, else NULL.  No lookup is counted: it lives
   as long as the kernel keeps the name, at least while a request about that name is served. */
struct inode *inode_peek(const struct inode *parent, const char *name);

/* Counts one lookup more; for each of them an inode_forget has to come. */
void inode_hold(struct inode *inode);

/* Forgets COUNT lookups.  What is still late, or has a ctime that only we know, stays. */
void inode_forget(struct inode *inode, uint64_t count);

void inode_free_all(void);

/* A path that reaches the inode's file in calls that don't take an O_PATH descriptor. */
struct inode_path {
    char text[sizeof "/proc/self/fd/" + 3 * sizeof(int)];
};
struct inode_path inode_path(const struct inode *inode);

int inode_stat(const struct inode *inode, struct stat *real);

#endif
