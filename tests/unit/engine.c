/* engine.c - tests of the engine, on a file system in memory: what is settled, and in what order
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "settle.h"

static void test_order_fsync(void **state)
{
    (void)state;
    fake_file("a");
    fake_file("d/b");
    fake_file("c");
    check(MODE_FSYNC, "a d/b c", 0, "a settled, d/b settled, c settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start d/b, start c, fsync a, fsync d/b, "
                                           "fsync c, fsync ., fsync d");
    assert_string_equal(fake_calls("open close"),
                        "open a, open d/b, open c, close a, close d/b, close c, "
                        "open ., close ., open d, close d");
}

static void test_order_writeback(void **state)
{
    (void)state;
    fake_file("a");
    fake_file("d/b");
    check(MODE_WRITEBACK, "a d/b", 0, "a settled, d/b settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start d/b, wait a, wait d/b");
    assert_string_equal(fake_calls(OPENS), "open a, open d/b");
}

static void test_mode_off(void **state)
{
    (void)state;
    fake_file("a");
    check(MODE_OFF, "a missing d", 0, "");
    assert_int_equal(fake.steps, 0);
}

static void test_no_names(void **state)
{
    (void)state;
    check(MODE_FSYNC, "", 0, "");
    assert_int_equal(fake.steps, 0);
}

static void test_symbolic_link(void **state)
{
    (void)state;
    fake_file("d/out");
    fake_link("link", "d/out");
    check(MODE_FSYNC, "link", 0, "link settled");
    assert_string_equal(fake_calls(SYNCS), "fsync d/out, fsync ., fsync d");
}

static void test_symbolic_link_writeback(void **state)
{
    (void)state;
    fake_file("d/out");
    fake_link("link", "d/out");
    check(MODE_WRITEBACK, "link", 0, "link settled");
    assert_string_equal(fake_calls(SYNCS), "start d/out, wait d/out");
    assert_string_equal(fake_calls(OPENS), "open d/out");
}

/* Each link is relative to the directory that it is in, or absolute. */
static void test_chain_of_links(void **state)
{
    (void)state;
    fake_dir("e");
    fake_dir("/f");
    fake_file("/f/out");
    fake_link("l1", "d/l2");
    fake_link("d/l2", "../e/l3");
    fake_link("e/l3", "/f/out");
    check(MODE_FSYNC, "l1", 0, "l1 settled");
    assert_string_equal(fake_calls(SYNCS),
                        "fsync /f/out, fsync ., fsync d, fsync e, fsync /f");
}

static void test_loop_of_links(void **state)
{
    (void)state;
    fake_link("l1", "l2");
    fake_link("l2", "l1");
    check(MODE_FSYNC, "l1", 1, "l1 failed at find (Too many levels of symbolic links)");
    assert_string_equal(fake_calls("open start"), "open .");
}

/* path_resolution(7): 40 links are followed, no more. */
static void test_longest_chain_of_links(void **state)
{
    static char name[42][12];

    (void)state;
    fake_file("0");
    for (int i = 1; i <= 41; i++) {
        snprintf(name[i - 1], sizeof *name, "%d", i - 1);
        snprintf(name[i], sizeof *name, "%d", i);
        fake_link(name[i], name[i - 1]);
    }
    check(MODE_FSYNC, "40", 0, "40 settled");
    assert_string_equal(fake_calls(SYNCS), "fsync 0, fsync .");
    check(MODE_FSYNC, "41", 1, "41 failed at find (Too many levels of symbolic links)");
}

static void test_dangling_link(void **state)
{
    (void)state;
    fake_link("link", "d/nothing");
    check(MODE_FSYNC, "link", 1, "link failed at find (No such file or directory)");
    asked.missing_ok = true;
    check(MODE_FSYNC, "link", 0, "link missing");
}

static void test_same_file_twice(void **state)
{
    (void)state;
    fake_hard_link("d/hard", fake_file("a"));
    fake_link("link", "a");
    check(MODE_FSYNC, "a d/hard ./a link a", 0,
          "a settled, d/hard settled, ./a settled, link settled, a settled");
    assert_string_equal(fake_calls(SYNCS), "fsync a, fsync ., fsync d");
    check(MODE_WRITEBACK, "a d/hard", 0, "a settled, d/hard settled");
    assert_string_equal(fake_calls(SYNCS), "start a, wait a");
}

