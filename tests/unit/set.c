/* set.c - tests of the set of files: its growth, its groups, and their limit
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "set.h"
#include "settle.h"

static struct set set;

static int empty_set(void **state)
{
    memset(&set, 0, sizeof set);
    return setup(state);
}

static int free_set(void **state)
{
    set_free(&set);
    return teardown(state);
}

static struct file *add(dev_t dev, ino_t ino)
{
    const struct stat st = {.st_dev = dev, .st_ino = ino, .st_size = 100, .st_mode = S_IFREG | 0644};
    struct file *file = set_add(&set, "shown");

    assert_non_null(file);
    file->name = strdup("no such file");
    assert_int_equal(set_identify(&set, file, &st), 0);
    return file;
}

/* A million of them have to fit. */
static void test_size(void **state)
{
    (void)state;
    assert_true(sizeof(struct file) <= 48);
}

static void test_growth(void **state)
{
    (void)state;
    for (int with_detail = 0; with_detail <= 1; with_detail++) {
        set.wants_detail = with_detail;
        for (size_t i = 0; i < 10000; i++) {
            const struct file *file = add(1, 100 + i);

            assert_ptr_equal(file, &set.file[i]);
            assert_int_equal(file->fd, -1);
            assert_int_equal(file->same, SET_NONE);
            assert_int_equal(file->what, OUTCOME_SETTLED);
        }
        assert_int_equal(set_close(&set), 0);
        for (size_t i = 0; i < 10000; i++) {
            assert_int_equal(set.file[i].group, 0);
            assert_int_equal(set.detail[i].before.size, with_detail ? 100 : 0);
            assert_int_equal(set.detail[i].before.ino, with_detail ? 100 + i : 0);
            assert_int_equal(set.detail[i].holder.pid, 0);
        }
        assert_int_equal(set.group[0].files, 10000);
        assert_int_equal(set.group[0].bytes, 1000000);
        set_free(&set);
        memset(&set, 0, sizeof set);
    }
}

static void test_same(void **state)
{
    (void)state;
    add(1, 100);
    add(2, 100);
    assert_int_equal(add(1, 100)->same, 0);
    assert_int_equal(add(2, 100)->same, 1);
    assert_int_equal(add(1, 100)->same, 0);
    assert_true(set.file[0].has_names && set.file[1].has_names && !set.file[2].has_names);
    assert_int_equal(set.again, 3);
    assert_int_equal(set.groups, 2);
    assert_int_equal(set.group[0].files, 1);
    assert_int_equal(set.group[1].files, 1);
    assert_int_equal(set.group[1].bytes, 100);
    assert_true(file_is_open_question(&set.file[0]));
    assert_false(file_is_open_question(&set.file[2]));
}

static void test_groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < 300; i++)
        add(1000 + i, 1);
    assert_int_equal(set.groups, SET_GROUPS);
    for (size_t i = 0; i < SET_GROUPS; i++) {
        assert_int_equal(set.file[i].group, i);
        assert_int_equal(set.group[i].dev, 1000 + i);
        assert_int_equal(set.group[i].first, i);
        assert_int_equal(set.group[i].is_mixed, i == SET_GROUPS - 1);
    }
    for (size_t i = SET_GROUPS; i < 300; i++)
        assert_int_equal(set.file[i].group, SET_GROUPS - 1);
    assert_int_equal(set.group[SET_GROUPS - 1].files, 300 - SET_GROUPS + 1);
    assert_int_equal(add(1000 + 7, 2)->group, 7);
}

static void test_failures(void **state)
{
    struct file *file = add(1, 100);

    (void)state;
    errno = EIO;
    file_fail(file, STEP_FSYNC);
    errno = ENOSPC;
    file_fail(file, STEP_CLOSE);
    assert_int_equal(file->error, EIO);
    assert_int_equal(file->step, STEP_FSYNC);
    assert_false(file_is_open_question(file));
}

static void test_missing(void **state)
{
    static const struct {
        int error;
        bool missing_ok, in_tree, is_named;
        enum outcome_what what;
    } cases[] = {
        {ENOENT, false, false, false, OUTCOME_FAILED}, {ENOENT, true, false, false, OUTCOME_MISSING},
        {ENOENT, false, true, false, OUTCOME_MISSING}, {ENOENT, false, true, true, OUTCOME_FAILED},
        {ENOENT, true, true, true, OUTCOME_MISSING},   {EACCES, true, true, false, OUTCOME_FAILED},
        {ENXIO, false, true, false, OUTCOME_MISSING},  {ENXIO, true, false, false, OUTCOME_FAILED},
        {ENOTDIR, false, true, false, OUTCOME_MISSING}, {ENOTDIR, true, false, false, OUTCOME_MISSING},
        {ENOTDIR, false, false, false, OUTCOME_FAILED}, {ENOTDIR, false, true, true, OUTCOME_FAILED},
        {ELOOP, false, true, false, OUTCOME_MISSING},  {ELOOP, false, true, true, OUTCOME_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct file *file = add(1, 100 + i);

        file->in_tree = cases[i].in_tree;
        file->is_named = cases[i].is_named;
        asked.missing_ok = cases[i].missing_ok;
        errno = cases[i].error;
        file_fail_missing(&asked, file, STEP_OPEN);
        assert_int_equal(file->what, cases[i].what);
    }
}

/* Files on so many file systems that the last ones share a group: whatever the first of them is on, each
   is settled by the calls that work everywhere. */
static void check_mixed_group(enum settle_mode mode, const char *verb)
{
    static char *name[300];
    static char text[300][8];

    setup(NULL);
    fake.other_magic = FAKE_TMPFS;
    for (size_t i = 0; i < 300; i++) {
        snprintf(text[i], sizeof *text, "d/%03zu", i);
        name[i] = text[i];
        fake_file(text[i])->st.st_dev = i < 299 ? 2 + i : 1;
    }
    memset(&told, 0, sizeof told);
    asked.mode = mode;
    assert_int_equal(engine_settle(&asked, name, 300,
                                   &(struct engine_caller){.tell = tell, .context = &told}), 0);
    assert_int_equal(told.count, 300);
    assert_int_equal(count_steps(verb), 300 - SET_GROUPS + 1 + (mode == MODE_FSYNC));
}

static void test_mixed_group(void **state)
{
    (void)state;
    check_mixed_group(MODE_FSYNC, "fsync");  /* and their directory */
    check_mixed_group(MODE_WRITEBACK, "fdatasync");
}

int main(void)
{
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, empty_set, free_set)
    const struct CMUnitTest tests[] = {
        TEST(test_size),   TEST(test_growth),  TEST(test_same),        TEST(test_groups),
        TEST(test_failures), TEST(test_missing), TEST(test_mixed_group),
    };

    return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
