/* retry.h - a system call again while a signal interrupts it, and for no other reason
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_RETRY_H
#define SETTLE_RETRY_H

#include <errno.h>

/* The result of CALL, made again as long as it fails with EINTR. */
#define RETRY(call)                                     \
    __extension__({                                     \
        int retry_result_;                              \
        do                                              \
            retry_result_ = (call);                     \
        while (retry_result_ < 0 && errno == EINTR);    \
        retry_result_;                                  \
    })

#endif
