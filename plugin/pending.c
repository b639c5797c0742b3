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

/* A recipe's files are made durable together: of two batches one may fail, or be cut short, and the mark of the target must
   not be gone while one of another file brings that one's removal.  Those of the first LATE recipes are too many for a
   job: they wait for make's end. */
static struct {
    struct list *recipe;
    size_t recipes, room, late;
    size_t files;  /* of the others */
    uint64_t bytes;
    time_t since;
    struct list taken;  /* by jobs, all that ever were */
    bool has_failed;    /* to mark one again */
} pending;

static int make_room(void)
{
    size_t room = pending.room ? 2 * pending.room : 64;
    struct list *grown;

    if (pending.recipes < pending.room)
        return 0;
    grown = reallocarray(pending.recipe, room, sizeof *grown);
    if (!grown)
        return -1;
    pending.recipe = grown;
    pending.room = room;
    return 0;
}

void pending_add(struct list *files)
{
    struct stat st;

    if (files->count > 0 && make_room() == 0) {
        if (pending.files == 0)
            pending.since = time(NULL);
        pending.files += files->count;
        for (size_t i = 0; i < files->count; i++)
            if (stat(files->name[i], &st) == 0)
                pending.bytes += (uint64_t)st.st_size;
        pending.recipe[pending.recipes++] = *files;
    } else {
        list_free(files);  /* without memory their marks stay, and at the worst they are built again */
    }
    memset(files, 0, sizeof *files);
}

static bool is_worth_it(const struct settle_options *options)
{
    return pending.files > 0 &&
           (2 * pending.files >= options->batch_files ||
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

/* Appends FILES to the text that ends at END, in ROOM bytes, its end included.  Returns the new end; or NULL where there is
   no room, or no memory: then the text is as it was. */
static char *append(char *end, size_t room, bool is_first, const struct list *files)
{
    char *at = end;

    for (size_t i = 0; i < files->count; i++) {
        char *name = mark_escape(files->name[i]);
        bool fits = name && strlen(name) + 2 <= room - (size_t)(at - end);

        if (fits)
            at += sprintf(at, "%s%s", is_first && i == 0 ? "" : " ", name);
        free(name);
        if (!fits) {
            *end = '\0';
            return NULL;
        }
    }
    return at;
}

static void note_taken(const struct job *job, const char *name)
{
    mark_again(job->marks, name, job->maker);
    if (list_add(&pending.taken, name) == 0)
        return;
    message("%s: %s", name, strerror(errno));  /* nobody would know of a failure */
    pending.has_failed = true;
}

/* Takes the recipes from LATE up to NEXT out. */
static void remove_taken(size_t next)
{
    for (size_t i = pending.late; i < next; i++)
        list_free(&pending.recipe[i]);
    memmove(pending.recipe + pending.late, pending.recipe + next, (pending.recipes - next) * sizeof *pending.recipe);
    pending.recipes -= next - pending.late;
    pending.bytes = 0;
    pending.since = time(NULL);
}

char *pending_take(const struct job *job, size_t room)
{
    char *text, *end;
    size_t next = pending.late;

    if (!is_worth_it(&job->options))
        return NULL;
    if (room > LONGEST_BATCH)
        room = LONGEST_BATCH;
    text = end = malloc(room + 1);
    if (!text)
        return NULL;
    *text = '\0';
    for (; next < pending.recipes; next++) {
        const struct list *files = &pending.recipe[next];
        char *longer = append(end, room + 1 - (size_t)(end - text), end == text, files);

        if (!longer && (end > text || room < LONGEST_BATCH))
            break;
        pending.files -= files->count;
        if (!longer) {
            pending.late = next + 1;
            continue;
        }
        end = longer;
        for (size_t i = 0; i < files->count; i++)
            note_taken(job, files->name[i]);
    }
    if (next > pending.late)
        remove_taken(next);
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
            first = mark_target(directory, pending.taken.name[i]);
    if (left == 1)
        message("%s, of a finished target: not known to be durable, will be made again", first);
    else if (left > 1)
        message("%s and %zu more, of finished targets: not known to be durable, will be made again", first, left - 1);
    return left > 0;
}

/* Makes what is pending durable.  Returns 0, or 1 after a message. */
static int settle_rest(const char *directory, const char *maker)
{
    size_t count = 0, n = 0;
    char **name;
    int failed;

    for (size_t i = 0; i < pending.recipes; i++)
        count += pending.recipe[i].count;
    if (count == 0)
        return 0;
    name = calloc(count, sizeof *name);
    if (!name) {
        message("%zu files: %s", count, strerror(errno));
        return 1;
    }
    for (size_t i = 0; i < pending.recipes; i++)
        for (size_t j = 0; j < pending.recipe[i].count; j++) {
            name[n] = pending.recipe[i].name[j];
            mark_again(directory, name[n++], maker);
        }
    failed = batch_settle(directory, maker, name, count);
    free(name);
    return failed;
}

int pending_settle(const char *directory, const char *maker)
{
    int failed = settle_rest(directory, maker);

    failed |= tell_of_left(directory, maker) | pending.has_failed;
    for (size_t i = 0; i < pending.recipes; i++)
        list_free(&pending.recipe[i]);
    free(pending.recipe);
    list_free(&pending.taken);
    memset(&pending, 0, sizeof pending);
    return failed;
}
