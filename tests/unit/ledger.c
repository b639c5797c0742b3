/* ledger.c - tests of what a ledger left behind says
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "folder.h"
#include "ledger.h"
#include "mark.h"
#include "order.h"
#include "someone.h"

#define PAGE 4096
#define LEDGER "marks/@ledger-1.1"

/* The makers: this process, one of this boot that is gone, one of an older boot. */
static char self[MAKER_TEXT], dead[MAKER_TEXT], older[MAKER_TEXT];

static int setup(void **state)
{
    struct someone other;

    if (folder_setup(state) < 0 || mkdir("marks", 0777) < 0)
        return -1;
    other = someone_here(self);
    other.start++;
    someone_describe(&other, dead);
    other.boot ^= 1;
    someone_describe(&other, older);
    return 0;
}

/* Appends a page with TEXT and its checksum to LEDGER. */
static void add_page(const char *text)
{
    char page[PAGE] = {0}, sum[17];
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    FILE *file = fopen(LEDGER, "a");

    assert_non_null(file);
    assert_true(strlen(text) < PAGE - 16);
    snprintf(page + 16, PAGE - 16, "%s", text);
    for (int i = 16; i < PAGE; i++) {
        hash ^= (unsigned char)page[i];
        hash *= UINT64_C(0x100000001b3);
    }
    snprintf(sum, sizeof sum, "%016" PRIx64, hash);
    memcpy(page, sum, 16);
    assert_int_equal(fwrite(page, 1, PAGE, file), PAGE);
    assert_int_equal(fclose(file), 0);
}

/* Appends a page of MAKER's that marks NAME, empty: none. */
static void add_mark(const char *maker, const char *name)
{
    char text[PAGE], *path = mark_path("marks", name, maker);

    if (*name)
        snprintf(text, sizeof text, " %s\n1600000000.000000007 %s\n", maker, path + strlen("marks/"));
    else
        snprintf(text, sizeof text, " %s\n", maker);
    free(path);
    add_page(text);
}

static bool is_marked(const char *name, const char *maker)
{
    char *path = mark_path("marks", name, maker), text[MARK_TEXT] = "";
    bool is = readlink(path, text, sizeof text - 1) > 0;

    if (is)
        assert_memory_equal(text, maker, strlen(maker));  /* and maybe "!", which the ledger hasn't */
    free(path);
    return is;
}

static void restore(void)
{
    assert_int_equal(ledger_restore("marks"), 0);
    assert_false(is_there(LEDGER));
}

static void test_marks_are_made_again(void **state)
{
    struct stat st;
    char *path;

    (void)state;
    add_mark(older, "");
    add_mark(older, "x y\n@z");
    add_mark(older, "lib/libx.a");
    add_mark(dead, "x");
    restore();
    assert_true(is_marked("x y\n@z", older) && is_marked("lib/libx.a", older) && is_marked("x", dead));
    path = mark_path("marks", "lib/libx.a", older);
    assert_int_equal(lstat(path, &st), 0);
    free(path);
    assert_int_equal(st.st_mtim.tv_sec, 1600000000);
    assert_int_equal(st.st_mtim.tv_nsec, 7);
    /* nothing to do */
    assert_int_equal(ledger_restore("marks"), 0);
    assert_int_equal(ledger_restore("nothere"), 0);
}

/* What the mark says already has come later than what the page does. */
static void test_marks_that_are_there_stay_as_they_are(void **state)
{
    char *path = mark_path("marks", "x", older);

    (void)state;
    assert_int_equal(symlink("as it was", path), 0);
    add_mark(older, "");
    add_mark(older, "x");
    restore();
    assert_true(is_there(path));
    free(path);
}

static void test_pages_cut_short_say_nothing(void **state)
{
    int fd;

    (void)state;
    add_mark(older, "");
    add_mark(older, "torn");
    add_mark(older, "x");
    fd = open(LEDGER, O_WRONLY);
    assert_int_equal(pwrite(fd, "\0\0\0\0", 4, PAGE + 512), 4);  /* as it was */
    restore();
    assert_true(is_marked("torn", older) && is_marked("x", older));
    assert_int_equal(close(fd), 0);

    add_mark(older, "");
    add_mark(older, "half");
    fd = open(LEDGER, O_WRONLY);
    assert_int_equal(pwrite(fd, "rest of another", 15, PAGE + 512), 15);
    assert_int_equal(close(fd), 0);
    restore();
    assert_false(is_marked("half", older));
}

