/* budget.c - tests of the engine with more files than descriptors
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <sys/resource.h>

#include "settle.h"

/* All starts stand before the first wait. */
static void check_starts_first(const char *wait)
{
    size_t last_start = 0, first_wait = fake.steps;

    for (size_t i = fake.steps; i-- > 0;) {
        if (strcmp(fake.step[i].verb, "start") == 0 && last_start == 0)
            last_start = i;
        if (strcmp(fake.step[i].verb, wait) == 0)
            first_wait = i;
    }
    assert_in_range(last_start, 1, first_wait - 1);
}

static size_t settled;

static void count_settled(const struct outcome *outcome, void *context)
{
    (void)context;
    settled += outcome->what == OUTCOME_SETTLED;
}

static void set_descriptor_limit(rlim_t limit)
{
    struct rlimit now;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    now.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

/* 700 files, where a process may have LIMIT descriptors. */
static void check_many(enum settle_mode mode, rlim_t limit)
{
    enum { MANY = 700 };
    static char name[MANY][8];
    const struct settle_options options = {.mode = mode};
    char *names[MANY];
    struct rlimit before;

    setup(NULL);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(name[i], sizeof *name, "d/%03zu", i);
        fake_file(names[i] = name[i]);
    }
    settled = 0;
    fake.dirty_in_all = UINT64_MAX;  /* no syncfs */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    set_descriptor_limit(limit);
    assert_int_equal(engine_settle(&options, names, MANY,
                                   &(struct engine_caller){.tell = count_settled}), 0);
    set_descriptor_limit(before.rlim_cur);

    assert_int_equal(settled, MANY);
    assert_int_equal(count_steps("start"), MANY);
    if (mode == MODE_FSYNC)
        assert_int_equal(count_steps("fsync"), MANY + 1);  /* and their directory */
    else
        assert_int_equal(count_steps("wait"), MANY);
    check_starts_first(mode == MODE_FSYNC ? "fsync" : "wait");
    assert_in_range(fake.peak, limit / 8, limit / 2);
    assert_int_equal(fake.open, 0);
}

static void test_descriptor_budget(void **state)
{
    (void)state;
    check_many(MODE_FSYNC, 1024);
    check_many(MODE_FSYNC, 512);
    check_many(MODE_WRITEBACK, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_descriptor_budget),
    };

    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
