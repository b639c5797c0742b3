/* order.h - whether a file system persists a mark before what is done after it
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_ORDER_H
#define SETTLE_ORDER_H

#include <stdbool.h>

/* True where the directories MARKS and FILES are on one file system that persists metadata operations in
   their order: no fsync is needed then between making a mark and making a file. */
bool order_is_free(const char *marks, const char *files);

/* True where the file system of DIRECTORY can't be mounted by two hosts at a time. */
bool order_is_local(const char *directory);

#endif
