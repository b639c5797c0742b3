/* transaction.c - the commit of a btrfs
   SPDX-License-Identifier: GPL-3.0-or-later

   BTRFS_IOC_START_SYNC leaves the commit to a thread of the file system's and waits until that has begun with
   it.  Since Linux 5.16 ("btrfs: rework async transaction committing") a request may get lost: at the end of a
   commit that thread goes to sleep until the next regular one, and what it was asked for in the meantime waits
   with it (transaction_kthread, fs/btrfs/disk-io.c; seen to take 31 s, once in 2,000 commits of four processes).
   Another request wakes it, and one is enough for all who wait. */

#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>
#ifdef HAVE_LINUX_BTRFS_H
#include <linux/btrfs.h>
#endif

#include "pool.h"
#include "transaction.h"

#ifdef HAVE_LINUX_BTRFS_H

/* The requests, and when the first of the others is made, in nanoseconds after the first of all: an ordinary
   commit has begun long before that.  The next ones follow in 4 times the time each. */
#define REQUESTS 5
#define PATIENCE 20000000L

struct request {
    int fd;
    struct timespec start;
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    unsigned waiting;  /* requests that have not been answered, under the mutex */
    int error;         /* of the first one */
    uint64_t transaction;
};

static struct timespec later(struct timespec time, long nanoseconds)
{
    time.tv_sec += nanoseconds / 1000000000L;
    time.tv_nsec += nanoseconds % 1000000000L;
    if (time.tv_nsec >= 1000000000L) {
        time.tv_nsec -= 1000000000L;
        time.tv_sec++;
    }
    return time;
}

/* Until it is time for request number INDEX; false where all before it have been answered by then. */
static bool is_needed(struct request *request, size_t index)
{
    struct timespec until;
    long patience = 0;
    bool is_needed;

    for (size_t i = 0; i < index; i++)
        patience = 4 * patience + PATIENCE;
    until = later(request->start, patience);
    pthread_mutex_lock(&request->mutex);
    while (request->waiting > 0 && pthread_cond_timedwait(&request->answered, &request->mutex, &until) == 0)
        ;
    is_needed = request->waiting > 0;
    if (is_needed)
        request->waiting++;
    pthread_mutex_unlock(&request->mutex);
    return is_needed;
}

static void make_request(void *context, size_t index)
{
    struct request *request = context;
    uint64_t transaction = 0;
    int error;

    /* the first one is counted from the beginning, so that the others wait for it */
    if (index > 0 && !is_needed(request, index))
        return;
    error = ioctl(request->fd, BTRFS_IOC_START_SYNC, &transaction) < 0 ? errno : 0;
    pthread_mutex_lock(&request->mutex);
    if (index == 0) {
        request->error = error;
        request->transaction = transaction;
    }
    request->waiting--;
    pthread_cond_broadcast(&request->answered);
    pthread_mutex_unlock(&request->mutex);
}

int transaction_commit(int fd)
{
    struct request request = {.fd = fd, .mutex = PTHREAD_MUTEX_INITIALIZER, .waiting = 1};
    pthread_condattr_t monotonic;

    clock_gettime(CLOCK_MONOTONIC, &request.start);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&request.answered, &monotonic);
    pool_run(REQUESTS, REQUESTS, make_request, NULL, &request);
    pthread_cond_destroy(&request.answered);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_destroy(&request.mutex);
    if (request.error != 0) {
        errno = request.error;
        return -1;
    }
    return ioctl(fd, BTRFS_IOC_WAIT_SYNC, &request.transaction);
}

#else

int transaction_commit(int fd)
{
    (void)fd;
    errno = ENOSYS;
    return -1;
}

#endif
