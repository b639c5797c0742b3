/* probe_verdict.c - what follows from what the probe has measured
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "probe.h"

#define DEFAULT_TIMEOUT 10.0  /* SETTLE_TIMEOUT */

int probe_error(const struct probe_trial *trial)
{
    if (trial->write_error)
        return trial->write_error;
    return trial->fsync_error ? trial->fsync_error : trial->look_error;
}

/* Half as much again, up to the next half second: 0.95 s seen on GlusterFS gives the 1.5 that
   passed 20 times of 20 there. */
static double with_margin(double seen)
{
    double halves = seen * 1.5 * 2;
    int whole = (int)halves;

    return (whole < halves ? whole + 1 : whole) / 2.0;
}

/* The trials of one way of watching together. */
static struct probe_trial sum_up(const struct probe_facts *facts, enum probe_watch watch)
{
    struct probe_trial sum = {0};

    for (int writer = 0; writer < PROBE_WRITERS; writer++) {
        const struct probe_trial *trial = &facts->trial[writer][watch];

        sum.files += trial->files;
        sum.moved += trial->moved;
        sum.unsettled += trial->unsettled;
        if (sum.last < trial->last)
            sum.last = trial->last;
        if (sum.still < trial->still)
            sum.still = trial->still;
        if (sum.fsync_error == 0)
            sum.fsync_error = trial->fsync_error;
    }
    return sum;
}

/* Whether a file moved late, or would have.  What an fsync does to any file says nothing. */
static bool moves(const struct probe_trial *trial, bool fsync_touches)
{
    return trial->moved > 0 || (trial->unsettled > 0 && !fsync_touches);
}

/* Where fsync doesn't end it, what moves late without fsync may do so after it, too: GlusterFS
   moves within 15 ms of an fsync in most trials, and 1 s after it in the others. */
static void choose_times(struct probe_verdict *verdict, const struct probe_trial *synced,
                         const struct probe_trial *asked)
{
    double still = synced->still > asked->still ? synced->still : asked->still;
    double last = synced->last > asked->last ? synced->last : asked->last;

    verdict->stable = with_margin(still);
    if (last + verdict->stable >= DEFAULT_TIMEOUT)
        verdict->timeout = with_margin(last + verdict->stable);
}

/* Whether files move without fsync, and when.  Where only those moved that nobody asked about by
   stat, asking had the others of the same writer written out.  Where both did, the look without
   asking was but a worse one. */
static bool judge_bare(const struct probe_facts *facts, struct probe_verdict *verdict)
{
    bool some = false;

    for (int writer = 0; writer < PROBE_WRITERS; writer++) {
        const struct probe_trial *asked = &facts->trial[writer][WATCH_STAT];
        const struct probe_trial *cached = &facts->trial[writer][WATCH_CACHED];
        const bool hidden = !moves(asked, verdict->fsync_touches);
        const struct probe_trial *trial = hidden ? cached : asked;

        if (!moves(trial, verdict->fsync_touches))
            continue;
        some = true;
        verdict->asking_settles |= hidden;
        verdict->later |= trial->unsettled > 0 && !verdict->fsync_touches;
    }
    return some;
}

struct probe_verdict probe_judge(const struct probe_facts *facts)
{
    const struct probe_trial synced = sum_up(facts, WATCH_SYNCED);
    const struct probe_trial asked = sum_up(facts, WATCH_STAT);
    struct probe_verdict verdict = {.fsync_touches = synced.unsettled > 0};
    const bool bare_moves = judge_bare(facts, &verdict);

    if (synced.fsync_error)
        verdict.status = PROBE_FSYNC_FAILS;
    else if (synced.files == 0 || asked.files == 0)
        verdict.status = PROBE_UNSEEN;
    else if (synced.moved > 0) {
        verdict.status = PROBE_FSYNC_MOVES;
        choose_times(&verdict, &synced, &asked);
    } else
        verdict.status = bare_moves ? PROBE_FSYNC_SETTLES : PROBE_STILL;
    return verdict;
}
