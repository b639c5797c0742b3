/* recover.c - tests of what is done about marks that a dead make has left
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "folder.h"
#include "order.h"
#include "recover.h"
#include "someone.h"
#include "started.h"
#include "worker.h"

static char self[MAKER_TEXT], dead[MAKER_TEXT], old[MAKER_TEXT], strange[MAKER_TEXT];

/* The makers of marks: this process, two of this boot whose number is another's now (one from after all files here,
   one from before), and another host's. */
static int setup(void **state)
{
    struct someone other;

    if (folder_setup(state) < 0)
        return -1;
    other = someone_here(self);
    other.start -= 100;
    someone_describe(&other, old);
    other.start += 100000;
    someone_describe(&other, dead);
    other.machine ^= 1;
    other.boot ^= 1;
    someone_describe(&other, strange);
    return other.space != 0 ? 0 : -1;
}

static void mark(const char *name, const char *maker)
{
    char *copy = strdup(name);

    assert_int_equal(mark_make("marks", &copy, 1, maker, true, NULL, NO_PAGE), 1);
    free(copy);
}

/* What a recipe does that is cut short: the file is marked, and made. */
static void cut_short(const char *name, const char *maker)
{
    mark(name, maker);
    write_file(name);
}

static bool is_marked(const char *name, const char *maker)
{
    char *path = mark_path("marks", name, maker);
    bool is = is_there(path);

    free(path);
    return is;
}

struct told {
    enum recovery_what what;
    int error;
    size_t count;
};

static void tell(const struct recovery *recovery, void *context)
{
    struct told *told = context;

    told->what = recovery->what;
    told->error = recovery->error;
    told->count++;
}

/* Recovers, with a single mark there: what becomes of it. */
static enum recovery_what what_becomes(bool just_look)
{
    struct told told = {.count = 0};

    assert_int_equal(recover("marks", just_look, tell, &told), 0);
    assert_int_equal(told.count, 1);
    assert_false(is_there("marks/@lock"));
    return told.what;
}

static void test_lock_of_a_killed_recovery(void **state)
{
    struct told told = {.count = 0};

    (void)state;
    assert_int_equal(mkdir("marks", 0777), 0);
    write_file("marks/@lock");
    assert_int_equal(recover("marks", true, tell, &told), 0);
    assert_true(is_there("marks/@lock"));
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_false(is_there("marks/@lock"));
    assert_int_equal(told.count, 0);
}

static void test_file_of_a_dead_make(void **state)
{
    (void)state;
    cut_short("x y", dead);
    assert_int_equal(what_becomes(true), RECOVERY_CUT_SHORT);
    assert_true(is_there("x y") && is_marked("x y", dead));
    assert_int_equal(what_becomes(false), RECOVERY_REMOVED);
    assert_false(is_there("x y") || is_marked("x y", dead));
}

/* Its recipe had not come so far, but is to run again. */
static void test_file_that_was_not_touched(void **state)
{
    struct stat before, after;

    (void)state;
    write_file("x");
    assert_int_equal(mkdir("d", 0777), 0);
    assert_int_equal(symlink("x", "link"), 0);
    tick();
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"x", "d", "link"};

        mark(names[i], dead);
        assert_int_equal(lstat(names[i], &before), 0);
        assert_int_equal(what_becomes(true), RECOVERY_NOTHING);
        assert_true(is_marked(names[i], dead));
        assert_int_equal(what_becomes(false), RECOVERY_NOTHING);
        assert_false(is_marked(names[i], dead));
        assert_int_equal(lstat(names[i], &after), 0);
        if (S_ISREG(after.st_mode))
            assert_int_equal(after.st_mtim.tv_sec, 0);
        else
            assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
    }
}

