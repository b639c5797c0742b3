/* writers.c - tests of the wait for processes that still have a file open for writing
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "settle.h"

static void hold(const char *path, double until)
{
    fake.written[fake_find(path) - fake.entry] = true;
    fake.let_go_at = until;
}

static void test_nobody(void **state)
{
    (void)state;
    fake_file("a");
    check(MODE_FSYNC, "a", 0, "a settled");
    assert_string_equal(fake_calls("open lease unlease fsync sleep"),
                        "open a, lease a, unlease a, fsync a, open ., fsync .");
}

/* The others don't wait, and its own fsync comes when it is let go of, once; its directory's after that. */
static void test_let_go_in_time(void **state)
{
    (void)state;
    fake_file("a");
    fake_file("d/b");
    hold("/w/a", 6);
    check(MODE_FSYNC, "a d/b", 0, "a settled, d/b settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start d/b, fsync d/b, fsync a, fsync ., fsync d");
    assert_true(fake.now >= 6 + 3 * FAKE_SYNC_TAKES);
    assert_true(fake.now < 6.1 + 3 * FAKE_SYNC_TAKES);
    check(MODE_WRITEBACK, "a d/b", 0, "a settled, d/b settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start d/b, wait a, wait d/b");
}

static void test_let_go_in_time_writeback(void **state)
{
    (void)state;
    fake_file("a");
    fake_file("b");
    hold("/w/a", 6);
    check(MODE_WRITEBACK, "a b", 0, "a settled, b settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start b, wait b, wait a");
    assert_true(fake.now >= 6 + FAKE_SYNC_TAKES);
}

/* It is no use to settle what somebody may write to at once; and it waits as long as it was told to. */
static void test_not_in_time(void **state)
{
    const double others = 2 * FAKE_START_TAKES + FAKE_SYNC_TAKES, directory = FAKE_SYNC_TAKES;

    (void)state;
    fake_file("a");
    fake_file("b");
    hold("/w/a", 1000);
    asked.timeout = 7;
    check(MODE_FSYNC, "a b", 1, "a failed at quiet (Connection timed out), b settled");
    assert_string_equal(fake_calls(SYNCS), "start a, start b, fsync b, fsync .");
    assert_true(fake.now >= others + 7 + directory);
    assert_true(fake.now < others + 7.01 + directory);
    assert_false(outcome_lost(&told.outcome[0]));
    assert_int_equal(told.outcome[0].holder.pid, 0);
    assert_in_range(count_steps("sleep"), 10, 200);  /* it sleeps, and doesn't spin */
}

static void test_no_time(void **state)
{
    (void)state;
    fake_file("a");
    hold("/w/a", 1000);
    asked.timeout = 0;
    check(MODE_FSYNC, "a", 1, "a failed at quiet (Connection timed out)");
    assert_int_equal(count_steps("sleep"), 0);
    assert_int_equal(count_steps("lease"), 1);
}

static void test_several_names(void **state)
{
    (void)state;
    fake_hard_link("d/again", fake_file("a"));
    hold("/w/a", 6);
    check(MODE_FSYNC, "a d/again ./a", 0, "a settled, d/again settled, ./a settled");
    assert_string_equal(fake_calls(SYNCS), "fsync a, fsync ., fsync d");
    fake.let_go_at = 1000;
    check(MODE_FSYNC, "a d/again", 1,
          "a failed at quiet (Connection timed out), d/again failed at quiet (Connection timed out)");
}

static void test_failing_afterwards(void **state)
{
    (void)state;
    failing_file("a", "fsync", EIO, 1);
    hold("/w/a", 6);
    check(MODE_FSYNC, "a", 1, "a failed at fsync (Input/output error)");
    assert_string_equal(fake_calls("fsync"), "fsync a, fsync .");
}

static void remove_a(void)
{
    struct fake_entry *entry = fake_find("/w/d/a");

    if (entry && fake.now > 3)
        fake_remove(entry);
}

static void test_vanishing(void **state)
{
    static const struct {
        const char *names;
        bool missing_ok;
        const char *told;
    } cases[] = {
        {"d/a", false, "d/a failed at open (No such file or directory)"},
        {"d/a", true, "d/a missing"},
        {"d/", false, "d// settled"},
    };

    for (size_t i = 0; i < SIZE(cases); i++) {
        setup(state);
        fake_file("d/a");
        hold("/w/d/a", 1000);
        fake.on_sleep = remove_a;
        asked.missing_ok = cases[i].missing_ok;
        check(MODE_WRITEBACK, cases[i].names, strstr(cases[i].told, "failed") != NULL, cases[i].told);
        assert_true(fake.now < 4);
        assert_int_equal(count_steps("wait"), 0);
        assert_int_equal(fake.open, 0);
    }
}

