/* slots.c - the pages of this make's ledger, and which target has which
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mark.h"
#include "order.h"
#include "slots.h"

/* The targets at the beginning that go without: a ledger costs more than their fsyncs. */
#define WITHOUT 3

/* More jobs than that at a time go without. */
#define PAGES_FOR_JOBS 64
#define MOST_PAGES 1024

/* So many of those that were given back first are asked about for each that is taken. */
#define LOOKS 8

/* A page that was given back. */
struct given {
    struct ledger_page page;
    struct list files;
};

static struct {
    size_t asked;       /* how often there was use for a page */
    int ledger;         /* its file descriptor, or -1 */
    uint64_t address;
    size_t pages, used; /* that there are, page 0 included, and that have been taken */
    size_t busy;        /* now */
    struct given *given;
    size_t count;       /* of those given back and not taken again */
} slots;

/* Targets wait for a batch that is taken when half of a batch is there, maybe while another one is at work. */
static void begin(const char *directory, const char *maker, const struct settle_options *options)
{
    size_t pages = PAGES_FOR_JOBS;

    if (options->mode == MODE_DEFERRED)
        pages = options->batch_files < MOST_PAGES / 2 ? 2 * options->batch_files + pages : MOST_PAGES;
    slots.given = calloc(pages, sizeof *slots.given);
    slots.ledger = slots.given ? ledger_make(directory, maker, pages, &slots.address) : -1;
    slots.pages = slots.ledger < 0 ? 0 : pages;
}

static bool is_marked(const char *directory, const char *maker, const struct list *files)
{
    bool is = false;

    for (size_t i = 0; i < files->count && !is; i++) {
        char *path = mark_path(directory, files->name[i], maker);
        struct stat st;

        is = !path || lstat(path, &st) == 0;
        free(path);
    }
    return is;
}

/* Takes out the first page given back, of a few, that is free now.  Returns its number, or 0. */
static size_t take_given(const char *directory, const char *maker)
{
    size_t number;

    for (size_t i = 0; i < slots.count && i < LOOKS; i++) {
        if (is_marked(directory, maker, &slots.given[i].files))
            continue;
        number = slots.given[i].page.number;
        list_free(&slots.given[i].files);
        slots.count--;
        memmove(&slots.given[i], &slots.given[i + 1], (slots.count - i) * sizeof *slots.given);
        return number;
    }
    return 0;
}

struct ledger_page slots_take(const char *directory, const char *maker, const struct settle_options *options)
{
    struct ledger_page page = {0};

    if (options->mode == MODE_WRITEBACK || order_of(directory, ".") != ORDER_OF_WRITES)
        return page;
    if (slots.asked++ == WITHOUT)
        begin(directory, maker, options);
    page.address = slots.address;
    page.number = take_given(directory, maker);
    if (page.number == 0 && slots.used + 1 < slots.pages)
        page.number = ++slots.used;
    slots.busy += page.number != 0;
    return page;
}

void slots_give(const struct ledger_page *page, struct list *files)
{
    if (page->number != 0) {
        slots.given[slots.count++] = (struct given){*page, *files};
        slots.busy--;
    } else
        list_free(files);
    memset(files, 0, sizeof *files);
}

void slots_end(const char *directory, const char *maker)
{
    bool any_marks = slots.busy > 0;

    for (size_t i = 0; i < slots.count; i++) {
        any_marks = any_marks || is_marked(directory, maker, &slots.given[i].files);
        list_free(&slots.given[i].files);
    }
    if (slots.pages > 0)
        ledger_end(slots.ledger, directory, maker, slots.used, any_marks);
    free(slots.given);
    memset(&slots, 0, sizeof slots);
}
