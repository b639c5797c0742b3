/* tree.c - tests of whole trees, on a file system in memory
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "settle.h"

/* d/a, d/sub/b, d/sub/deep/c */
static int setup_tree(void **state)
{
    setup(state);
    fake_file("d/a");
    fake_dir("d/sub");
    fake_file("d/sub/b");
    fake_dir("d/sub/deep");
    fake_file("d/sub/deep/c");
    return 0;
}

#define ALL "d// settled, d/a settled, d/sub/b settled, d/sub/deep/c settled"

/* Writeback is started on all, then each is waited for, then the directories, the deepest first. */
static void test_order(void **state)
{
    (void)state;
    check(MODE_FSYNC, "d/", 0, ALL);
    assert_string_equal(fake_calls(SYNCS),
                        "start d/a, start d/sub/b, start d/sub/deep/c, "
                        "fsync d/a, fsync d/sub/b, fsync d/sub/deep/c, "
                        "fsync d/sub/deep, fsync d/sub, fsync d, fsync .");
    check(MODE_WRITEBACK, "d/", 0, ALL);
    assert_string_equal(fake_calls(SYNCS),
                        "start d/a, start d/sub/b, start d/sub/deep/c, "
                        "wait d/a, wait d/sub/b, wait d/sub/deep/c");
}

/* Where readdir(3) doesn't tell what an entry is (old xfs, some network file systems). */
static void test_entries_of_unknown_type(void **state)
{
    (void)state;
    fake.no_types = true;
    fake_link("d/link", "sub");
    fake_add("d/fifo", S_IFIFO | 0644);
    check(MODE_FSYNC, "d/", 0, ALL);
    assert_string_equal(fake_calls("list"), "list d, list d/sub, list d/sub/deep");
}

static void test_special_entries(void **state)
{
    (void)state;
    fake_link("d/to-file", "a");
    fake_link("d/to-above", "..");
    fake_link("d/to-nothing", "nothing");
    fake_link("d/sub/loop", "loop");
    fake_add("d/fifo", S_IFIFO | 0644);
    fake_add("d/socket", S_IFSOCK | 0644);
    fake_add("d/tty", S_IFCHR | 0644);
    fake_add("d/disk", S_IFBLK | 0644);
    check(MODE_FSYNC, "d/", 0, ALL);
    assert_string_equal(fake_calls("statentry"),
                        "statentry d/a, statentry d/sub, statentry d/sub/b, statentry d/sub/deep, "
                        "statentry d/sub/deep/c");
}

/* The name itself may be a link: its own directory is synced, too. */
static void test_link_to_a_tree(void **state)
{
    (void)state;
    fake_dir("e");
    fake_link("e/link", "../d");
    check(MODE_FSYNC, "e/link/", 0,
          "e/link// settled, e/../d/a settled, e/../d/sub/b settled, e/../d/sub/deep/c settled");
    assert_string_equal(fake_calls("fsync"),
                        "fsync d/a, fsync d/sub/b, fsync d/sub/deep/c, "
                        "fsync d/sub/deep, fsync d/sub, fsync e, fsync d, fsync .");
}

static void test_hard_links_once(void **state)
{
    (void)state;
    fake_dir("e");
    fake_hard_link("d/sub/again", fake_find("/w/d/a"));
    fake_hard_link("e/once-more", fake_find("/w/d/sub/b"));
    check(MODE_FSYNC, "d/ e/once-more", 0, ALL ", e/once-more settled");
    assert_string_equal(fake_calls("fsync"),
                        "fsync d/a, fsync d/sub/b, fsync d/sub/deep/c, "
                        "fsync d/sub/deep, fsync d/sub, fsync d, fsync ., fsync e");
}

/* All names of a file whose data are lost are told, as the caller may have to remove them. */
static void test_hard_link_of_a_lost_file(void **state)
{
    (void)state;
    fake_hard_link("d/sub/again", fake_find("/w/d/a"));
    fake_fail("fsync", "d/a", EIO, 1);
    check(MODE_FSYNC, "d/ d/a", 1,
          "d// settled, d/a failed at fsync (Input/output error), d/sub/b settled, "
          "d/sub/again failed at fsync (Input/output error), d/sub/deep/c settled, "
          "d/a failed at fsync (Input/output error)");
}

