/* probe_json.c - the probe's findings and verdict as JSON (RFC 8259); settle(1) documents the keys
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "probe.h"

/* The length of the UTF-8 sequence that TEXT begins with, or 0 where it is none (RFC 3629). */
static size_t sequence(const unsigned char *text)
{
    size_t length = text[0] < 0x80                      ? 1
                    : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                    : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                    : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                        : 0;

    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    /* too long a form, a surrogate, beyond U+10FFFF */
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

/* TEXT as a string, or null.  A byte that is not UTF-8 becomes \udcXX, as Python's surrogateescape
   has it: so file names keep apart. */
static void print_string(const char *text)
{
    const unsigned char *next = (const unsigned char *)text;

    if (!text) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    while (*next) {
        size_t length = sequence(next);

        if (length == 0)
            printf("\\udc%02x", *next++);
        else if (*next == '"' || *next == '\\')
            printf("\\%c", *next++);
        else if (*next < ' ' || *next == 0x7f)
            printf("\\u%04x", *next++);
        else {
            fwrite(next, 1, length, stdout);
            next += length;
        }
    }
    putchar('"');
}

static void print_member(const char *indent, const char *key, const char *value, const char *end)
{
    printf("%s\"%s\": ", indent, key);
    print_string(value);
    fputs(end, stdout);
}

static void print_error(const char *indent, int error, const char *end)
{
    print_member(indent, "error", error ? strerror(error) : NULL, end);
}

static void print_mount(const struct probe_facts *facts)
{
    print_member("  ", "directory", facts->directory, ",\n");
    print_member("  ", "kernel", facts->kernel, ",\n");
    fputs("  \"filesystem\": {\n", stdout);
    print_member("    ", "name", probe_magic_name(facts->magic), ",\n");
    printf("    \"magic\": \"0x%lx\",\n", facts->magic);
    print_member("    ", "type", facts->type, ",\n");
    print_member("    ", "source", facts->source, ",\n");
    print_member("    ", "mount_point", facts->mount_point, "\n  },\n");
}

static void print_attributes(unsigned attributes)
{
    static const char *const names[] = {"ctime", "mtime", "size", "blocks"};
    const char *comma = "";

    fputs("[", stdout);
    for (unsigned i = 0; i < 4; i++)
        if (attributes >> i & 1) {
            printf("%s\"%s\"", comma, names[i]);
            comma = ", ";
        }
    fputs("]", stdout);
}

static void print_trial(const struct probe_trial *trial, int writer, int watch)
{
    static const char *const writers[PROBE_WRITERS] = {
        [WRITER_UNMAP] = "unmap",
        [WRITER_EXIT] = "exit",
        [WRITER_CLOSE_FIRST] = "close-first",
        [WRITER_WRITE] = "write",
    };

    printf("    {\"writer\": \"%s\", \"fsync\": %s, \"stat\": %s,\n", writers[writer],
           watch == WATCH_SYNCED ? "true" : "false", watch == WATCH_CACHED ? "false" : "true");
    printf("     \"files\": %u, \"moved\": %u, \"unsettled\": %u, \"attributes\": ", trial->files,
           trial->moved, trial->unsettled);
    print_attributes(trial->attributes);
    printf(",\n     \"last_move\": %.3f, \"longest_still\": %.3f, ", trial->last, trial->still);
    print_error("", probe_error(trial), "}");
}

static void print_trials(const struct probe_facts *facts)
{
    const char *comma = "";

    printf("  \"watched\": %.3f,\n  \"trials\": [", facts->watched);
    for (int writer = 0; writer < PROBE_WRITERS; writer++)
        for (int watch = 0; watch < PROBE_WATCHES; watch++) {
            printf("%s\n", comma);
            print_trial(&facts->trial[writer][watch], writer, watch);
            comma = ",";
        }
    fputs("\n  ],\n", stdout);
}

static void print_fsync(const struct probe_fsync *fsync)
{
    if (fsync->count == 0)
        puts("  \"fsync\": null,");
    else
        printf("  \"fsync\": {\"files\": %u, \"median_ms\": %.3f, \"min_ms\": %.3f, "
               "\"max_ms\": %.3f},\n",
               fsync->count, fsync->median * 1e3, fsync->min * 1e3, fsync->max * 1e3);
}

static void print_calls(const struct probe_facts *facts)
{
    static const char *const sights[] = {
        [SIGHT_UNKNOWN] = "unknown",
        [SIGHT_SEEN] = "seen",
        [SIGHT_UNSEEN] = "unseen",
        [SIGHT_RANDOM] = "random",
    };
    static const char *const calls[] = {
        [CALL_FAILS] = "fails",   [CALL_WORKS] = "works",       [CALL_BLIND] = "nothing",
        [CALL_LEAVES] = "leaves", [CALL_UNPROVEN] = "unproven",
    };

    printf("  \"lease\": {\"granted\": %s, \"descriptor\": \"%s\", \"mapping\": \"%s\"",
           facts->lease.granted ? "true" : "false", sights[facts->lease.descriptor],
           sights[facts->lease.mapping]);
    print_error(", ", facts->lease.error, "},\n");
    printf("  \"sync_file_range\": {\"result\": \"%s\", "
           "\"dirty_before\": %ju, \"dirty_after\": %ju",
           calls[facts->range], (uintmax_t)facts->dirty_before, (uintmax_t)facts->dirty_after);
    print_error(", ", facts->range_error, "},\n");
    printf("  \"cachestat\": {\"result\": \"%s\"", calls[facts->cachestat]);
    print_error(", ", facts->cachestat_error, "},\n");
}

static void print_verdict(const struct probe_verdict *verdict)
{
    static const char *const statuses[] = {
        [PROBE_STILL] = "still",
        [PROBE_FSYNC_SETTLES] = "fsync-settles",
        [PROBE_FSYNC_MOVES] = "moves-after-fsync",
        [PROBE_FSYNC_FAILS] = "fsync-fails",
        [PROBE_UNSEEN] = "unseen",
    };
    bool needed = verdict->status == PROBE_FSYNC_SETTLES || verdict->status == PROBE_FSYNC_MOVES;

    printf("  \"verdict\": \"%s\",\n", statuses[verdict->status]);
    printf("  \"settle_needed\": %s,\n", needed ? "true" : "false");
    printf("  \"stat_settles\": %s,\n", verdict->asking_settles ? "true" : "false");
    printf("  \"fsync_touches\": %s,\n", verdict->fsync_touches ? "true" : "false");
    if (verdict->status == PROBE_FSYNC_FAILS || verdict->status == PROBE_UNSEEN)
        puts("  \"SETTLE_STABLE\": null,");
    else
        printf("  \"SETTLE_STABLE\": %g,\n", verdict->stable);
    if (verdict->timeout > 0)
        printf("  \"SETTLE_TIMEOUT\": %g\n", verdict->timeout);
    else
        puts("  \"SETTLE_TIMEOUT\": null");
}

void probe_print_json(const struct probe_facts *facts, const struct probe_verdict *verdict)
{
    puts("{");
    print_mount(facts);
    print_trials(facts);
    print_fsync(&facts->fsync);
    print_calls(facts);
    print_verdict(verdict);
    puts("}");
}