/* Another recipe of the same make had its part in it, which alone isn't the whole. */
static void test_file_that_the_make_has_made(void **state)
{
    (void)state;
    write_file("x");
    tick();
    mark("x", old);
    assert_int_equal(what_becomes(false), RECOVERY_REMOVED);
    assert_false(is_there("x") || is_marked("x", old));
}

static void append(const char *name)
{
    FILE *file = fopen(name, "a");

    assert_non_null(file);
    assert_true(fputs("more", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void change_mode(const char *name)
{
    assert_int_equal(chmod(name, 0600), 0);
}

static void set_back(const char *name)
{
    struct stat st;

    assert_int_equal(stat(name, &st), 0);
    write_file(name);
    assert_int_equal(utimensat(AT_FDCWD, name, (struct timespec[]){st.st_atim, st.st_mtim}, 0), 0);
}

static void replace(const char *name)
{
    write_file("new");
    assert_int_equal(rename("new", name), 0);
}

static void test_file_that_was_touched(void **state)
{
    static void (*const touches[])(const char *name) = {write_file, append, change_mode, set_back, replace};

    (void)state;
    for (size_t i = 0; i < sizeof touches / sizeof *touches; i++) {
        write_file("x");
        tick();
        mark("x", dead);
        tick();
        touches[i]("x");
        assert_int_equal(what_becomes(true), RECOVERY_CUT_SHORT);
        assert_int_equal(what_becomes(false), RECOVERY_REMOVED);
        assert_false(is_there("x") || is_marked("x", dead));
    }
}

/* make looks at what the link leads to, so that goes; a link that the recipe has made goes itself. */
static void test_link(void **state)
{
    (void)state;
    for (int is_new = 0; is_new < 2; is_new++) {
        write_file("real");
        if (!is_new)
            assert_int_equal(symlink("real", "link"), 0);
        tick();
        mark("link", dead);
        tick();
        if (is_new)
            assert_int_equal(symlink("real", "link"), 0);
        else
            append("link");
        assert_int_equal(what_becomes(true), RECOVERY_CUT_SHORT);
        assert_int_equal(what_becomes(false), RECOVERY_REMOVED);
        assert_int_equal(is_there("link"), !is_new);
        assert_int_equal(is_there("real"), is_new);
        unlink("link");
        unlink("real");
    }
}

/* The kernel's clock of files stands still for milliseconds: what is made, or written to once more, while it
   does is no untouched file. */
static void test_all_within_a_tick(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        if (i % 2 == 0)
            write_file("x");
        cut_short("x", dead);
        assert_int_equal(what_becomes(false), RECOVERY_REMOVED);
        assert_false(is_there("x") || is_marked("x", dead));
    }
}

/* The link goes, not what it points to: nor where its line has failed, or another link was there before. */
static void test_symbolic_link(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        write_file("source");
        if (i == 2)
            assert_int_equal(symlink("real", "x"), 0);
        mark("x", dead);
        tick();
        unlink("x");
        assert_int_equal(symlink("source", "x"), 0);
        tick();
        if (i == 1)
            mark_note_failure("marks", "x", dead);
        assert_int_equal(what_becomes(false), RECOVERY_REMOVED);
        assert_true(is_there("source"));
        assert_false(is_there("x"));
    }
}

static void test_no_file(void **state)
{
    (void)state;
    write_file("file");
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"x", "none/x", "file/x"};

        mark(names[i], dead);
        assert_int_equal(what_becomes(true), RECOVERY_NOTHING);
        assert_true(is_marked(names[i], dead));
        assert_int_equal(what_becomes(false), RECOVERY_NOTHING);
        assert_false(is_marked(names[i], dead));
    }
    assert_true(is_there("file"));
}