/* More are held than descriptors are kept. */
static void test_many(void **state)
{
    char names[40 * 6 + 1];

    (void)state;
    many_files(40);
    for (size_t i = 0; i < 40; i++) {
        snprintf(names + 6 * i, sizeof names - 6 * i, "d/%03zu ", i);
        fake.written[fake_find("/w/d/000") - fake.entry + (ptrdiff_t)i] = true;
    }
    fake.let_go_at = 40 * FAKE_START_TAKES + 1;
    assert_int_equal(settle(MODE_FSYNC, names), 0);
    assert_int_equal(told.count, 40);
    assert_int_equal(count_steps("fsync"), 40 + 1);
    assert_true(fake.now >= 40 * (FAKE_START_TAKES + FAKE_SYNC_TAKES) + 1);
}

/* What /proc shows in these tests: a process 4711, "post process", and its maps. */
static char proc[] = "/tmp/writers.XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", proc, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int make_proc(void **state)
{
    static const char *const directories[] = {"1", "4711", "4711/fd"};
    char path[64];

    (void)state;
    if (!mkdtemp(proc))
        return -1;
    for (size_t i = 0; i < SIZE(directories); i++) {
        snprintf(path, sizeof path, "%s/%s", proc, directories[i]);
        if (mkdir(path, 0700) < 0)
            return -1;
    }
    write_file("4711/comm", "post process\n");
    write_file("4711/stat", "");
    return 0;
}

