/* many.c - tests of the engine with so many files that /proc is asked once, instead of a lease for each
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#define FAKE_ROOM 5000

#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "settle.h"

#define MANY 4100

/* In place of the C library's: only who sees all processes may ask /proc for all. */
static uid_t user;

uid_t geteuid(void)
{
    return user;
}

/* A /proc with one process. */
static char proc[] = "/tmp/many.XXXXXX";
static const char *const entries[] = {"1", "1/fd", "1/maps", "1/comm"};

static const char *in_proc(const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "%s/%s", proc, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_proc(name), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int make_proc(void **state)
{
    (void)state;
    if (!mkdtemp(proc) || mkdir(in_proc("1"), 0700) < 0 || mkdir(in_proc("1/fd"), 0700) < 0)
        return -1;
    write_file("1/comm", "mapper\n");
    return 0;
}

static int remove_proc(void **state)
{
    (void)state;
    for (size_t i = SIZE(entries); i-- > 0;)
        if (remove(in_proc(entries[i])) < 0)
            return -1;
    return rmdir(proc);
}

static int setup_many(void **state)
{
    setup(state);
    many_files(MANY);
    holders_proc = proc;
    write_file("1/maps", "");
    user = 0;
    return 0;
}

static struct outcome failed;
static size_t settled;

static void note(const struct outcome *outcome, void *context)
{
    (void)context;
    if (outcome->what == OUTCOME_FAILED)
        failed = *outcome;
    settled += outcome->what == OUTCOME_SETTLED && !outcome->is_directory;
}

static int settle_tree(void)
{
    char name[] = "d/", *names[] = {name};

    settled = 0;
    memset(&failed, 0, sizeof failed);
    return engine_settle(&asked, names, 1, &(struct engine_caller){.tell = note});
}

/* Nothing is opened but a sample, and one for syncfs. */
static void test_as_root(void **state)
{
    (void)state;
    assert_int_equal(settle_tree(), 0);
    assert_int_equal(settled, MANY);
    assert_string_equal(fake_calls(SYNCS), "syncfs d/000");
    assert_int_equal(count_steps("lease"), 0);
    assert_in_range(count_steps("open"), 100, 300);
    assert_int_equal(count_steps("open"), count_steps("close") + count_steps("closedir"));
}

static void test_as_another_user(void **state)
{
    (void)state;
    user = 1000;
    assert_int_equal(settle_tree(), 0);
    assert_int_equal(settled, MANY);
    assert_string_equal(fake_calls(SYNCS), "syncfs d/000");
    assert_int_equal(count_steps("lease"), MANY);
}

/* Whoever knows that no writer is left, and only has the lease to tell of others. */
static void test_no_writer_left(void **state)
{
    (void)state;
    asked.no_writer_left = true;
    assert_int_equal(settle_tree(), 0);
    assert_int_equal(count_steps("lease"), MANY);
}

static void unmap(void)
{
    if (fake.now > 5)
        write_file("1/maps", "");
}

static void test_mapped(void **state)
{
    char text[128];

    (void)state;
    snprintf(text, sizeof text, "7f00-7f01 rw-s 00000000 00:01 %ju   /w/d/4000\n",
             (uintmax_t)fake_find("/w/d/4000")->st.st_ino);
    write_file("1/maps", text);
    assert_int_equal(settle_tree(), 1);
    assert_int_equal(settled, MANY - 1);
    assert_int_equal(failed.step, STEP_QUIET);
    assert_int_equal(failed.holder.pid, 1);
    assert_string_equal(failed.holder.name, "mapper");
    fake.on_sleep = unmap;
    fake.now = 0;
    fake.steps = 0;
    assert_int_equal(settle_tree(), 0);
    assert_int_equal(settled, MANY);
    assert_string_equal(fake_calls(SYNCS), "syncfs d/000, fsync d/4000");
}

int main(void)
{
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_many, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_as_root),
        TEST(test_as_another_user),
        TEST(test_no_writer_left),
        TEST(test_mapped),
    };

    return cmocka_run_group_tests_name("many", tests, make_proc, remove_proc);
}