/* Empty, not whole, ending within a page. */
static void test_ledgers_that_are_none_are_removed(void **state)
{
    static const size_t length[] = {0, 1, PAGE - 1, PAGE, 3 * PAGE + 5};

    (void)state;
    for (size_t i = 0; i < sizeof length / sizeof *length; i++) {
        write_file(LEDGER);
        assert_int_equal(truncate(LEDGER, (off_t)length[i]), 0);
        restore();
    }
    add_mark(older, "");
    add_mark(older, "x");
    add_mark(older, "y");
    assert_int_equal(truncate(LEDGER, 2 * PAGE + 100), 0);
    restore();
    assert_true(is_marked("x", older) && !is_marked("y", older));
}

static void test_what_is_no_mark_is_an_error(void **state)
{
    static const char *const lines[] = {"yesterday x@1.1", "1.2", "1.2 ../x@1.1"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[MAKER_TEXT + 32];

        snprintf(text, sizeof text, " %s\n%s\n", older, lines[i]);
        add_page(text);
        errno = 0;
        assert_int_equal(ledger_restore("marks"), -1);
        assert_int_equal(errno, EINVAL);
        assert_int_equal(unlink(LEDGER), 0);
    }
    add_page(" nobody\n1.2 x@1.1\n");
    restore();
    assert_false(is_there("marks/x@1.1"));
}

/* make that has started itself anew: a mark that is not there has been removed. */
static void test_marks_of_one_s_own_are_not_made_again(void **state)
{
    (void)state;
    add_mark(self, "x");
    restore();
    assert_false(is_marked("x", self));
}

static void test_a_live_make_s_is_left_alone(void **state)
{
    int fd;

    (void)state;
    add_mark(older, "");
    add_mark(older, "x");
    fd = open(LEDGER, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_false(ledger_is_left("marks"));
    assert_int_equal(ledger_restore("marks"), 0);
    assert_true(is_there(LEDGER) && !is_marked("x", older));
    assert_int_equal(close(fd), 0);
    /* elsewhere there are none, but for another host */
    assert_int_equal(ledger_is_left("marks"), order_find_out("marks").order == ORDER_OF_WRITES);
    restore();
    assert_true(is_marked("x", older));
}

static void test_what_is_no_file_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(LEDGER, 0666), 0);
    assert_int_equal(symlink("/etc/passwd", "marks/@ledger-2.2"), 0);
    assert_int_equal(mkdir("marks/@ledger-3.3", 0777), 0);
    assert_false(ledger_is_left("marks"));
    assert_int_equal(ledger_restore("marks"), 0);
    assert_true(is_there(LEDGER) && is_there("marks/@ledger-2.2") && is_there("marks/@ledger-3.3"));
}

/* Only where there is an attribute "no copy-on-write" can a file be written in place. */
static void test_from_beginning_to_end(void **state)
{
    struct ledger_page page = {.number = 2};
    char maker[MAKER_TEXT], long_name[300], *names[] = {(char *)"x", (char *)"y", long_name};
    int fd;

    (void)state;
    assert_int_equal(maker_describe(getpid(), maker), 0);
    fd = ledger_make("marks", maker, 4, &page.address);
    if (fd < 0) {
        assert_int_not_equal(order_find_out("marks").order, ORDER_OF_WRITES);
        print_message("needs TMPDIR on btrfs\n");
        skip();
    }
    /* not marked: nothing to write of */
    assert_int_equal(ledger_write(&page, "marks", names, 2, maker), -1);
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(mark_make("marks", names, 3, maker, false, NULL, NO_PAGE), 3);
    /* a mark in a directory of the folder */
    assert_int_equal(ledger_write(&page, "marks", names, 3, maker), -1);
    assert_int_equal(ledger_write(&page, "marks", names, 2, maker), 0);
    /* not where it was */
    page.address++;
    assert_int_equal(ledger_write(&page, "marks", names, 2, maker), -1);
    page.address--;
    assert_false(ledger_is_left("marks"));
    ledger_end(fd, "marks", maker, 2, true);
    assert_int_equal(ledger_write(&page, "marks", names, 2, maker), -1);
    assert_true(is_marked("x", maker) && is_marked("y", maker));
    mark_remove("marks", "x", maker);
    mark_remove("marks", "y", maker);
    mark_remove("marks", long_name, maker);
    assert_int_equal(rmdir("marks"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_marks_are_made_again),
        TEST(test_marks_that_are_there_stay_as_they_are),
        TEST(test_pages_cut_short_say_nothing),
        TEST(test_ledgers_that_are_none_are_removed),
        TEST(test_what_is_no_mark_is_an_error),
        TEST(test_marks_of_one_s_own_are_not_made_again),
        TEST(test_a_live_make_s_is_left_alone),
        TEST(test_what_is_no_file_is_left_alone),
        TEST(test_from_beginning_to_end),
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
