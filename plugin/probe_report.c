/* probe_report.c - the probe's findings and verdict in plain words
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "probe.h"

#define CELL 80

static const char *const writers[PROBE_WRITERS] = {
    [WRITER_UNMAP] = "unmap, close, exit",
    [WRITER_EXIT] = "exit with the mapping in place",
    [WRITER_CLOSE_FIRST] = "close, then write and unmap",
    [WRITER_WRITE] = "no mapping, write(2)",
};

static void name_attributes(char *text, size_t size, unsigned attributes)
{
    static const char *const names[] = {"ctime", "mtime", "size", "blocks"};
    size_t length = 0;

    *text = '\0';
    for (unsigned i = 0; i < 4 && length < size; i++)
        if (attributes >> i & 1)
            length += (size_t)snprintf(text + length, size - length, "%s%s",
                                       length > 0 ? ", " : "", names[i]);
}

/* One field of the table: "still", "ctime, blocks 0.95 s". */
static void describe(char *text, const struct probe_trial *trial, bool later)
{
    char names[CELL / 2];
    int error = probe_error(trial);

    name_attributes(names, sizeof names, trial->attributes);
    if (trial->moved)
        snprintf(text, CELL, "%s %.2f s", names, trial->last);
    else if (trial->unsettled && later)
        snprintf(text, CELL, "%s later", names);
    else
        snprintf(text, CELL, "%s", error ? strerror(error) : "still");
}

static void print_mount(const struct probe_facts *facts)
{
    const char *name = probe_magic_name(facts->magic);

    printf("%s: %s", facts->directory, facts->type ? facts->type : name ? name : "unknown");
    printf(" (statfs: 0x%lx%s%s)", facts->magic, name ? " " : "", name ? name : "");
    if (facts->source)
        printf(" from %s", facts->source);
    if (facts->mount_point)
        printf(" on %s", facts->mount_point);
    printf(", Linux %s\n\n", facts->kernel);
}

static void print_trials(const struct probe_facts *facts, bool fsync_touches)
{
    printf("What moved within %.0f s of a writer's exit, and when the last time:\n",
           facts->watched);
    printf("  %-31s  %-22s  %-22s  %s\n", "writer", "after fsync", "no fsync", "no fsync, no stat");
    for (int writer = 0; writer < PROBE_WRITERS; writer++) {
        char cells[PROBE_WATCHES][CELL];

        for (int watch = 0; watch < PROBE_WATCHES; watch++)
            describe(cells[watch], &facts->trial[writer][watch],
                     watch != WATCH_SYNCED && !fsync_touches);
        if (facts->trial[writer][WATCH_STAT].moved && !facts->trial[writer][WATCH_CACHED].moved)
            strcpy(cells[WATCH_CACHED], "not seen");
        printf("  %-31s  %-22s  %-22s  %s\n", writers[writer], cells[WATCH_SYNCED],
               cells[WATCH_STAT], cells[WATCH_CACHED]);
    }
}

static void print_fsync(const struct probe_fsync *fsync)
{
    printf("\n  fsync            ");
    if (fsync->count)
        printf("%.2f ms (%.2f to %.2f, %u small files)\n", fsync->median * 1e3, fsync->min * 1e3,
               fsync->max * 1e3, fsync->count);
    else
        puts("never succeeded");
}

static void print_lease(const struct probe_lease *lease)
{
    static const char *const sights[] = {
        [SIGHT_UNKNOWN] = "can't be told whether it sees",
        [SIGHT_SEEN] = "sees",
        [SIGHT_UNSEEN] = "does not see",
        [SIGHT_RANDOM] = "sees at times",
    };

    printf("  F_SETLEASE       ");
    if (lease->granted)
        printf("%s a descriptor open for writing,\n"
               "                   %s a shared mapping whose descriptor was closed\n",
               sights[lease->descriptor], sights[lease->mapping]);
    else if (lease->error)
        printf("of no use: %s\n", strerror(lease->error));
    else
        puts("of no use: granted and refused at random");
}

static void print_range(const struct probe_facts *facts)
{
    printf("  sync_file_range  ");
    switch (facts->range) {
    case CALL_FAILS:
        printf("of no use: %s\n", strerror(facts->range_error));
        break;
    case CALL_WORKS:
        printf("leaves none of %ju dirty pages\n", (uintmax_t)facts->dirty_before);
        break;
    case CALL_BLIND:
        puts("does nothing and returns 0: the pages are not the file's own");
        break;
    case CALL_LEAVES:
        printf("leaves %ju of %ju dirty pages\n", (uintmax_t)facts->dirty_after,
               (uintmax_t)facts->dirty_before);
        break;
    case CALL_UNPROVEN:
        puts(facts->cachestat == CALL_WORKS ? "returns 0; there was no dirty page for it"
                                            : "returns 0; what it did can't be told");
        break;
    }
}