static void test_same_failure_twice(void **state)
{
    (void)state;
    fake_hard_link("d/hard", fake_file("a"));
    fake_fail("fsync", "a", EIO, 1);
    check(MODE_FSYNC, "a d/hard a", 1,
          "a failed at fsync (Input/output error), d/hard failed at fsync (Input/output error), "
          "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls("fsync"), "fsync a, fsync ., fsync d");
}

/* A directory stands for itself and its own entry, wherever that is. */
static void test_directories(void **state)
{
    static const struct {
        const char *name;
        const char *calls;
    } cases[] = {
        {"d", "fsync d, fsync ."},
        {"./d", "fsync d, fsync ."},
        {"/w/d", "fsync d, fsync ."},
        {"d/sub", "fsync d/sub, fsync d"},
        {"d/.", "fsync d, fsync ."},
        {"d/..", "fsync ., fsync /"},
        {"d/sub/..", "fsync d, fsync ."},
        {".", "fsync ., fsync /"},
        {"..", "fsync /"},
        {"/", "fsync /"},
        {"/w", "fsync ., fsync /"},
        {"to-sub", "fsync ., fsync d/sub, fsync d"},
        {"to-sub-and-slash", "fsync ., fsync d/sub, fsync d"},
        {"d d/sub .", "fsync d, fsync ., fsync d/sub, fsync /"},
    };

    (void)state;
    fake_dir("d/sub");
    fake_link("to-sub", "d/sub");
    fake_link("to-sub-and-slash", "d/sub/");
    for (size_t i = 0; i < SIZE(cases); i++) {
        assert_int_equal(settle(MODE_FSYNC, cases[i].name), 0);
        assert_string_equal(fake_calls(SYNCS), cases[i].calls);
        assert_int_equal(told.outcome[0].what, OUTCOME_SETTLED);
        assert_true(told.outcome[0].is_directory);
    }
}

static void test_directory_and_file_in_it(void **state)
{
    (void)state;
    fake_file("d/out");
    check(MODE_FSYNC, "d d/out", 0, "d/ settled, d/out settled");
    assert_string_equal(fake_calls(SYNCS), "fsync d/out, fsync d, fsync .");
}

static void test_directory_writeback(void **state)
{
    (void)state;
    check(MODE_WRITEBACK, "d .", 0, "d/ settled, ./ settled");
    assert_string_equal(fake_calls(OPENS), "");
    assert_string_equal(fake_calls(SYNCS), "");
}

static void test_directory_with_slash(void **state)
{
    (void)state;
    fake_file("d/a");
    fake_dir("d/sub");
    fake_file("d/sub/b");
    fake_link("d/link", "/w");
    fake_add("d/fifo", S_IFIFO | 0644);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled, d/sub/b settled");
    assert_string_equal(fake_calls(SYNCS), "start d/a, start d/sub/b, fsync d/a, fsync d/sub/b, "
                                           "fsync d/sub, fsync d, fsync .");
    check(MODE_WRITEBACK, "d/", 0, "d// settled, d/a settled, d/sub/b settled");
    assert_string_equal(fake_calls(SYNCS), "start d/a, start d/sub/b, wait d/a, wait d/sub/b");
    check(MODE_FSYNC, "d/a/", 1, "d/a// failed at find (Not a directory)");
    check(MODE_FSYNC, "none/", 1, "none// failed at find (No such file or directory)");
}

static void test_special_files(void **state)
{
    (void)state;
    fake_add("fifo", S_IFIFO | 0644);
    fake_add("socket", S_IFSOCK | 0644);
    fake_add("tty", S_IFCHR | 0644);
    fake_add("disk", S_IFBLK | 0644);
    fake_link("to-fifo", "fifo");
    check(MODE_WRITEBACK, "fifo socket tty disk to-fifo", 0,
          "fifo left alone, socket left alone, tty left alone, disk left alone, "
          "to-fifo left alone");
    assert_string_equal(fake_calls(OPENS), "");
    assert_int_equal(settle(MODE_FSYNC, "fifo socket tty disk"), 0);
    assert_string_equal(fake_calls(OPENS), "");
}

static void test_missing(void **state)
{
    (void)state;
    fake_file("a");
    check(MODE_FSYNC, "none/x none a", 1,
          "none/x failed at find (No such file or directory), "
          "none failed at find (No such file or directory), a settled");
    asked.missing_ok = true;
    check(MODE_FSYNC, "none/x none a", 0, "none/x missing, none missing, a settled");
    check(MODE_WRITEBACK, "none", 0, "none missing");
    check(MODE_FSYNC, "a/x", 0, "a/x missing");
    asked.missing_ok = false;
    check(MODE_FSYNC, "a/x", 1, "a/x failed at find (Not a directory)");
}

/* Gone between lstat and open, or even before it could be opened again for the wait. */
static void test_vanishing(void **state)
{
    (void)state;
    asked.missing_ok = true;
    failing_file("a", "open", ENOENT, 1);
    check(MODE_FSYNC, "a", 0, "a missing");
    fake_fail("open", "a", EMFILE, 1);
    fake_fail("open", "a", ENOENT, 1);
    check(MODE_FSYNC, "a", 0, "a missing");
    asked.missing_ok = false;
    fake_fail("open", "a", ENOENT, 1);
    check(MODE_FSYNC, "a", 1, "a failed at open (No such file or directory)");
}

/* A file that goes by two names loses the first one of them after both were looked up. */
static void test_vanishing_first_name(void **state)
{
    (void)state;
    fake_hard_link("d/b", fake_file("a"));
    fake_file("c");
    fake_fail("open", "a", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "c a d/b", 1,
          "c settled, a failed at open (No such file or directory), d/b settled");
    assert_string_equal(fake_calls("fsync"), "fsync c, fsync d/b, fsync ., fsync d");
    asked.missing_ok = true;
    check(MODE_FSYNC, "c a d/b a", 0, "c settled, a missing, d/b settled, a missing");
    assert_string_equal(fake_calls("fsync"), "fsync c, fsync d/b, fsync ., fsync d");
    check(MODE_WRITEBACK, "c a d/b", 0, "c settled, a missing, d/b settled");
    assert_string_equal(fake_calls(SYNCS), "start c, start d/b, wait c, wait d/b");
}

static void test_attributes_and_time(void **state)
{
    const struct outcome *outcome = &told.outcome[0];

    (void)state;
    asked.verbose = true;
    fake_file("a")->moves_late = true;
    fake_file("b");
    fake_fail("start", "a", EINVAL, 1);  /* it took its time, and moved nothing */
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
    assert_int_equal(outcome->before.size, 10);
    assert_int_equal(outcome->before.blocks, 0);
    assert_int_equal(outcome->before.mtime.tv_sec, 1000);
    assert_int_equal(outcome->before.ctime.tv_sec, 1000);
    assert_int_equal(outcome->after.size, 10);
    assert_int_equal(outcome->after.blocks, 8);
    assert_int_equal(outcome->after.mtime.tv_sec, 1000);
    assert_int_equal(outcome->after.ctime.tv_sec, 1001);
    assert_true(outcome->seconds == FAKE_START_TAKES + FAKE_SYNC_TAKES);
    assert_true(told.outcome[1].seconds == FAKE_START_TAKES + FAKE_SYNC_TAKES);
    assert_memory_equal(&told.outcome[1].before, &told.outcome[1].after,
                        sizeof told.outcome[1].after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order_fsync),
        TEST(test_order_writeback),
        TEST(test_mode_off),
        TEST(test_no_names),
        TEST(test_symbolic_link),
        TEST(test_symbolic_link_writeback),
        TEST(test_chain_of_links),
        TEST(test_loop_of_links),
        TEST(test_longest_chain_of_links),
        TEST(test_dangling_link),
        TEST(test_same_file_twice),
        TEST(test_same_failure_twice),
        TEST(test_directories),
        TEST(test_directory_and_file_in_it),
        TEST(test_directory_writeback),
        TEST(test_directory_with_slash),
        TEST(test_special_files),
        TEST(test_missing),
        TEST(test_vanishing),
        TEST(test_vanishing_first_name),
        TEST(test_attributes_and_time),
    };

    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
