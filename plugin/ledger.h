/* ledger.h - marks once more, in a file that is written in place
   SPDX-License-Identifier: GPL-3.0-or-later

   btrfs does not persist a mark before an output that is fsynced after it, and an fsync of the marks' folder is a
   commit of its log.  But whatever it commits, it first has the device write out its cache.  So what a write in place
   (O_DIRECT, a file without copy-on-write) has brought to the device is durable before any trace of what was done
   after it, and costs neither commit nor flush.

   Of a make in mode deferred that marks many targets there is a file beside the marks, "@ledger-PID.HASH", one page for
   each target that is marked.  When that make is gone, the marks that are in the ledger and not in the folder are made
   again (ledger_restore).  A batch is followed by an fsync of the folder, which has its marks gone on the disk, too,
   and pages whose marks are gone are emptied, so that after a crash little more is built again than was marked.

   Its make keeps a ledger locked. */

#ifndef SETTLE_LEDGER_H
#define SETTLE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A target's page of the ledger. */
struct ledger_page {
    size_t number;     /* 0: none */
    size_t stale, stale_count;  /* the first of those to be emptied, of targets that are over, and how many */
    uint64_t address;  /* where the ledger lies on the device, as FIEMAP has it: if it is elsewhere, a write was not in
                          place */
};

#define NO_PAGE (&(const struct ledger_page){.number = 0})

/* Makes MAKER's ledger of PAGES pages in DIRECTORY, durably, and locks it.  Returns its file descriptor, with
   *ADDRESS; or -1, where it can't be had: errno may say why. */
int ledger_make(const char *directory, const char *maker, size_t pages, uint64_t *address);

/* Writes MAKER's marks of the COUNT files NAME, which are in DIRECTORY, into PAGE, and empties the stale ones.
   Returns 0 once they are durable before all that comes after it; or -1, where they must be made so otherwise. */
int ledger_write(const struct ledger_page *page, const char *directory, char *const *name, size_t count,
                 const char *maker);

/* Ends MAKER's ledger, of which LOCK is the descriptor and the first USED pages have been written.  If there are still
   ANY_MARKS in DIRECTORY, they are durable then. */
void ledger_end(int lock, const char *directory, const char *maker, size_t used, bool any_marks);

/* True where DIRECTORY has the ledger of a make that is gone. */
bool ledger_is_left(const char *directory);

/* Makes the marks of such ledgers again, if a crash has taken them, and removes the ledgers.  Returns 0, or -1 with
   errno. */
int ledger_restore(const char *directory);

#endif