static void test_named_twice(void **state)
{
    (void)state;
    check(MODE_FSYNC, "d/ d/", 0, ALL ", d// settled");
    assert_int_equal(count_steps("list"), 3);
    assert_int_equal(count_steps("fsync"), 3 + 4);
    check(MODE_FSYNC, "d d/", 0, "d/ settled, " ALL);
    assert_int_equal(count_steps("fsync"), 3 + 4);
    check(MODE_FSYNC, "d/sub/ d//", 0,
          "d/sub// settled, d/sub/b settled, d/sub/deep/c settled, d/// settled, d/a settled");
    assert_int_equal(count_steps("list"), 3);
    assert_int_equal(count_steps("fsync"), 3 + 4);
    check(MODE_FSYNC, "d/ d/sub/", 0, ALL ", d/sub// settled");
    assert_int_equal(count_steps("list"), 3);
    assert_int_equal(count_steps("fsync"), 3 + 4);
}

static void test_file_named_as_well(void **state)
{
    (void)state;
    check(MODE_FSYNC, "d/sub/b d/", 0,
          "d/sub/b settled, d// settled, d/a settled, d/sub/deep/c settled");
    assert_int_equal(count_steps("fsync"), 3 + 4);
    check(MODE_FSYNC, "d/ d/sub/b", 0, ALL ", d/sub/b settled");
    assert_int_equal(count_steps("fsync"), 3 + 4);
    fake_fail("fsync", "d/sub/b", EIO, 1);
    check(MODE_FSYNC, "d/ d/sub/b", 1,
          "d// settled, d/a settled, d/sub/b failed at fsync (Input/output error), "
          "d/sub/deep/c settled, d/sub/b failed at fsync (Input/output error)");
}