static void test_directory(void **state)
{
    struct stat st;

    (void)state;
    mark("d/", dead);
    assert_int_equal(mkdir("d", 0777), 0);
    write_file("d/x");
    assert_int_equal(what_becomes(true), RECOVERY_DIRECTORY);
    assert_int_equal(stat("d", &st), 0);
    assert_true(st.st_mtime > 1000000000);
    assert_int_equal(what_becomes(false), RECOVERY_DIRECTORY);
    assert_true(is_there("d/x"));
    assert_int_equal(stat("d", &st), 0);
    assert_int_equal(st.st_mtime, 0);
    assert_true(is_marked("d/", dead));
    recover_made_again("marks", "dd/", self);
    recover_made_again("marks", "d", self);
    assert_true(is_marked("d/", dead));
    recover_made_again("marks", "d/", self);
    assert_false(is_marked("d/", dead));
    assert_int_equal(stat("d", &st), 0);
    assert_true(st.st_mtime > 1000000000);
}

/* Of "d/" what is below it is meant: that may have been written to, though the directory is what it was. */
static void test_directory_that_is_what_it_was(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0777), 0);
    write_file("d/x");
    tick();
    mark("d/", dead);
    tick();
    append("d/x");
    assert_int_equal(what_becomes(true), RECOVERY_DIRECTORY);
    assert_int_equal(what_becomes(false), RECOVERY_DIRECTORY);
}

/* What has run again is that name's recipe, not that of another one with "@" in it. */
static void test_name_with_the_sign_of_a_maker(void **state)
{
    struct told told = {.count = 0};

    (void)state;
    mark("d", dead);
    mark("d@e", dead);
    assert_int_equal(mkdir("d", 0777), 0);
    assert_int_equal(mkdir("d@e", 0777), 0);
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_int_equal(told.count, 2);
    recover_made_again("marks", "d", self);
    assert_false(is_marked("d", dead));
    assert_true(is_marked("d@e", dead));
}

/* A key stands for a target of the folder that its make was in, which is known where the folder of marks is there. */
static void test_key(void **state)
{
    struct told told = {.count = 0};
    char *here = getcwd(NULL, 0), *directory, *name, *path;
    struct stat st;

    (void)state;
    for (int is_absolute = 0; is_absolute < 2; is_absolute++) {
        write_file("x");
        assert_true(asprintf(&directory, "%s%smarks", is_absolute ? here : "", is_absolute ? "/" : "") > 0);
        assert_true(asprintf(&name, "%s/=x", directory) > 0);
        assert_int_equal(mark_make(directory, &name, 1, dead, true, NULL, NO_PAGE), 1);
        assert_int_equal(recover(directory, false, tell, &told), 0);
        assert_int_equal(told.what, RECOVERY_NOTHING);
        assert_int_equal(stat("x", &st), 0);
        assert_int_equal(st.st_mtime == 0, !is_absolute);
        path = mark_path(directory, name, dead);
        assert_false(is_there(path));
        free(path);
        free(name);
        free(directory);
    }
    free(here);
}

static void test_what_cannot_be_removed(void **state)
{
    struct told told = {.count = 0};
    char *path = mark_path("marks", "/proc/version", dead);

    (void)state;
    /* a mark that has no other file's time */
    assert_int_equal(mark_prepare("marks"), 0);
    assert_int_equal(symlink(dead, path), 0);
    free(path);
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_int_equal(told.what, RECOVERY_FAILED);
    assert_true(told.error == EPERM || told.error == EACCES);
    assert_true(is_marked("/proc/version", dead));
}

static void test_own_and_unreadable_marks(void **state)
{
    (void)state;
    write_file("x");
    mark("x", self);
    assert_int_equal(what_becomes(false), RECOVERY_OWN);
    assert_true(is_there("x") && is_marked("x", self));
    assert_int_equal(mark_remove("marks", "x", self), 0);
    assert_int_equal(symlink("somewhere", "marks/x@1.2"), 0);
    assert_int_equal(what_becomes(false), RECOVERY_NOT_OURS);
    assert_true(is_there("x") && is_there("marks/x@1.2"));
}

