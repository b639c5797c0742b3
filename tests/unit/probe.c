/* probe.c - tests of the verdict of settle --probe
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "probe.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

/* What is measured: all files are watched and stand still, but for those of WRITER. */
struct finding {
    enum probe_writer writer;
    struct probe_trial synced, asked, cached;
};

#define MOVED(n, t, s) {.files = 4, .moved = (n), .last = (t), .still = (s)}
#define UNSETTLED {.files = 4, .unsettled = 4}
#define STILL {.files = 4}

static const struct {
    const char *what;
    struct finding finding;
    struct probe_verdict expected;
} cases[] = {
    {"local file systems",
     {WRITER_UNMAP, STILL, STILL, STILL},
     {.status = PROBE_STILL}},
    {"moves, but not after fsync",
     {WRITER_EXIT, STILL, MOVED(4, 1.02, 1.02), STILL},
     {.status = PROBE_FSYNC_SETTLES}},
    {"a single file moves",
     {WRITER_WRITE, STILL, MOVED(1, 0.02, 0.02), STILL},
     {.status = PROBE_FSYNC_SETTLES}},
    {"moves when written out at last (ext3)",
     {WRITER_UNMAP, STILL, UNSETTLED, UNSETTLED},
     {.status = PROBE_FSYNC_SETTLES, .later = true}},
    {"moves where nobody asks (NFS)",
     {WRITER_CLOSE_FIRST, STILL, STILL, MOVED(4, 4.6, 4.6)},
     {.status = PROBE_FSYNC_SETTLES, .asking_settles = true}},
    {"would move where nobody asks",
     {WRITER_CLOSE_FIRST, STILL, STILL, UNSETTLED},
     {.status = PROBE_FSYNC_SETTLES, .asking_settles = true, .later = true}},
    {"who doesn't ask sees less (FUSE)",
     {WRITER_UNMAP, STILL, MOVED(4, 1, 1), UNSETTLED},
     {.status = PROBE_FSYNC_SETTLES}},
    {"moves after fsync",
     {WRITER_UNMAP, MOVED(4, 0.7, 0.7), MOVED(4, 0.7, 0.7), STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 1.5}},
    {"moves at once after fsync, late without (GlusterFS)",
     {WRITER_CLOSE_FIRST, MOVED(2, 0.015, 0.015), MOVED(4, 0.95, 0.95), STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 1.5}},
    {"moves after fsync only",
     {WRITER_UNMAP, MOVED(1, 0.02, 0.02), STILL, STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 0.5}},
    {"exactly at a half second",
     {WRITER_UNMAP, MOVED(4, 1, 1), STILL, STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 1.5}},
    {"moves again and again: the standstills between count",
     {WRITER_UNMAP, MOVED(4, 4.4, 1.1), STILL, STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 2}},
    {"takes longer than the default of SETTLE_TIMEOUT",
     {WRITER_UNMAP, MOVED(4, 4.5, 4.5), STILL, STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 7, .timeout = 17.5}},
    {"fsync moves all files at once, and nothing else does",
     {WRITER_UNMAP, UNSETTLED, UNSETTLED, UNSETTLED},
     {.status = PROBE_STILL, .fsync_touches = true}},
    {"fsync moves all files, and some once more",
     {WRITER_UNMAP,
      {.files = 4, .unsettled = 4, .moved = 2, .last = 1, .still = 1},
      UNSETTLED,
      STILL},
     {.status = PROBE_FSYNC_MOVES, .stable = 1.5, .fsync_touches = true}},
    {"fsync fails",
     {WRITER_UNMAP, {.fsync_error = EIO}, MOVED(4, 1, 1), STILL},
     {.status = PROBE_FSYNC_FAILS}},
    {"fsync fails for files that were to be watched without",
     {WRITER_UNMAP, STILL, {.files = 4, .fsync_error = EIO}, STILL},
     {.status = PROBE_STILL}},
    {"no shared mapping can be written (9p)",
     {WRITER_UNMAP, {.write_error = ENODEV}, {.write_error = ENODEV}, {.write_error = ENODEV}},
     {.status = PROBE_STILL}},
};

static struct probe_facts facts_of(const struct finding *finding)
{
    struct probe_facts facts = {.directory = "."};

    for (int writer = 0; writer < PROBE_WRITERS; writer++)
        for (int watch = 0; watch < PROBE_WATCHES; watch++)
            facts.trial[writer][watch] = (struct probe_trial)STILL;
    facts.trial[finding->writer][WATCH_SYNCED] = finding->synced;
    facts.trial[finding->writer][WATCH_STAT] = finding->asked;
    facts.trial[finding->writer][WATCH_CACHED] = finding->cached;
    return facts;
}

static void check(const char *what, const struct probe_verdict *got,
                  const struct probe_verdict *expected)
{
    if (got->status != expected->status || got->asking_settles != expected->asking_settles ||
        got->later != expected->later || got->fsync_touches != expected->fsync_touches ||
        got->stable != expected->stable || got->timeout != expected->timeout)
        fail_msg("%s: status %d, asking_settles %d, later %d, fsync_touches %d, stable %g, "
                 "timeout %g", what, got->status, got->asking_settles, got->later,
                 got->fsync_touches, got->stable, got->timeout);
}

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct probe_facts facts = facts_of(&cases[i].finding);
        struct probe_verdict got = probe_judge(&facts);

        check(cases[i].what, &got, &cases[i].expected);
    }
}

static void test_nothing_could_be_watched(void **state)
{
    const struct probe_verdict expected = {.status = PROBE_UNSEEN};
    struct probe_facts facts = {.directory = "."};
    struct probe_verdict got;

    (void)state;
    for (int writer = 0; writer < PROBE_WRITERS; writer++)
        for (int watch = 0; watch < PROBE_WATCHES; watch++)
            facts.trial[writer][watch].write_error = ENOSPC;
    got = probe_judge(&facts);
    check("no file", &got, &expected);
}

/* One writer moves only where nobody asks, another one even when asked: both are told. */
static void test_two_writers(void **state)
{
    const struct finding finding = {WRITER_UNMAP, STILL, STILL, MOVED(4, 3, 3)};
    const struct probe_verdict expected = {
        .status = PROBE_FSYNC_SETTLES, .asking_settles = true, .later = true};
    struct probe_facts facts = facts_of(&finding);
    struct probe_verdict got;

    (void)state;
    facts.trial[WRITER_EXIT][WATCH_STAT] = (struct probe_trial)UNSETTLED;
    got = probe_judge(&facts);
    check("two writers", &got, &expected);
}

static void test_errors(void **state)
{
    const struct probe_trial none = STILL;
    const struct probe_trial all = {
        .write_error = ENOSPC, .fsync_error = EIO, .look_error = ESTALE};
    const struct probe_trial two = {.fsync_error = EIO, .look_error = ESTALE};
    const struct probe_trial one = {.look_error = ESTALE};

    (void)state;
    assert_int_equal(probe_error(&none), 0);
    assert_int_equal(probe_error(&all), ENOSPC);
    assert_int_equal(probe_error(&two), EIO);
    assert_int_equal(probe_error(&one), ESTALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_nothing_could_be_watched),
        cmocka_unit_test(test_two_writers),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
