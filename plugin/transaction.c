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
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>
#ifdef HAVE_LINUX_BTRFS_H
#include <linux/btrfs.h>
#endif

#include "libc.h"
#include "pool.h"
#include "transaction.h"

#ifdef HAVE_LINUX_BTRFS_H

/* After so many nanoseconds there is a second request: an ordinary commit has begun long before.  The next ones
   follow in 4 times the time each, at last every 2 seconds. */
#define PATIENCE 20000000L
#define MOST_PATIENCE 2000000000L
/* Each waits in a thread of its own, in the kernel, where nothing reaches it. */
#define MOST_REQUESTS 64

struct request {
    int fd;
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    unsigned waiting;      /* requests that have not been answered */
    int error;             /* of the last one that was, or 0 */
    uint64_t transaction;  /* that one commits; what this is about was there before the first */
};

static void *make_request(void *argument)
{
    struct request *request = argument;
    uint64_t transaction = 0;
    int error = ioctl(request->fd, (ioctl_request)BTRFS_IOC_START_SYNC, &transaction) < 0 ? errno : 0;

    pthread_mutex_lock(&request->mutex);
    request->error = error;
    request->transaction = transaction;
    request->waiting--;
    pthread_cond_signal(&request->answered);
    pthread_mutex_unlock(&request->mutex);
    return NULL;
}

/* Until all requests have been answered, or for so many NANOSECONDS.  The mutex is held. */
static void wait_for_answers(struct request *request, long nanoseconds)
{
    const struct timespec until = pool_deadline(CLOCK_MONOTONIC, nanoseconds);

    while (request->waiting > 0 &&
           pthread_cond_timedwait(&request->answered, &request->mutex, &until) == 0)
        ;
}

/* Asks, until all who ask have been answered.  Returns 0, or an error number. */
static int ask(struct request *request)
{
    pthread_t thread[MOST_REQUESTS];
    unsigned threads = 0;
    long patience = PATIENCE;
    int error = 0;

    pthread_mutex_lock(&request->mutex);
    do {
        if (threads < MOST_REQUESTS && (error = pool_thread(&thread[threads], make_request, request)) == 0) {
            threads++;
            request->waiting++;
        }
        wait_for_answers(request, patience);
        patience = 4 * patience < MOST_PATIENCE ? 4 * patience : MOST_PATIENCE;
    } while (request->waiting > 0);
    pthread_mutex_unlock(&request->mutex);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return threads > 0 ? request->error : error;
}

int transaction_commit(int fd)
{
    struct request request = {.fd = fd, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_condattr_t monotonic;
    int error;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&request.answered, &monotonic);
    error = ask(&request);
    pthread_cond_destroy(&request.answered);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_destroy(&request.mutex);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return ioctl(fd, (ioctl_request)BTRFS_IOC_WAIT_SYNC, &request.transaction);
}

#else

int transaction_commit(int fd)
{
    (void)fd;
    errno = ENOSYS;
    return -1;
}

#endif
