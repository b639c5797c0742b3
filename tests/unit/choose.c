/* choose.c - tests of what is found out for the choice of a way
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "choose.h"
#include "open.h"
#include "settle.h"

#define NOISE 1048576  /* what may be dirty anyway */

static struct set set;

/* COUNT files, all in one group. */
static void take(size_t count)
{
    many_files(count);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        struct file *file = set_add(&set, NULL);

        snprintf(name, sizeof name, "d/%03zu", i);
        file->name = strdup(name);
        assert_int_equal(set_identify(&set, file, &fake_find("/w/d/000")[i].st), 0);
    }
    assert_int_equal(set_close(&set), 0);
    assert_int_equal(set.groups, 1);
}

static int empty_set(void **state)
{
    memset(&set, 0, sizeof set);
    return setup(state);
}

/* As many of those that are open as may be, stay so. */
static void close_all(void)
{
    assert_true(fake.open <= 100);
    for (size_t i = 0; i < set.count; i++)
        file_close(&set.file[i]);
}

static int free_set(void **state)
{
    close_all();
    set_free(&set);
    return teardown(state);
}

/* The way of the group, when 100 files may stay open. */
static enum way choose(enum settle_mode mode)
{
    asked.mode = mode;
    fake.steps = 0;
    choose_way(&set, &asked, 0, 100);
    return set.group[0].way;
}

/* Up to a quarter more than the set may be dirty elsewhere. */
static void test_dirty(void **state)
{
    (void)state;
    take(200);
    fake.dirty_in_all = 2500 + NOISE;
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
    assert_int_equal(count_steps("cachestat"), 200);
    fake.dirty_in_all = 2501 + NOISE;
    assert_int_equal(choose(MODE_FSYNC), WAY_THREADS);
    assert_int_equal(set.group[0].magic, FAKE_EXT4);
}

/* What isn't needed is not asked for. */
static void test_not_asked(void **state)
{
    (void)state;
    take(200);
    assert_int_equal(choose(MODE_WRITEBACK), WAY_EACH);
    assert_string_equal(fake_calls("open magic cachestat meminfo close"),
                        "open d/000, magic d/000");
    file_close(&set.file[0]);
    fake.magic = FAKE_FUSE;
    assert_int_equal(choose(MODE_FSYNC), WAY_EACH);
    assert_string_equal(fake_calls("open magic cachestat meminfo close"),
                        "open d/000, magic d/000");
    file_close(&set.file[0]);
}

/* The first file may have become a link to a tmpfs since it was found: that says nothing of the others. */
static void test_first_is_elsewhere(void **state)
{
    (void)state;
    take(20);
    fake.magic = FAKE_TMPFS;
    assert_int_equal(choose(MODE_FSYNC), WAY_NOTHING);
    set.group[0].dev++;
    assert_int_equal(choose(MODE_FSYNC), WAY_EACH);
}

/* Of many, every third or so tells. */
static void test_sample(void **state)
{
    (void)state;
    take(600);
    fake.dirty_in_all = 7500 + NOISE;
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
    assert_int_equal(count_steps("cachestat"), 200);
    assert_string_equal(fake.step[2].verb, "cachestat");
    fake.dirty_in_all = 7501 + NOISE;
    assert_int_equal(choose(MODE_FSYNC), WAY_THREADS);
    for (size_t i = 0; i < 600; i += 3)  /* those that are asked are clean */
        fake_find("/w/d/000")[i].st.st_size = 0;
    fake.dirty_in_all = NOISE + 1;
    assert_int_equal(choose(MODE_FSYNC), WAY_THREADS);
    fake.dirty_in_all = NOISE;
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
}

static void test_sample_is_at_most(void **state)
{
    static const size_t counts[] = {128, 255, 256, 257, 511, 512, 513, 900};

    for (size_t i = 0; i < SIZE(counts); i++) {
        empty_set(state);
        take(counts[i]);
        choose(MODE_FSYNC);
        assert_in_range(count_steps("cachestat"), counts[i] < 256 ? counts[i] : 128, 256);
        free_set(state);
    }
    empty_set(state);
}

/* No cachestat before Linux 6.5: all are taken to be clean, hence all that is dirty is somebody else's. */
static void test_no_cachestat(void **state)
{
    char name[3][8];

    (void)state;
    take(128);
    for (size_t i = 0; i < 3; i++) {
        snprintf(name[i], sizeof *name, "d/%03zu", i);
        fake_fail("cachestat", name[i], ENOSYS, FAKE_EVER);
    }
    fake.dirty_in_all = NOISE + 125 * 10 + 125 * 10 / 4;  /* the share of the other 125, spread over all */
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
    fake.dirty_in_all = NOISE + 1600;
    assert_int_equal(choose(MODE_FSYNC), WAY_THREADS);
}

static void test_no_meminfo(void **state)
{
    (void)state;
    take(200);
    fake_fail("meminfo", "/", ENOENT, 1);
    assert_int_equal(choose(MODE_FSYNC), WAY_THREADS);
    fake.dirty_in_all = 0;
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
}

/* btrfs tells what is dirty on itself; the others' is of no account there. */
static void test_file_system_tells(void **state)
{
    (void)state;
    take(200);
    fake.magic = FAKE_BTRFS;
    fake.dirty_in_all = UINT64_MAX;
    fake.dirty_in_fs = 2500 + NOISE;
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
    assert_int_equal(count_steps("fsdirty"), 1);
    assert_int_equal(count_steps("meminfo"), 0);
    fake.dirty_in_fs++;
    assert_int_equal(choose(MODE_FSYNC), WAY_COMMIT);
    fake.dirty_in_all = 0;
    fake_fail("fsdirty", "d/000", EPERM, 1);
    assert_int_equal(choose(MODE_FSYNC), WAY_SYNCFS);
    assert_int_equal(count_steps("meminfo"), 1);
}

/* The first that can be opened tells what file system it is. */
static void test_magic(void **state)
{
    (void)state;
    take(3);
    fake_fail("open", "d/000", EIO, FAKE_EVER);
    assert_int_equal(choose(MODE_FSYNC), WAY_EACH);
    assert_string_equal(fake_calls("open magic"), "open d/000, open d/001, magic d/001");
    assert_int_equal(set.file[0].what, OUTCOME_FAILED);
    assert_int_equal(set.file[0].step, STEP_OPEN);
    assert_int_equal(set.group[0].magic, FAKE_EXT4);
    file_close(&set.file[1]);
    fake_fail("magic", "d/001", ENOSYS, 1);
    assert_int_equal(choose(MODE_FSYNC), WAY_EACH);
    assert_int_equal(set.group[0].magic, 0);
    file_close(&set.file[1]);
}

static void test_none_can_be_opened(void **state)
{
    (void)state;
    take(2);
    fake_fail("open", "d/000", EIO, FAKE_EVER);
    fake_fail("open", "d/001", EMFILE, FAKE_EVER);
    assert_int_equal(choose(MODE_FSYNC), WAY_EACH);
    assert_int_equal(set.group[0].magic, 0);
    assert_int_equal(set.file[1].what, OUTCOME_SETTLED);  /* that may still change */
    assert_true(set.file[1].ask_proc);
}

int main(void)
{
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, empty_set, free_set)
    const struct CMUnitTest tests[] = {
        TEST(test_dirty),       TEST(test_not_asked),         TEST(test_first_is_elsewhere),
        TEST(test_sample),
        TEST(test_sample_is_at_most), TEST(test_no_cachestat), TEST(test_no_meminfo),
        TEST(test_file_system_tells), TEST(test_magic), TEST(test_none_can_be_opened),
    };

    return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
