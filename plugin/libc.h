/* libc.h - what C libraries differ in
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_LIBC_H
#define SETTLE_LIBC_H

#include <sys/stat.h>

/* What ioctl(2) takes for a request, of which half have the highest of 32 bits set. */
#ifdef __GLIBC__
typedef unsigned long ioctl_request;
#else
typedef int ioctl_request;
#endif

/* statx(2) has no function in musl before 1.2.5 and glibc before 2.28.  NO_STATX_FUNCTION: nor in the C library
   that settle-sh has, where that is another one than config.h is about. */
#if defined HAVE_STATX && !defined NO_STATX_FUNCTION
#define CAN_STATX 1
#elif defined HAVE_STRUCT_STATX
#define CAN_STATX 1
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int statx(int directory, const char *name, int flags, unsigned mask, struct statx *now)
{
    return (int)syscall(SYS_statx, directory, name, flags, mask, now);
}
#endif

#endif