static void test_vanishing_file(void **state)
{
    static const char *const verbs[] = {"statentry", "open"};

    (void)state;
    for (size_t i = 0; i < SIZE(verbs); i++) {
        fake_fail(verbs[i], "d/sub/b", ENOENT, FAKE_EVER);
        check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled, d/sub/deep/c settled");
        fake.faults = 0;
    }
    /* it was there for the start, but not any more when its turn came */
    fake_fail("open", "d/sub/b", EMFILE, 1);
    fake_fail("open", "d/sub/b", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled, d/sub/deep/c settled");
}

/* What the caller named has to be there, though. */
static void test_vanishing_file_that_is_named(void **state)
{
    (void)state;
    fake_fail("open", "d/sub/b", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "d/ d/sub/b", 1,
          "d// settled, d/a settled, d/sub/deep/c settled, "
          "d/sub/b failed at open (No such file or directory)");
    check(MODE_FSYNC, "d/sub/b d/", 1,
          "d/sub/b failed at open (No such file or directory), d// settled, d/a settled, "
          "d/sub/deep/c settled");
    asked.missing_ok = true;
    check(MODE_FSYNC, "d/sub/b d/", 0,
          "d/sub/b missing, d// settled, d/a settled, d/sub/deep/c settled");
}

/* Once all is found, the entry VICTIM is removed or, where BECOMES is not 0, replaced by one of that mode. */
static struct {
    const char *victim;
    mode_t becomes;
    const char *target;  /* of a link */
} change;

static void change_when_all_is_found(const char *verb, const char *path)
{
    struct fake_entry *victim = fake_find(change.victim);

    if (strcmp(verb, "closedir") != 0 || strcmp(path, "d/sub/deep") != 0 || !victim)
        return;
    fake_remove(victim);
    if (change.becomes)
        fake_add(change.victim, change.becomes)->target = change.target;
}

static void check_change(const char *victim, mode_t becomes, const char *names, int result, const char *text)
{
    change.victim = victim;
    change.becomes = becomes;
    fake.on_call = change_when_all_is_found;
    check(MODE_FSYNC, names, result, text);
    fake.on_call = NULL;
}

/* The other name of a hard link stands for the file then. */
static void test_vanishing_first_name(void **state)
{
    (void)state;
    fake_hard_link("d/sub/again", fake_find("/w/d/a"));
    fake_hard_link("d/sub/more", fake_find("/w/d/a"));
    check_change("/w/d/a", 0, "d/", 0,
                 "d// settled, d/sub/b settled, d/sub/again settled, d/sub/deep/c settled");
    assert_string_equal(fake_calls("start fsync"),
                        "start d/sub/b, start d/sub/deep/c, start d/sub/again, "
                        "fsync d/sub/b, fsync d/sub/again, fsync d/sub/deep/c, "
                        "fsync d/sub/deep, fsync d/sub, fsync d, fsync .");
    check_change("/w/d/sub/again", 0, "d/sub/ d/sub/more", 0,
                 "d/sub// settled, d/sub/b settled, d/sub/more settled, d/sub/deep/c settled, d/sub/more settled");
    assert_non_null(strstr(fake_calls("fsync"), "fsync d/sub/more"));
}

/* It was there for the start only. */
static void test_first_name_that_vanishes_later(void **state)
{
    (void)state;
    fake_hard_link("d/sub/again", fake_find("/w/d/a"));
    fake_fail("open", "d/a", EMFILE, 2);
    fake_fail("open", "d/a", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/sub/b settled, d/sub/again settled, d/sub/deep/c settled");
    assert_string_equal(fake_calls("fsync"),
                        "fsync d/sub/b, fsync d/sub/deep/c, fsync d/sub/again, "
                        "fsync d/sub/deep, fsync d/sub, fsync d, fsync .");
}

/* Both files are settled: the one that is there now, and the one that was. */
static void test_first_name_that_is_replaced(void **state)
{
    (void)state;
    fake_hard_link("d/sub/again", fake_find("/w/d/a"));
    fake_hard_link("d/sub/more", fake_find("/w/d/a"));
    check_change("/w/d/a", S_IFREG | 0644, "d/", 0,
                 "d// settled, d/a settled, d/sub/b settled, d/sub/again settled, d/sub/deep/c settled");
    assert_string_equal(fake_calls("fsync"),
                        "fsync d/a, fsync d/sub/b, fsync d/sub/again, fsync d/sub/deep/c, "
                        "fsync d/sub/deep, fsync d/sub, fsync d, fsync .");
}

static const mode_t other_types[] = {S_IFLNK | 0777, S_IFIFO | 0644, S_IFIFO,          S_IFSOCK | 0644,
                                     S_IFCHR | 0666, S_IFBLK | 0600, S_IFDIR | 0755,   S_IFDIR};

/* By the time that it is opened there is something else that is no file: nothing is done to it. */
static void test_file_that_becomes_something_else(void **state)
{
    change.target = "/w/d/a";
    for (size_t i = 0; i < SIZE(other_types); i++) {
        setup_tree(state);
        check_change("/w/d/sub/b", other_types[i], "d/", 0, "d// settled, d/a settled, d/sub/deep/c settled");
        assert_string_equal(fake_calls("start fsync"),
                            "start d/a, start d/sub/deep/c, fsync d/a, fsync d/sub/deep/c, "
                            "fsync d/sub/deep, fsync d/sub, fsync d, fsync .");
        assert_int_equal(fake.open, 0);
        setup_tree(state);
        fake_hard_link("d/sub/again", fake_find("/w/d/a"));
        check_change("/w/d/a", other_types[i], "d/", 0,
                     "d// settled, d/sub/b settled, d/sub/again settled, d/sub/deep/c settled");
        assert_int_equal(fake.open, 0);
    }
}

/* Closed and opened again, it is another thing, which the call that fails finds out. */
static void become_fifo(const char *verb, const char *path)
{
    if (strcmp(verb, "lease") == 0 && strcmp(path, "d/sub/b") == 0)
        fake_find("/w/d/sub/b")->st.st_mode = S_IFIFO | 0644;
}

static void test_file_that_becomes_something_else_later(void **state)
{
    (void)state;
    fake.on_call = become_fifo;
    fake_fail("fsync", "d/sub/b", EINVAL, 1);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled, d/sub/deep/c settled");
}

/* A directory above it was replaced. */
static void test_file_whose_directory_is_replaced(void **state)
{
    (void)state;
    check_change("/w/d/sub", S_IFIFO | 0644, "d/", 0, "d// settled, d/a settled");
}

static void test_all_names_vanish(void **state)
{
    (void)state;
    fake_hard_link("d/sub/again", fake_find("/w/d/a"));
    fake_fail("open", "d/a", ENOENT, FAKE_EVER);
    fake_fail("open", "d/sub/again", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/sub/b settled, d/sub/deep/c settled");
    check(MODE_FSYNC, "d/ d/sub/again", 1,
          "d// settled, d/sub/b settled, d/sub/deep/c settled, "
          "d/sub/again failed at open (No such file or directory)");
}

static void test_vanishing_directory(void **state)
{
    (void)state;
    fake_fail("open", "d/sub", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled");
    assert_string_equal(fake_calls("fsync"), "fsync d/a, fsync d, fsync .");
    fake.faults = 0;
    fake_fail_later("open", "d/sub", ENOENT, FAKE_EVER, 1);  /* after its files were settled */
    check(MODE_FSYNC, "d/", 0, ALL);
    fake.faults = 0;
    fake_fail_later("open", "d/sub", ENOENT, FAKE_EVER, 1);
    check(MODE_FSYNC, "d/ d/sub", 1, ALL ", d/sub/ failed at open (No such file or directory)");
}

/* It has become something else before it is listed: nothing outside of the tree is looked at. */
static void change_after_root(const char *verb, const char *path)
{
    if (strcmp(verb, "closedir") == 0 && strcmp(path, "d") == 0) {
        fake_remove(fake_find(change.victim));
        fake_add(change.victim, change.becomes)->target = change.target;
    }
}

static void test_directory_that_is_replaced(void **state)
{
    static const mode_t modes[] = {S_IFLNK | 0777, S_IFIFO | 0644, S_IFREG | 0644, S_IFSOCK | 0644};

    for (size_t i = 0; i < SIZE(modes); i++) {
        setup_tree(state);
        fake_dir("out");
        fake_file("out/secret");
        change.victim = "/w/d/sub";
        change.becomes = modes[i];
        change.target = "/w/out";
        fake.on_call = change_after_root;
        check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled");
        assert_string_equal(fake_calls("list fsync"), "list d, fsync d/a, fsync d, fsync .");
        assert_int_equal(fake.open, 0);
    }
}

/* The same after its files were found. */
static void test_directory_that_is_replaced_later(void **state)
{
    (void)state;
    fake_dir("out");
    fake_dir("out/deep");
    change.target = "/w/out";
    check_change("/w/d/sub/deep", S_IFLNK | 0777, "d/", 0, "d// settled, d/a settled, d/sub/b settled");
    assert_string_equal(fake_calls("fsync"), "fsync d/a, fsync d/sub/b, fsync d/sub, fsync d, fsync .");
}

/* Or a directory above it has, by the time that its own turn comes. */
static void change_after_sub(const char *verb, const char *path)
{
    if (strcmp(verb, "closedir") == 0 && strcmp(path, "d/sub") == 0) {
        fake_remove(fake_find("/w/d/sub"));
        fake_link("d/sub", "/w/out");
    }
}

static void test_directory_below_one_that_is_replaced(void **state)
{
    (void)state;
    fake_dir("out");
    fake_dir("out/deep");
    fake_file("out/deep/secret");
    fake.on_call = change_after_sub;
    check(MODE_FSYNC, "d/", 0, "d// settled, d/a settled");
    assert_string_equal(fake_calls("list"), "list d, list d/sub");
    assert_string_equal(fake_calls("fsync"), "fsync d/a, fsync d, fsync .");
}

/* An automount shows another inode once it is opened: it is part of the tree. */
static void mount_after_root(const char *verb, const char *path)
{
    if (strcmp(verb, "closedir") == 0 && strcmp(path, "d") == 0)
        fake_find("/w/d/sub")->st.st_dev = fake_find("/w/d/sub")->st.st_ino = 2;
}

static void test_automount(void **state)
{
    (void)state;
    fake.on_call = mount_after_root;
    check(MODE_FSYNC, "d/", 0, ALL);
    assert_string_equal(fake_calls("list"), "list d, list d/sub, list d/sub/deep");
}

/* One directory is an error; the rest goes on. */
static void test_unreadable_directory(void **state)
{
    (void)state;
    fake_find("/w/d/sub")->st.st_mode = S_IFDIR | 0300;
    check(MODE_FSYNC, "d/", 1, "d// settled, d/a settled, d/sub/ failed at open (Permission denied)");
    assert_string_equal(fake_calls("fsync"), "fsync d/a, fsync d, fsync .");
    check(MODE_WRITEBACK, "d/ d/sub/", 1,
          "d// settled, d/a settled, d/sub// failed at open (Permission denied)");
    fake_find("/w/d/sub")->st.st_mode = S_IFDIR | 0755;
    fake_fail_later("read", "d/sub", EIO, 1, 1);
    check(MODE_FSYNC, "d/", 1,
          "d// settled, d/a settled, d/sub/b settled, d/sub/ failed at list (Input/output error)");
}

static void test_other_file_system(void **state)
{
    (void)state;
    fake.other_magic = FAKE_FUSE;
    fake_add("d/mnt", S_IFDIR | 0755)->st.st_dev = 2;
    fake_add("d/mnt/c", S_IFREG | 0644)->st.st_dev = 2;
    fake_find("/w/d/mnt/c")->st.st_ino = fake_find("/w/d/a")->st.st_ino;  /* no hard link */
    check(MODE_WRITEBACK, "d/", 0,
          "d// settled, d/a settled, d/mnt/c settled, d/sub/b settled, d/sub/deep/c settled");
    assert_string_equal(fake_calls("wait fdatasync"),
                        "wait d/a, fdatasync d/mnt/c, wait d/sub/b, wait d/sub/deep/c");
}

/* A chroot's tree has /proc mounted: nothing there is a file to be settled. */
static void test_pseudo_file_system(void **state)
{
    (void)state;
    fake.other_magic = FAKE_PROC;
    fake_add("d/proc", S_IFDIR | 0555)->st.st_dev = 2;
    fake_add("d/proc/kmsg", S_IFREG | 0444)->st.st_dev = 2;
    check(MODE_FSYNC, "d/", 0, ALL);
    assert_string_equal(fake_calls("list"), "list d, list d/sub, list d/sub/deep");
    assert_int_equal(count_steps("fsync"), 3 + 4);
}

static void test_missing_root(void **state)
{
    (void)state;
    check(MODE_FSYNC, "none/ d/", 1, "none// failed at find (No such file or directory), " ALL);
    asked.missing_ok = true;
    check(MODE_FSYNC, "none/ d/", 0, "none// missing, " ALL);
    check(MODE_FSYNC, "d/a/", 1, "d/a// failed at find (Not a directory)");
}

/* It was there when it was looked up. */
static void test_vanishing_root(void **state)
{
    (void)state;
    fake_fail("open", "d", ENOENT, FAKE_EVER);
    check(MODE_FSYNC, "d/", 1, "d// failed at open (No such file or directory)");
}

static void test_empty_tree(void **state)
{
    (void)state;
    fake_dir("e");
    check(MODE_FSYNC, "e/", 0, "e// settled");
    assert_string_equal(fake_calls(SYNCS), "fsync e, fsync .");
    check(MODE_WRITEBACK, "e/", 0, "e// settled");
    assert_string_equal(fake_calls(SYNCS), "");
}

/* One descriptor at a time while it lists, however deep it is. */
static void test_descriptors_of_a_deep_tree(void **state)
{
    enum { LEVELS = 18 };
    char path[2 * LEVELS + 8] = "d/x";
    size_t end = strlen(path);

    (void)state;
    for (size_t i = 0; i < LEVELS; i++) {
        fake_dir(path);
        end += (size_t)snprintf(path + end, sizeof path - end, "/y");
    }
    check(MODE_WRITEBACK, "d/x/", 0, "d/x// settled");
    assert_int_equal(count_steps("list"), LEVELS);
    assert_int_equal(fake.peak, 1);
}

int main(void)
{
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup_tree, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_order),
        TEST(test_entries_of_unknown_type),
        TEST(test_special_entries),
        TEST(test_link_to_a_tree),
        TEST(test_hard_links_once),
        TEST(test_hard_link_of_a_lost_file),
        TEST(test_named_twice),
        TEST(test_file_named_as_well),
        TEST(test_vanishing_file),
        TEST(test_vanishing_file_that_is_named),
        TEST(test_vanishing_first_name),
        TEST(test_first_name_that_vanishes_later),
        TEST(test_first_name_that_is_replaced),
        TEST(test_file_that_becomes_something_else),
        TEST(test_file_that_becomes_something_else_later),
        TEST(test_file_whose_directory_is_replaced),
        TEST(test_all_names_vanish),
        TEST(test_vanishing_directory),
        TEST(test_directory_that_is_replaced),
        TEST(test_directory_that_is_replaced_later),
        TEST(test_directory_below_one_that_is_replaced),
        TEST(test_automount),
        TEST(test_unreadable_directory),
        TEST(test_other_file_system),
        TEST(test_pseudo_file_system),
        TEST(test_missing_root),
        TEST(test_vanishing_root),
        TEST(test_empty_tree),
        TEST(test_descriptors_of_a_deep_tree),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
