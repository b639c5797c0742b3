/* lateinode.c - the inodes of latefs: what the kernel knows of the folder behind, and what is late
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lateinode.h"

#define ROOT_NUMBER 1  /* FUSE_ROOT_ID */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *table;  /* of tsearch(3) */
static struct inode root = {.fd = -1};

static int compare(const void *left, const void *right)
{
    const struct inode *a = left;
    const struct inode *b = right;

    if (a->dev != b->dev)
        return a->dev < b->dev ? -1 : 1;
    return (a->ino > b->ino) - (a->ino < b->ino);
}

int inode_init(const char *folder)
{
    root.fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root.fd < 0 ? -1 : 0;
}

struct inode *inode_of(uint64_t number)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): libfuse's interface */
    return number == ROOT_NUMBER ? &root : (struct inode *)(uintptr_t)number;
}

uint64_t inode_number(const struct inode *inode)
{
    return inode == &root ? ROOT_NUMBER : (uint64_t)(uintptr_t)inode;
}

int inode_stat(const struct inode *inode, struct stat *real)
{
    return fstatat(inode->fd, "", real, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
}

struct inode_path inode_path(const struct inode *inode)
{
    struct inode_path path;

    snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", inode->fd);
    return path;
}

/* Under the mutex, as the next one. */
static struct inode *find(const struct stat *real)
{
    const struct inode wanted = {.dev = real->st_dev, .ino = real->st_ino};
    struct inode **found = tfind(&wanted, &table, compare);

    return found ? *found : NULL;
}

static struct inode *add(int fd, const struct stat *real)
{
    struct inode *inode = calloc(1, sizeof *inode);

    if (!inode)
        return NULL;
    inode->dev = real->st_dev;
    inode->ino = real->st_ino;
    inode->fd = fd;
    if (!tsearch(inode, &table, compare)) {
        free(inode);
        errno = ENOMEM;
        return NULL;
    }
    return inode;
}

struct inode *inode_look_up(const struct inode *parent, const char *name, struct stat *real)
{
    struct inode *inode;
    int fd = openat(parent->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    if (fstat(fd, real) < 0) {
        close(fd);
        return NULL;
    }
    pthread_mutex_lock(&mutex);
    inode = find(real);
    if (!inode)
        inode = add(fd, real);
    if (inode)
        inode->lookups++;
    pthread_mutex_unlock(&mutex);
    if (!inode || inode->fd != fd)
        close(fd);
    return inode;
}

struct inode *inode_peek(const struct inode *parent, const char *name)
{
    struct inode *inode;
    struct stat real;

    if (fstatat(parent->fd, name, &real, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    pthread_mutex_lock(&mutex);
    inode = find(&real);
    pthread_mutex_unlock(&mutex);
    return inode;
}

void inode_hold(struct inode *inode)
{
    pthread_mutex_lock(&mutex);
    inode->lookups++;
    pthread_mutex_unlock(&mutex);
}

static void free_inode(void *inode)
{
    close(((struct inode *)inode)->fd);
    free(inode);
}

void inode_forget(struct inode *inode, uint64_t count)
{
    struct stat real;

    if (inode == &root)
        return;
    pthread_mutex_lock(&mutex);
    inode->lookups -= count;
    if (inode->lookups == 0 && (inode_stat(inode, &real) < 0 || real.st_nlink == 0 ||
                                late_is_over(&inode->late, &real))) {
        tdelete(inode, &table, compare);
        free_inode(inode);
    }
    pthread_mutex_unlock(&mutex);
}

void inode_free_all(void)
{
    tdestroy(table, free_inode);
    table = NULL;
    if (root.fd >= 0)
        close(root.fd);
    root.fd = -1;
}