static int remove_proc(void **state)
{
    static const char *const files[] = {"4711/comm", "4711/stat", "4711/maps"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < SIZE(files); i++) {
        snprintf(path, sizeof path, "%s/%s", proc, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/4711/fd", proc);
    rmdir(path);
    snprintf(path, sizeof path, "%s/4711", proc);
    rmdir(path);
    snprintf(path, sizeof path, "%s/1", proc);
    rmdir(path);
    return rmdir(proc);
}

/* PATH, and OTHER where it isn't NULL, are mapped shared by 4711. */
static void map(const char *path, const char *other)
{
    char text[256];
    int end = snprintf(text, sizeof text, "7f00-7f01 rw-s 00000000 00:01 %ju   %s\n",
                       (uintmax_t)fake_find(path)->st.st_ino, path);

    if (other)
        snprintf(text + end, sizeof text - (size_t)end, "7f02-7f03 rw-s 00000000 00:01 %ju   %s\n",
                 (uintmax_t)fake_find(other)->st.st_ino, other);
    write_file("4711/maps", text);
}

static int setup_proc(void **state)
{
    setup(state);
    holders_proc = proc;
    write_file("4711/maps", "");
    fake.magic = FAKE_OVERLAYFS;
    fake_file("a");
    fake_file("b");
    return 0;
}

/* On overlayfs a lease doesn't see mappings; /proc does. */
static void test_mapped(void **state)
{
    (void)state;
    map("/w/a", NULL);
    check(MODE_FSYNC, "a b", 1, "a failed at quiet (Connection timed out), b settled");
    assert_int_equal(told.outcome[0].holder.pid, 4711);
    assert_string_equal(told.outcome[0].holder.name, "post process");
    assert_false(told.outcome[1].writers_unknown);
    assert_in_range(count_steps("sleep"), 10, 60);  /* a look through /proc costs more */
}

/* And it tells who it is where the lease only knows that there is somebody. */
static void test_who_it_is(void **state)
{
    (void)state;
    fake.magic = FAKE_EXT4;
    hold("/w/a", 1000);
    map("/w/a", NULL);
    check(MODE_FSYNC, "a", 1, "a failed at quiet (Connection timed out)");
    assert_int_equal(told.outcome[0].holder.pid, 4711);
}

static void unmap_in_time(void)
{
    if (fake.now > 5)
        write_file("4711/maps", "");
}

static void test_unmapped_in_time(void **state)
{
    (void)state;
    map("/w/a", NULL);
    fake.on_sleep = unmap_in_time;
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
    assert_string_equal(fake_calls("fsync"), "fsync b, fsync a, fsync .");
    assert_false(told.outcome[0].writers_unknown);
}

/* Process 4711 goes by the number PID, or again by its own. */
static void renumber(pid_t pid, bool back)
{
    char own[64], other[64];

    snprintf(own, sizeof own, "%s/4711", proc);
    snprintf(other, sizeof other, "%s/%jd", proc, (intmax_t)pid);
    assert_int_equal(back ? rename(other, own) : rename(own, other), 0);
}

static void look_away(void)
{
    holders_proc = "/nonexistent";
}

/* Who was seen once, and runs, still holds the file as far as a look can tell that doesn't see all: a process that has
   changed its owner, for instance. */
static void test_seen_and_then_hidden(void **state)
{
    (void)state;
    map("/w/a", NULL);
    renumber(getppid(), false);
    fake.on_sleep = look_away;
    check(MODE_FSYNC, "a b", 1, "a failed at quiet (Connection timed out), b settled");
    assert_int_equal(told.outcome[0].holder.pid, getppid());
    renumber(getppid(), true);
}

static void unmap_renumbered(void)
{
    char name[64];

    snprintf(name, sizeof name, "%jd/maps", (intmax_t)getppid());
    if (fake.now > 1)
        write_file(name, "");
}

/* Another process, 4712, can't be looked into. */
static void test_lets_go_and_goes_on_beside_a_hidden_one(void **state)
{
    char path[64], file[80];

    (void)state;
    snprintf(path, sizeof path, "%s/4712", proc);
    snprintf(file, sizeof file, "%s/stat", path);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("4712/stat", "");
    map("/w/a", NULL);
    renumber(getppid(), false);
    fake.on_sleep = unmap_renumbered;
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
    assert_true(fake.now < 9);
    assert_true(told.outcome[0].writers_unknown);
    renumber(getppid(), true);
    assert_int_equal(unlink(file) | rmdir(path), 0);
}

static void test_seen_and_then_gone(void **state)
{
    const pid_t nobody = 4194303;  /* the highest that there is */

    (void)state;
    map("/w/a", NULL);
    renumber(nobody, false);
    fake.on_sleep = look_away;
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
    renumber(nobody, true);
}

static void map_other(void)
{
    map("/w/a", "/w/b");
}

/* b is settled; who opens it while a is waited for is no lingering writer. */
static void test_opened_later(void **state)
{
    (void)state;
    map("/w/a", NULL);
    fake.on_sleep = map_other;
    check(MODE_FSYNC, "a b", 1, "a failed at quiet (Connection timed out), b settled");
    assert_true(fake.now < 10 + 2 * FAKE_START_TAKES + 2 * FAKE_SYNC_TAKES + 0.3);
}

static void let_go_of_a_take_b(void)
{
    map("/w/b", NULL);
}

static void test_let_go_and_other_opened(void **state)
{
    (void)state;
    map("/w/a", NULL);
    fake.on_sleep = let_go_of_a_take_b;
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
}

/* NFS: the lease has nothing to say. */
static void test_no_lease_there(void **state)
{
    (void)state;
    fake.magic = FAKE_NFS;
    hold("/w/b", 1000);
    map("/w/a", NULL);
    check(MODE_WRITEBACK, "a b", 1, "a failed at quiet (Connection timed out), b settled");
    assert_int_equal(count_steps("lease"), 0);
}

/* A lease on a descriptor that is open for writing sees its own. */
static void test_write_only(void **state)
{
    (void)state;
    fake.magic = FAKE_EXT4;
    fake_find("/w/a")->st.st_mode = S_IFREG | 0200;
    map("/w/a", NULL);
    check(MODE_FSYNC, "a", 1, "a failed at quiet (Connection timed out)");
    assert_int_equal(count_steps("lease"), 0);
    write_file("4711/maps", "");
    check(MODE_FSYNC, "a", 0, "a settled");
}

/* settle-sh has waited for all processes of the recipe: only what the lease says counts. */
static void test_no_writer_left(void **state)
{
    (void)state;
    asked.no_writer_left = true;
    map("/w/a", NULL);
    check(MODE_FSYNC, "a", 0, "a settled");
    assert_false(told.outcome[0].writers_unknown);
    hold("/w/a", 1000);
    check(MODE_FSYNC, "a", 1, "a failed at quiet (Connection timed out)");
}

static void test_proc_cannot_tell(void **state)
{
    (void)state;
    holders_proc = "/nonexistent";
    check(MODE_FSYNC, "a b", 0, "a settled, b settled");
    assert_true(told.outcome[0].writers_unknown);
    assert_true(told.outcome[1].writers_unknown);
    fake.magic = FAKE_EXT4;
    check(MODE_FSYNC, "a", 0, "a settled");
    assert_false(told.outcome[0].writers_unknown);
    fake_fail("lease", "a", EACCES, 1);  /* another user's file */
    check(MODE_FSYNC, "a", 0, "a settled");
    assert_true(told.outcome[0].writers_unknown);
}

int main(void)
{
#define TEST_PROC(function) cmocka_unit_test_setup_teardown(function, setup_proc, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody),
        TEST(test_let_go_in_time),
        TEST(test_let_go_in_time_writeback),
        TEST(test_not_in_time),
        TEST(test_no_time),
        TEST(test_several_names),
        TEST(test_failing_afterwards),
        TEST(test_vanishing),
        TEST(test_many),
        TEST_PROC(test_mapped),
        TEST_PROC(test_who_it_is),
        TEST_PROC(test_unmapped_in_time),
        TEST_PROC(test_seen_and_then_hidden),
        TEST_PROC(test_seen_and_then_gone),
        TEST_PROC(test_lets_go_and_goes_on_beside_a_hidden_one),
        TEST_PROC(test_opened_later),
        TEST_PROC(test_let_go_and_other_opened),
        TEST_PROC(test_no_lease_there),
        TEST_PROC(test_write_only),
        TEST_PROC(test_no_writer_left),
        TEST_PROC(test_proc_cannot_tell),
    };

    return cmocka_run_group_tests_name("writers", tests, make_proc, remove_proc);
}