/* On a file system that only one host can have mounted, another boot is an earlier one. */
static void test_other_host(void **state)
{
    bool is_local = order_is_local(".");

    (void)state;
    cut_short("x", strange);
    assert_int_equal(what_becomes(false), is_local ? RECOVERY_REMOVED : RECOVERY_NOT_OURS);
    assert_int_equal(is_there("x"), !is_local);
}

static void test_live_make(void **state)
{
    char live[MAKER_TEXT];
    struct told told = {.count = 0};
    pid_t child = fork();

    (void)state;
    if (child == 0)
        for (;;)
            pause();
    assert_int_equal(maker_describe(child, live), 0);
    cut_short("x", live);
    assert_int_equal(what_becomes(false), RECOVERY_NOT_OURS);
    /* a dead one has left a mark of the same file, which is being made again already */
    mark("x", dead);
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_int_equal(told.count, 2);
    assert_true(is_there("x") && is_marked("x", live) && is_marked("x", dead));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_false(is_there("x") || is_marked("x", live) || is_marked("x", dead));
}

/* Another process marks it: what runs that line is not what runs the others. */
static void mark_by_another(const char *name)
{
    pid_t child = fork();

    if (child == 0) {
        mark(name, dead);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Starts what the line that this process is said to run has left at work, for half a second. */
static pid_t leave_at_work(void)
{
    char *line = worker_describe(dead, NULL), *variable;
    pid_t child;

    assert_true(asprintf(&variable, "%s=%s", WORKER, line) > 0);
    child = start_sleep("0.5", variable, false);
    free(variable);
    free(line);
    return child;
}

/* Nothing of the other lines is at work, but of this one: it is waited for, in whatever order they come. */
static void test_one_line_of_many_at_work(void **state)
{
    struct told told = {.count = 0};
    char name[16];
    pid_t worker;

    (void)state;
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "x%d", i);
        mark_by_another(name);
    }
    mark("y", dead);
    write_file("y");
    worker = leave_at_work();
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_int_equal(waitpid(worker, NULL, WNOHANG), worker);
    assert_int_equal(told.count, 17);
    assert_false(is_there("y"));
}

/* What mark_note leaves when it is killed names no file. */
static void test_left_by_a_kill(void **state)
{
    (void)state;
    mark("marks/~4711", dead);
    assert_int_equal(what_becomes(false), RECOVERY_NOTHING);
    assert_int_equal(rmdir("marks"), 0);
}

static void test_no_folder(void **state)
{
    struct told told = {.count = 0};

    (void)state;
    assert_int_equal(recover("marks", false, tell, &told), 0);
    write_file("file");
    assert_int_equal(recover("file", false, tell, &told), -1);
    assert_int_equal(told.count, 0);
}

static void test_many(void **state)
{
    struct told told = {.count = 0};
    char name[32];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "x%d", i);
        cut_short(name, dead);
    }
    assert_int_equal(recover("marks", false, tell, &told), 0);
    assert_int_equal(told.count, 300);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "x%d", i);
        assert_false(is_there(name));
    }
    assert_int_equal(rmdir("marks"), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lock_of_a_killed_recovery),
        TEST(test_file_of_a_dead_make),
        TEST(test_file_that_was_not_touched),
        TEST(test_file_that_the_make_has_made),
        TEST(test_link),
        TEST(test_file_that_was_touched),
        TEST(test_all_within_a_tick),
        TEST(test_symbolic_link),
        TEST(test_no_file),
        TEST(test_directory),
        TEST(test_directory_that_is_what_it_was),
        TEST(test_name_with_the_sign_of_a_maker),
        TEST(test_key),
        TEST(test_what_cannot_be_removed),
        TEST(test_own_and_unreadable_marks),
        TEST(test_other_host),
        TEST(test_live_make),
        TEST(test_one_line_of_many_at_work),
        TEST(test_left_by_a_kill),
        TEST(test_no_folder),
        TEST(test_many),
    };

    return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