static void print_cachestat(const struct probe_facts *facts)
{
    printf("  cachestat        ");
    if (facts->cachestat == CALL_WORKS)
        puts("sees a file's pages");
    else if (facts->cachestat == CALL_BLIND)
        puts("sees no page: they are not the file's own");
    else
        printf("of no use: %s\n", strerror(facts->cachestat_error));
}

/* The latest move by itself of one way of watching. */
static double last_move(const struct probe_facts *facts, enum probe_watch watch)
{
    double last = 0;

    for (int writer = 0; writer < PROBE_WRITERS; writer++)
        if (last < facts->trial[writer][watch].last)
            last = facts->trial[writer][watch].last;
    return last;
}

static void print_bare_moves(const struct probe_facts *facts, const struct probe_verdict *verdict)
{
    double stat = last_move(facts, WATCH_STAT), cached = last_move(facts, WATCH_CACHED);

    if (stat > 0 || (verdict->asking_settles && cached > 0))
        printf("Files move up to %.2f s after their writer's exit.\n",
               stat > cached ? stat : cached);
    if (verdict->later)
        printf("Files stand still for %.0f s after their writer's exit, but move when they are\n"
               "written out at last, which the kernel does up to 30 s later.\n",
               facts->watched);
    if (verdict->asking_settles)
        puts("Some do so only where nobody asks by stat, which has them written out; until then\n"
             "other hosts see neither their content nor their times.");
}

static void print_status(const struct probe_facts *facts, const struct probe_verdict *verdict)
{
    switch (verdict->status) {
    case PROBE_STILL:
        puts("Nothing moves here, with or without fsync.  settle is of use here for outputs that\n"
             "must survive a power cut; consumers don't need it.");
        break;
    case PROBE_FSYNC_SETTLES:
        print_bare_moves(facts, verdict);
        puts("After an fsync nothing moves: settle is needed here, and enough as it is.");
        break;
    case PROBE_FSYNC_MOVES:
        print_bare_moves(facts, verdict);
        printf("An fsync does not end it: files moved up to %.2f s after one.  settle is needed\n"
               "here, and must watch files stand still.\n",
               last_move(facts, WATCH_SYNCED));
        break;
    case PROBE_FSYNC_FAILS:
        puts("fsync fails here, and so would settle.");
        break;
    case PROBE_UNSEEN:
        puts("No file could be written and watched here, so there is nothing to tell.");
        break;
    }
}

static void print_oddities(const struct probe_facts *facts, const struct probe_verdict *verdict)
{
    if (verdict->fsync_touches)
        puts("An fsync moves even files that had one before.");
    if (facts->trial[WRITER_UNMAP][WATCH_SYNCED].files == 0 &&
        facts->trial[WRITER_WRITE][WATCH_SYNCED].files > 0)
        puts("Here no file can be written through a shared mapping.");
    if (facts->lease.granted && facts->lease.mapping == SIGHT_UNSEEN)
        puts("A lease does not see shared mappings here: that somebody may still write through\n"
             "one can only be found in /proc.");
    if (facts->range == CALL_BLIND || facts->range == CALL_LEAVES)
        puts("sync_file_range writes nothing here, whatever it returns: programs that count on it\n"
             "have settled nothing.");
}

static void print_settings(const struct probe_verdict *verdict)
{
    if (verdict->status == PROBE_FSYNC_FAILS || verdict->status == PROBE_UNSEEN)
        return;
    printf("\nSETTLE_STABLE=%g\n", verdict->stable);
    if (verdict->timeout > 0)
        printf("SETTLE_TIMEOUT=%g\n", verdict->timeout);
}

void probe_print(const struct probe_facts *facts, const struct probe_verdict *verdict)
{
    print_mount(facts);
    print_trials(facts, verdict->fsync_touches);
    print_fsync(&facts->fsync);
    print_lease(&facts->lease);
    print_range(facts);
    print_cachestat(facts);
    putchar('\n');
    print_status(facts, verdict);
    print_oddities(facts, verdict);
    print_settings(verdict);
}
