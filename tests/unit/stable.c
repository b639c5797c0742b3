/* stable.c - tests of the wait for attributes that stand still
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "settle.h"

static struct fake_entry *file;

/* In these tests fsync takes its two seconds before the first look. */
static int setup_file(void **state)
{
    setup(state);
    file = fake_file("moving");
    asked.stable = 3;
    asked.timeout = 20;
    return 0;
}

static const struct moves *moves(void)
{
    return &told.outcome[0].moves;
}

static unsigned all_moves(void)
{
    return moves()->size + moves()->blocks + moves()->mtime + moves()->ctime + moves()->ino;
}

static void test_not_asked_for(void **state)
{
    (void)state;
    asked.stable = 0;
    check(MODE_FSYNC, "moving", 0, "moving settled");
    assert_string_equal(fake_calls("openpath look sleep"), "");
}

/* Counted from when it was written back. */
static void test_stands_still(void **state)
{
    (void)state;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_true(fake.now >= 2.5 + 3 && fake.now < 2.5 + 3.4);
    assert_int_equal(all_moves(), 0);
    assert_int_equal(count_steps("openpath"), count_steps("look"));
}

/* The time that it took to write it back is none that it has stood still. */
static void test_long_written(void **state)
{
    (void)state;
    asked.stable = 1;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_true(fake.now >= 2.5 + 1 && fake.now < 2.5 + 1.2);
}

static void test_moves_for_a_while(void **state)
{
    (void)state;
    fake.moves_until = 9;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_true(fake.now >= 9 - 0.25 + 3 && fake.now < 9 + 3.4);
    assert_in_range(moves()->ctime, 20, 60);
    assert_int_equal(all_moves(), moves()->ctime);
    assert_int_equal(moves()->back, 0);
    assert_int_equal(told.outcome[0].before.ctime.tv_sec, 1000);
    assert_int_equal(told.outcome[0].after.ctime.tv_sec, 1000 + moves()->ctime);
}

static void test_never_stands_still(void **state)
{
    (void)state;
    fake.moves_until = 1000;
    fake_file("b");
    check(MODE_WRITEBACK, "moving b", 1, "moving failed at stable (Connection timed out), b settled");
    assert_true(fake.now >= 5 + 20 && fake.now < 5 + 20.3);  /* it took 5 to get so far */
    assert_in_range(moves()->ctime, 50, 100);
    assert_int_equal(all_moves(), moves()->ctime);
    assert_int_equal(moves()->back, 0);
    assert_in_range(count_steps("sleep"), 50, 100);
    assert_false(outcome_lost(&told.outcome[0]));
}

/* What moved by the file's own writeback is a move, too; it is old by then. */
static void test_moved_by_writeback(void **state)
{
    (void)state;
    file->moves_late = true;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_int_equal(moves()->ctime, 1);
    assert_int_equal(moves()->blocks, 1);
    assert_int_equal(all_moves(), 2);
    assert_int_equal(told.outcome[0].after.blocks, 8);
    assert_true(fake.now >= FAKE_SYNC_TAKES + 3);
}

static void flap(void)
{
    file->st.st_ctim.tv_sec = file->st.st_ctim.tv_sec == 1000 ? 1001 : 1000;
}

/* Two replicas answer in turn. */
static void test_flapping(void **state)
{
    (void)state;
    fake.on_sleep = flap;
    check(MODE_WRITEBACK, "moving", 1, "moving failed at stable (Connection timed out)");
    assert_true(moves()->ctime > 10);
    assert_int_equal(moves()->back, moves()->ctime - 1);
}

static void flap_three_ways(void)
{
    file->st.st_ctim.tv_sec = 1000 + (file->st.st_ctim.tv_sec + 1) % 3;
}

/* Three values in turn never come back to the one before. */
static void test_three_values(void **state)
{
    (void)state;
    fake.on_sleep = flap_three_ways;
    check(MODE_WRITEBACK, "moving", 1, "moving failed at stable (Connection timed out)");
    assert_int_equal(moves()->back, 0);
}

static void move_all(void)
{
    if (fake.now < 6) {
        file->st.st_size++;
        file->st.st_blocks++;
        file->st.st_mtim.tv_nsec++;
        file->st.st_ctim.tv_nsec++;
        file->st.st_ino++;
    }
}

