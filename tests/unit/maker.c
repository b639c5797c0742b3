/* maker.c - tests of who has made a mark, and whether it still runs
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "folder.h"
#include "maker.h"
#include "someone.h"

static char self[MAKER_TEXT];
static struct someone here;

static int setup(void **state)
{
    if (folder_setup(state) < 0)
        return -1;
    here = someone_here(self);
    return here.space != 0 ? 0 : -1;
}

static enum maker_state look(const char *text, bool is_local)
{
    return maker_look(text, strlen(text), "marks", is_local);
}

/* A maker that differs from this process as said; valid until the next call. */
static const char *changed(unsigned machine_change, unsigned boot_change, uint64_t start_change, uint64_t space_change)
{
    struct someone other = {here.machine ^ machine_change, here.boot ^ boot_change, here.pid,
                            here.start + start_change, here.space + space_change};
    static char text[MAKER_TEXT];

    someone_describe(&other, text);
    return text;
}

/* The state of that maker. */
static enum maker_state look_changed(unsigned machine_change, unsigned boot_change, uint64_t start_change,
                                     uint64_t space_change, bool is_local)
{
    return look(changed(machine_change, boot_change, start_change, space_change), is_local);
}

static void test_self(void **state)
{
    char short_text[MAKER_SHORT], expected[MAKER_SHORT];

    (void)state;
    assert_int_equal(here.pid, getpid());
    assert_int_equal(maker_pid(self), getpid());
    assert_int_equal(look(self, true), MAKER_SELF);
    assert_int_equal(look(self, false), MAKER_SELF);
    maker_shorten(self, short_text);
    snprintf(expected, sizeof expected, "%lu.%" PRIu32, here.pid, maker_hash(self));
    assert_string_equal(short_text, expected);
}

static void test_other_start_or_boot_or_host(void **state)
{
    (void)state;
    assert_int_equal(look_changed(0, 0, 1, 0, false), MAKER_GONE);  /* its number is somebody else's now */
    /* a time namespace has other starts */
    assert_int_equal(maker_lock("marks", changed(0, 0, 1, 0)), 0);
    assert_int_equal(look_changed(0, 0, 1, 0, false), MAKER_LIVES);
    maker_unlock("marks");
    assert_int_equal(look_changed(0, 1, 0, 0, false), MAKER_GONE);
    assert_int_equal(look_changed(0, 1, 0, 0, true), MAKER_GONE);
    /* made up by another host, which on a network file system may run */
    assert_int_equal(look_changed(1, 1, 0, 0, false), MAKER_ELSEWHERE);
    assert_int_equal(look_changed(1, 1, 0, 0, true), MAKER_GONE);
    /* a container has its own name, not its own kernel */
    assert_int_equal(look_changed(1, 0, 0, 0, false), MAKER_SELF);
}

/* The hash of nothing: /proc/sys is hidden from one of two containers, say. */
static void test_unknown_boot(void **state)
{
    const unsigned unknown = 2166136261U;

    (void)state;
    assert_int_equal(mkdir("marks", 0777), 0);
    assert_int_equal(look_changed(0, (unsigned)here.boot ^ unknown, 0, 0, true), MAKER_GONE);
    assert_int_equal(maker_lock("marks", changed(0, (unsigned)here.boot ^ unknown, 0, 0)), 0);
    assert_int_equal(look_changed(0, (unsigned)here.boot ^ unknown, 0, 0, true), MAKER_LIVES);
    assert_int_equal(look_changed(1, (unsigned)here.boot ^ unknown, 0, 0, false), MAKER_ELSEWHERE);
    maker_unlock("marks");
}

static void test_no_maker(void **state)
{
    static const char *const texts[] = {"", "x", "1.2.3.4", "somewhere/else", "1f0c6a3b.77aa01c2.x.1.2",
        "1f0c6a3b.77aa01c2.4711.123456.40265318361111111111111111111111111111111"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(look(texts[i], true), MAKER_UNKNOWN);
    assert_int_equal(maker_pid("x"), 0);
    assert_int_equal(maker_describe(0x7fffffff, (char[MAKER_TEXT]){""}), -1);
}

static void test_child(void **state)
{
    char text[MAKER_TEXT];
    pid_t child = fork();
    siginfo_t info;

    (void)state;
    if (child == 0)
        for (;;)
            pause();
    assert_true(child > 0);
    assert_int_equal(maker_describe(child, text), 0);
    assert_int_equal(look(text, false), MAKER_LIVES);
    kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(look(text, false), MAKER_GONE);  /* its zombie */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(look(text, false), MAKER_GONE);
}

/* A process that can't be looked at lives while it keeps its byte of the folder locked, whoever else does so. */
static void test_other_namespace(void **state)
{
    (void)state;
    assert_int_equal(maker_lock("marks", changed(0, 0, 0, 1)), 0);
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_LIVES);
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_LIVES);
    assert_int_equal(look_changed(0, 0, 1, 1, true), MAKER_GONE);
    maker_unlock("marks");
    assert_false(is_there("marks"));
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_LIVES);  /* nothing can be known */
    assert_int_equal(mkdir("marks", 0777), 0);
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_GONE);
}

