/* path.h - opens a path of any length
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_PATH_H
#define SETTLE_PATH_H

/* As open(2), EINTR retried; where PATH is too long for the kernel (PATH_MAX), part by part. */
int path_open(const char *path, int flags);

#endif
