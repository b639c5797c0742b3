/* slots.h - the pages of this make's ledger, and which target has which
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_SLOTS_H
#define SETTLE_SLOTS_H

#include "ledger.h"
#include "list.h"
#include "options.h"
#include "order.h"

/* A page for the next target to be marked by MAKER in DIRECTORY, whose file system has the ORDER; number 0 where there
   is none, or where it is of no use. */
struct ledger_page slots_take(const char *directory, const char *maker, enum order order,
                              const struct settle_options *options);

/* PAGE's target is over: another one may have it as soon as no FILES are marked any more, which may be some time.
   Takes FILES over, and leaves it empty, unless there is no page. */
void slots_give(const struct ledger_page *page, struct list *files);

/* At make's end: removes the ledger. */
void slots_end(const char *directory, const char *maker);

#endif
