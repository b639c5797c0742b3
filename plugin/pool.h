/* pool.h - the same work on many things, from several threads at once
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_POOL_H
#define SETTLE_POOL_H

#include <pthread.h>
#include <stddef.h>
#include <time.h>

/* Starts one thread, as pthread_create(3), with all signals blocked and a small stack. */
int pool_thread(pthread_t *thread, void *(*run)(void *argument), void *argument);

/* So many NANOSECONDS from now, for pthread_cond_timedwait(3) on a condition of that CLOCK. */
struct timespec pool_deadline(clockid_t clock, long nanoseconds);

/* Calls WORK(context, i) for each i below COUNT, each once, in their order as far as there is one,
   from up to THREADS threads at a time; 0 or 1: from this one.  The others have all signals blocked,
   so that make's handlers run where they expect to, and are gone when it returns.  Where no thread can
   be had, this one does it all.

   With TICK this thread doesn't work, but calls it ten times a second. */
void pool_run(unsigned threads, size_t count, void (*work)(void *context, size_t index),
              void (*tick)(void *context), void *context);

#endif