static void test_each_attribute(void **state)
{
    (void)state;
    fake.on_sleep = move_all;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_true(moves()->size > 3);
    assert_int_equal(moves()->blocks, moves()->size);
    assert_int_equal(moves()->mtime, moves()->size);
    assert_int_equal(moves()->ctime, moves()->size);
    assert_int_equal(moves()->ino, moves()->size);
}

static void move_blocks(void)
{
    if (fake.now < 6)
        file->st.st_blocks++;
}

/* As with delayed allocation: that alone has tar say that the file changed. */
static void test_blocks_alone(void **state)
{
    (void)state;
    fake.on_sleep = move_blocks;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_true(moves()->blocks > 3);
    assert_int_equal(all_moves(), moves()->blocks);
    assert_true(fake.now >= 6 - 0.25 + 3);
}

static void replace_file(void)
{
    if (fake.now > 2.5) {
        struct fake_entry old = *file;

        fake_remove(file);
        file = fake_file("moving");
        file->st = old.st;
        file->st.st_ino += 1000;
        fake.on_sleep = NULL;
    }
}

/* The next reader gets the file that has the name. */
static void test_replaced(void **state)
{
    (void)state;
    fake.on_sleep = replace_file;
    check(MODE_WRITEBACK, "moving", 0, "moving settled");
    assert_int_equal(moves()->ino, 1);
    assert_int_equal(all_moves(), 1);
    assert_true(fake.now >= 2.5 + 3);
    assert_int_equal(count_steps("openpath"), count_steps("look"));
    assert_int_equal(count_steps("wait"), 2);  /* what is there now is another file, and settled as well, ... */
    assert_true(fake.now >= 2.5 + 3 + FAKE_SYNC_TAKES + 3);  /* ... and is to stand still thereafter */
}

static void remove_file(void)
{
    if (fake.now > 2.5)
        fake_remove(file);
}

static void test_vanishing(void **state)
{
    (void)state;
    fake.on_sleep = remove_file;
    check(MODE_WRITEBACK, "moving", 1, "moving failed at find (No such file or directory)");
    setup_file(state);
    asked.missing_ok = true;
    fake.on_sleep = remove_file;
    check(MODE_WRITEBACK, "moving", 0, "moving missing");
    setup_file(state);
    file = fake_file("d/a");
    fake.on_sleep = remove_file;
    check(MODE_WRITEBACK, "d/", 0, "d// settled");
}

/* What has failed, or is no file, is not watched; what has two names, once. */
static void test_what_is_watched(void **state)
{
    (void)state;
    asked.stable = 1;
    failing_file("bad", "wait", EIO, 1);
    fake_add("fifo", S_IFIFO | 0644);
    fake_file("d/a");
    fake_link("link", "d/a");
    check(MODE_WRITEBACK, "bad fifo d d/a link", 1,
          "bad failed at writeback (Input/output error), fifo left alone, d/ settled, d/a settled, "
          "link settled");
    for (size_t i = 0; i < fake.steps; i++)
        if (strcmp(fake.step[i].verb, "openpath") == 0)
            assert_string_equal(fake.step[i].path, "d/a");
    assert_in_range(count_steps("openpath"), 2, 10);
}

/* An eighth of the time, but at most a quarter of a second and at least five milliseconds. */
static void test_naps(void **state)
{
    static const struct {
        double stable;
        size_t least, most;
    } cases[] = {{0.8, 8, 10}, {1.6, 8, 10}, {16, 64, 66}, {0.02, 4, 6}, {0.001, 1, 2}};

    for (size_t i = 0; i < SIZE(cases); i++) {
        setup_file(state);
        fake.magic = FAKE_TMPFS;  /* nothing takes time there */
        asked.stable = cases[i].stable;
        asked.timeout = 1000;
        check(MODE_WRITEBACK, "moving", 0, "moving settled");
        assert_in_range(count_steps("sleep"), cases[i].least, cases[i].most);
    }
}

int main(void)
{
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_file, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_not_asked_for),
        TEST(test_stands_still),
        TEST(test_long_written),
        TEST(test_moves_for_a_while),
        TEST(test_never_stands_still),
        TEST(test_moved_by_writeback),
        TEST(test_flapping),
        TEST(test_three_values),
        TEST(test_each_attribute),
        TEST(test_blocks_alone),
        TEST(test_replaced),
        TEST(test_vanishing),
        TEST(test_what_is_watched),
        TEST(test_naps),
    };

    return cmocka_run_group_tests_name("stable", tests, NULL, NULL);
}
