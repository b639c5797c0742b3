/* order.h - whether a file system persists a mark before what is done after it
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_ORDER_H
#define SETTLE_ORDER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* From the best to the worst. */
enum order {
    ORDER_FREE,       /* metadata operations in their order: no fsync is needed between mark and file */
    ORDER_OF_WRITES,  /* what was written in place before, not the mark itself (ledger.h) */
    ORDER_UNKNOWN,    /* what was made durable by fsync */
    ORDER_NONE,       /* what was made durable by syncfs, and marks that take another one's place may be lost with it */
};

/* What somebody has found out: the order on the file system DEV. */
struct order_known {
    dev_t dev;
    enum order order;
};

/* Finds that out about the one of the directory MARKS. */
struct order_known order_find_out(const char *marks);

/* What the file system persists, of a mark in the directory MARKS, before FILE, or a file in that directory, is
   written to; ORDER_UNKNOWN where they are on two file systems.  KNOWN, where not NULL, saves asking once more. */
enum order order_of(const char *marks, const struct stat *file, const struct order_known *known);

/* ORDER, that of new files, for the update of what is there already: of the file NAME, or of the files in the directory
   NAME that ends in a slash; ST is its.  A recipe may write over its blocks, in place, and such data has no place in the
   order of metadata: writeback (the kernel's own, another program's sync, our fsync) brings it to the disk whenever it
   likes, before the journal with the mark is. */
enum order order_of_update(enum order order, const char *name, const struct stat *st);

/* True where order_of is ORDER_FREE, of FILES or, if that is a directory, of what is in it. */
bool order_is_free(const char *marks, const char *files);

/* Makes what has become of the entry NAME, there or gone, durable where the order of it and a mark in MARKS is not free.
   Returns 0, or -1 with errno. */
int order_sync_entry(const char *marks, const char *name);

/* Makes the marks in DIRECTORY durable; KNOWN as above.  Returns 0, or -1 with errno. */
int order_sync_marks(const char *directory, const struct order_known *known);

/* True where what is in DIRECTORY is in memory alone: an fsync there does nothing, and says that all is well. */
bool order_is_in_memory(const char *directory);

/* True where the file system of DIRECTORY can't be mounted by two hosts at a time. */
bool order_is_local(const char *directory);

#endif