static void test_folder_goes_when_it_is_empty_and_free(void **state)
{
    (void)state;
    assert_int_equal(maker_lock("marks", self), 0);
    maker_clear("marks");
    assert_true(is_there("marks"));
    write_file("marks/x");
    maker_unlock("marks");
    assert_true(is_there("marks"));
    assert_int_equal(unlink("marks/x"), 0);
    maker_clear("marks");
    assert_false(is_there("marks"));
    maker_clear("marks");
    write_file("file");
    assert_int_equal(maker_lock("file/marks", self), -1);
    assert_int_equal(errno, ENOTDIR);
}

/* Another make is about to remove the folder: it is made again, and that one is locked. */
static void test_lock_while_the_folder_goes(void **state)
{
    int fd, ready[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        mkdir("marks", 0777);
        fd = open("marks", O_RDONLY | O_DIRECTORY);
        flock(fd, LOCK_EX);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        usleep(50000);
        rmdir("marks");
        close(fd);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(maker_lock("marks", changed(0, 0, 0, 1)), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(is_there("marks"));
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_LIVES);
    maker_unlock("marks");
    assert_false(is_there("marks"));
    close(ready[0]);
    close(ready[1]);
}

/* A settle-sh of a maker's is not the make, but keeps what it has marked from others. */
static void test_lock_of_a_line(void **state)
{
    const char *text = changed(0, 0, 0, 2);
    int lock;

    (void)state;
    assert_int_equal(maker_lock_line("marks", text), -1);
    assert_int_equal(mkdir("marks", 0777), 0);
    assert_false(maker_has_line("marks", text));
    lock = maker_lock_line("marks", text);
    assert_true(lock >= 0);
    assert_true(maker_has_line("marks", text));
    assert_false(maker_has_line("marks", self));
    assert_int_equal(look(text, true), MAKER_GONE);
    close(lock);
    assert_false(maker_has_line("marks", text));
}

/* A recipe has removed it, and marks have made another one. */
static void test_lock_once_more(void **state)
{
    (void)state;
    assert_int_equal(maker_lock("marks", changed(0, 0, 0, 1)), 0);
    assert_true(maker_has_lock("marks"));
    assert_int_equal(rmdir("marks"), 0);
    assert_false(maker_has_lock("marks"));
    assert_int_equal(mkdir("marks", 0777), 0);
    assert_false(maker_has_lock("marks"));
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_GONE);
    assert_int_equal(maker_lock("marks", changed(0, 0, 0, 1)), 0);
    assert_true(maker_has_lock("marks"));
    assert_int_equal(look_changed(0, 0, 0, 1, true), MAKER_LIVES);
    assert_int_equal(rmdir("marks"), 0);
    write_file("marks");
    assert_int_equal(maker_lock("marks", self), -1);  /* and what was locked is given back once */
    assert_true(maker_has_lock("marks"));
    assert_int_equal(unlink("marks"), 0);
}

static void test_children(void **state)
{
    pid_t *children, child;
    size_t count = maker_children(&children);

    (void)state;
    if (!children) {
        print_message("needs a kernel with CONFIG_PROC_CHILDREN\n");
        skip();
    }
    assert_int_equal(count, 0);
    free(children);
    child = fork();
    if (child == 0)
        _exit(0);
    count = maker_children(&children);
    assert_int_equal(count, 1);
    assert_int_equal(children[0], child);
    free(children);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(maker_children(&children), 0);
    free(children);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_self),
        TEST(test_other_start_or_boot_or_host),
        TEST(test_unknown_boot),
        TEST(test_no_maker),
        TEST(test_child),
        TEST(test_other_namespace),
        TEST(test_folder_goes_when_it_is_empty_and_free),
        TEST(test_lock_while_the_folder_goes),
        TEST(test_lock_of_a_line),
        TEST(test_lock_once_more),
        TEST(test_children),
    };

    return cmocka_run_group_tests_name("maker", tests, NULL, NULL);
}
