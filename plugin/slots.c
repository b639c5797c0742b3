/* slots.c - the pages of this make's ledger, and which target has which
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "order.h"
#include "slots.h"

/* The targets at the beginning that go without: a ledger costs more than their fsyncs. */
#define WITHOUT 3

/* For jobs at a time; more go without. */
#define PAGES_FOR_JOBS 64
#define MOST_PAGES (1024 + PAGES_FOR_JOBS)

/* Each time that this many targets have asked for a page, those that wait are asked about, until as many have turned out to
   be waiting still. */
#define LOOKS 8

/* A STALE page is to be emptied by the target that is next marked, and may be taken again once that one is over. */
enum state { EMPTY, TAKEN, STALE, BEING_EMPTIED };

/* A page of a target that is over, but may still be marked. */
struct waiting {
    size_t page;
    struct list files;
};

static struct {
    size_t asked;           /* how often there was use for a page */
    int ledger;             /* its file descriptor, or -1 */
    uint64_t address;
    size_t pages, used;     /* that there are, and the last one that was ever taken */
    char *state;            /* of each: enum state; page 0 is always TAKEN */
    size_t busy;            /* how many targets run that have a page */
    struct waiting *waiting;
    size_t waiting_count;
} slots;

/* Targets wait for a batch, which is taken when half of as many as may wait are there, while another half is at work,
   maybe.  Where even more wait, the later ones go without. */
static void begin(const char *directory, const char *maker, enum order order, const struct settle_options *options)
{
    const size_t pages = options->batch_files < MOST_PAGES - PAGES_FOR_JOBS ? options->batch_files + PAGES_FOR_JOBS
                                                                            : MOST_PAGES;
    struct waiting *waiting;
    char *state;

    if (order != ORDER_OF_WRITES)
        return;
    waiting = calloc(pages, sizeof *waiting);
    state = calloc(pages, 1);
    slots.ledger = waiting && state ? ledger_make(directory, maker, pages, &slots.address) : -1;
    if (slots.ledger < 0) {
        free(waiting);
        free(state);
        return;
    }
    state[0] = TAKEN;
    slots.waiting = waiting;
    slots.state = state;
    slots.pages = pages;
}

static bool is_marked(const char *directory, const char *maker, const struct list *files)
{
    bool is = false;

    for (size_t i = 0; i < files->count && !is; i++)
        is = mark_is_there(directory, files->name[i], maker);
    return is;
}

/* Finds out which of the pages that wait are stale by now. */
static void look(const char *directory, const char *maker)
{
    size_t i = 0;

    while (i < slots.waiting_count && i < LOOKS)
        if (is_marked(directory, maker, &slots.waiting[i].files))
            i++;
        else {
            slots.state[slots.waiting[i].page] = STALE;
            list_free(&slots.waiting[i].files);
            slots.waiting_count--;
            memmove(&slots.waiting[i], &slots.waiting[i + 1], (slots.waiting_count - i) * sizeof *slots.waiting);
        }
}

/* The first page in STATE, or 0. */
static size_t first(enum state state)
{
    const char *found = slots.state ? memchr(slots.state, (int)state, slots.pages) : NULL;

    return found ? (size_t)(found - slots.state) : 0;
}

struct ledger_page slots_take(const char *directory, const char *maker, enum order order,
                              const struct settle_options *options)
{
    struct ledger_page page = {0};

    /* In mode fsync a ledger would save one fsync of three, but have twice as many built again after a crash: nothing
       would bring the removal of older marks to the disk. */
    if (options->mode != MODE_DEFERRED)
        return page;
    if (slots.asked++ == WITHOUT)
        begin(directory, maker, order, options);
    if (slots.asked % LOOKS == 0)
        look(directory, maker);
    page.address = slots.address;
    page.number = first(EMPTY);
    if (page.number == 0)
        page.number = first(STALE);
    if (page.number == 0)
        return page;
    slots.state[page.number] = TAKEN;
    slots.busy++;
    slots.used = page.number > slots.used ? page.number : slots.used;
    page.stale = first(STALE);
    for (size_t i = page.stale; i > 0 && i < slots.pages && slots.state[i] == STALE; i++, page.stale_count++)
        slots.state[i] = BEING_EMPTIED;
    return page;
}

void slots_give(const struct ledger_page *page, struct list *files)
{
    if (page->number == 0)
        return;
    slots.waiting[slots.waiting_count++] = (struct waiting){page->number, *files};
    memset(files, 0, sizeof *files);
    slots.busy--;
    memset(slots.state + page->stale, EMPTY, page->stale_count);
}

void slots_end(const char *directory, const char *maker)
{
    bool any_marks = slots.busy > 0;

    for (size_t i = 0; i < slots.waiting_count; i++) {
        any_marks = any_marks || is_marked(directory, maker, &slots.waiting[i].files);
        list_free(&slots.waiting[i].files);
    }
    if (slots.state)
        ledger_end(slots.ledger, directory, maker, slots.used, any_marks);
    free(slots.waiting);
    free(slots.state);
    memset(&slots, 0, sizeof slots);
}
