/* pending.c - files of finished targets that are not yet durable
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "batch.h"
#include "list.h"
#include "mark.h"
#include "message.h"
#include "pending.h"

/* No longer text than this of names is handed to a job: the kernel's limit is 128 KiB. */
#define LONGEST_BATCH ((size_t)64 * 1024)

static struct {
    struct list files;
    uint64_t bytes;
    time_t since;
    struct list taken;  /* by jobs, all that ever were */
    bool has_failed;    /* to mark one again */
} pending;

void pending_add(const char *name)
{
    struct stat st;

    if (list_add(&pending.files, name) < 0)
        return;  /* its mark stays, and at the worst it is built again */
    if (pending.files.count == 1)
        pending.since = time(NULL);
    if (stat(name, &st) == 0)
        pending.bytes += (uint64_t)st.st_size;
}

static bool is_worth_it(const struct settle_options *options)
{
    return pending.files.count > 0 &&
           (2 * pending.files.count >= options->batch_files ||
            2 * pending.bytes >= options->batch_bytes ||
            difftime(time(NULL), pending.since) >= options->batch_age);
}

/* A recipe may have removed the marks of others (git clean, say): without, nobody would know of a failure. */
static void mark_again(const char *directory, const char *name, const char *maker)
{
    if (mark_renew(directory, name, maker) == 0)
        return;
    message("%s: can't be marked in %s: %s", name, directory, strerror(errno));
    pending.has_failed = true;
}

char *pending_take(const struct job *job, size_t room)
{
    char *text, *end;
    size_t taken = 0;
    struct list rest = {0};

    if (!is_worth_it(&job->options))
        return NULL;
    if (room > LONGEST_BATCH)
        room = LONGEST_BATCH;
    text = end = malloc(room + 1);
    for (; text && taken < pending.files.count; taken++) {
        char *name = mark_escape(pending.files.name[taken]);
        bool fits = name && (size_t)(end - text) + strlen(name) + 2 < room;

        if (fits)
            end += sprintf(end, "%s%s", taken > 0 ? " " : "", name);
        free(name);
        if (!fits || list_add(&pending.taken, pending.files.name[taken]) < 0)
            break;
        mark_again(job->marks, pending.files.name[taken], job->maker);
    }
    if (text)
        *end = '\0';
    for (size_t i = taken; text && i < pending.files.count; i++)
        list_add(&rest, pending.files.name[i]);
    if (text) {
        list_free(&pending.files);
        pending.files = rest;
        pending.bytes = 0;
        pending.since = time(NULL);
    }
    return text;
}

/* A job's failure may go unnoticed (a "-" before its line), and it may have been killed.  No second try: the kernel tells
   of a file's failed writeback once. */
static int tell_of_left(const char *directory, const char *maker)
{
    const char *first = NULL;
    size_t left = 0;

    for (size_t i = 0; i < pending.taken.count; i++)
        if (mark_is_there(directory, pending.taken.name[i], maker) && left++ == 0)
            first = pending.taken.name[i];
    if (left == 1)
        message("%s, of a finished target: not known to be durable, will be made again", first);
    else if (left > 1)
        message("%s and %zu more, of finished targets: not known to be durable, will be made again", first, left - 1);
    return left > 0;
}

int pending_settle(const char *directory, const char *maker)
{
    int failed = 0;

    for (size_t i = 0; i < pending.files.count; i++)
        mark_again(directory, pending.files.name[i], maker);
    if (pending.files.count > 0)
        failed = batch_settle(directory, maker, pending.files.name, pending.files.count);
    failed |= tell_of_left(directory, maker) | pending.has_failed;
    list_free(&pending.files);
    list_free(&pending.taken);
    memset(&pending, 0, sizeof pending);
    return failed;
}
