/* holders.c - tests of the search through /proc: one that is made up, and the real one
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holders.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static char folder[sizeof "/tmp/holders.XXXXXX"];  /* absolute: maps has absolute paths */
static char proc[sizeof folder + 8], output[sizeof folder + 32];

/* What was found: "7 4711 (name), ...". */
static char found[512];
static struct idset wanted;

static void note(size_t index, const struct holder *holder, void *context)
{
    size_t end = strlen(found);

    assert_ptr_equal(context, found);
    snprintf(found + end, sizeof found - end, "%s%zu %d (%s)", end ? ", " : "", index,
             (int)holder->pid, holder->name);
}

static bool find(void)
{
    *found = '\0';
    return holders_find(&wanted, note, found);
}

/* The path of NAME in the directory of PID, or in proc itself where that is 0. */
static const char *in_proc(int pid, const char *name)
{
    static char path[256];

    if (pid > 0)
        snprintf(path, sizeof path, "%s/%d/%s", proc, pid, name);
    else
        snprintf(path, sizeof path, "%s/%s", proc, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* A process that holds nothing. */
static void process(int pid, const char *name)
{
    assert_int_equal(mkdir(in_proc(pid, ""), 0700), 0);
    assert_int_equal(mkdir(in_proc(pid, "fd"), 0700), 0);
    write_file(in_proc(pid, "comm"), name);
    write_file(in_proc(pid, "stat"), "");
    write_file(in_proc(pid, "maps"), "");
}

static void remove_below(int fd)
{
    DIR *stream = fdopendir(fd);
    const struct dirent *entry;

    while (stream && (entry = readdir(stream))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(stream), entry->d_name, 0) == 0)
            continue;
        fchmodat(dirfd(stream), entry->d_name, 0700, 0);
        remove_below(openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
    }
    if (stream)
        closedir(stream);
}

/* The file "out put", of index 7, is what is looked for. */
static int setup(void **state)
{
    struct stat st;

    (void)state;
    snprintf(folder, sizeof folder, "/tmp/holders.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(proc, sizeof proc, "%s/proc", folder);
    snprintf(output, sizeof output, "%s/out put", folder);
    if (mkdir(proc, 0700) < 0)
        return -1;
    write_file(output, "text");
    if (stat(output, &st) < 0 || idset_add(&wanted, &st, 7) != 7)
        return -1;
    holders_proc = proc;
    process(1, "init\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    idset_free(&wanted);
    remove_below(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    holders_proc = "/proc";
    return rmdir(folder);
}

static void test_nobody(void **state)
{
    (void)state;
    process(10, "sh\n");
    write_file(in_proc(0, "meminfo"), "");
    assert_int_equal(mkdir(in_proc(0, "sys"), 0700), 0);
    assert_true(find());
    assert_string_equal(found, "");
}

static void test_descriptors(void **state)
{
    (void)state;
    process(10, "sh\n");
    process(4711, "post process\n");
    assert_int_equal(symlink(output, in_proc(4711, "fd/3")), 0);
    assert_int_equal(symlink("/dev/null", in_proc(4711, "fd/0")), 0);
    assert_int_equal(symlink("pipe:[123]", in_proc(4711, "fd/1")), 0);
    assert_int_equal(symlink(folder, in_proc(4711, "fd/4")), 0);
    assert_int_equal(symlink(output, in_proc(4711, "fd/other")), 0);
    assert_true(find());
    assert_string_equal(found, "7 4711 (post process)");
    assert_int_equal(symlink(output, in_proc(4711, "fd/12")), 0);
    assert_true(find());
    assert_string_equal(found, "7 4711 (post process), 7 4711 (post process)");
}

/* A link of /proc has the mode with which the file was opened; a real link always has all bits, so a hard
   link stands for it here. */
static void test_open_for_reading(void **state)
{
    (void)state;
    process(10, "sh\n");
    assert_int_equal(link(output, in_proc(10, "fd/3")), 0);
    assert_int_equal(chmod(output, 0500), 0);
    assert_true(find());
    assert_string_equal(found, "");
    assert_int_equal(chmod(output, 0300), 0);
    assert_true(find());
    assert_string_equal(found, "7 10 (sh)");
}

/* Of a process whose main thread has ended, the others show what it holds. */
static void test_main_thread_has_ended(void **state)
{
    (void)state;
    process(10, "sh\n");
    write_file(in_proc(10, "stat"), "10 (a (b) Z c) Z 1 1");
    assert_true(find());
    assert_string_equal(found, "");
    assert_int_equal(mkdir(in_proc(10, "task"), 0700), 0);
    assert_int_equal(mkdir(in_proc(10, "task/10"), 0700), 0);
    assert_int_equal(mkdir(in_proc(10, "task/10/fd"), 0700), 0);
    assert_true(find());
    assert_int_equal(mkdir(in_proc(10, "task/12"), 0700), 0);
    assert_int_equal(mkdir(in_proc(10, "task/12/fd"), 0700), 0);
    assert_int_equal(symlink(output, in_proc(10, "task/12/fd/3")), 0);
    write_file(in_proc(10, "task/12/maps"), "");
    write_file(in_proc(10, "task/12/comm"), "worker\n");
    assert_true(find());
    assert_string_equal(found, "7 10 (worker)");
    write_file(in_proc(10, "stat"), "10 (sh) S 1 1");
    assert_true(find());
    assert_string_equal(found, "");
}

/* What shows our own processes alone, or none, can't tell that there is nobody. */
static void test_hidden_processes(void **state)
{
    (void)state;
    char *init = strdup(in_proc(1, ""));

    process(10, "sh\n");
    assert_non_null(init);
    assert_int_equal(rename(init, in_proc(11, "")), 0);
    free(init);
    assert_false(find());
}

static void test_name(void **state)
{
    static const char *const cases[][2] = {
        {"a b\tc (d)\n", "7 10 (a b\tc (d))"},
        {"123456789012345\n", "7 10 (123456789012345)"},
        {"1234567890123456789\n", "7 10 (123456789012345)"},
        {"", "7 10 ()"},
        {"no newline", "7 10 (no newline)"},
    };

    (void)state;
    process(10, "");
    assert_int_equal(symlink(output, in_proc(10, "fd/3")), 0);
    for (size_t i = 0; i < SIZE(cases); i++) {
        write_file(in_proc(10, "comm"), cases[i][0]);
        assert_true(find());
        assert_string_equal(found, cases[i][1]);
    }
    assert_int_equal(unlink(in_proc(10, "comm")), 0);
    assert_true(find());
    assert_string_equal(found, "7 10 ()");
}

/* A line of maps with the file's device, or another, and its inode, or another, and a path. */
static void map(const char *permissions, bool right_device, bool right_inode, const char *path)
{
    struct stat st;
    char text[1024];

    assert_int_equal(stat(output, &st), 0);
    snprintf(text, sizeof text,
             "55d0-55d1 r-xp 00000000 fe:00 1 /bin/sh\n"
             "7ffc-7ffd rw-p 00000000 00:00 0 \n"
             "7f5e1c000000-7f5e1c021000 %s 0000f000 %02x:%02x %ju                    %s\n"
             "7fff-8000 rw-s 00000000 00:00 0      [stack]\n",
             permissions, major(st.st_dev) + !right_device, minor(st.st_dev),
             (uintmax_t)st.st_ino + !right_inode, path);
    write_file(in_proc(10, "maps"), text);
}

static void test_mappings(void **state)
{
    static const struct {
        const char *permissions;
        const char *path;  /* "": none; NULL: the file's */
        bool device, inode, is_found;
    } cases[] = {
        {"rw-s", NULL, true, true, true},
        {"-w-s", NULL, true, true, true},
        {"rwxs", NULL, true, true, true},
        {"rw-s", "", true, true, true},
        {"rw-s", "/gone (deleted)", true, true, true},
        {"r--s", NULL, true, true, false},
        {"rw-p", NULL, true, true, false},
        {"r--p", NULL, true, true, false},
        /* btrfs and overlayfs: another device, or even another inode */
        {"rw-s", NULL, false, true, true},
        {"rw-s", NULL, false, false, true},
        {"rw-s", "", false, true, false},
        {"rw-s", "/gone (deleted)", false, true, false},
        {"rw-s", "/dev/null", true, false, false},
        {"r--s", NULL, false, true, false},
    };

    (void)state;
    process(10, "ld\n");
    for (size_t i = 0; i < SIZE(cases); i++) {
        map(cases[i].permissions, cases[i].device, cases[i].inode,
            cases[i].path ? cases[i].path : output);
        assert_true(find());
        if (strcmp(found, cases[i].is_found ? "7 10 (ld)" : "") != 0)
            fail_msg("case %zu: %s", i, found);
    }
}

static void test_strange_lines(void **state)
{
    static const char *const lines[] = {
        "", "\n", "rw-s", "7f00-7f01", "7f00-7f01 rw-s\n", "7f00-7f01 rw-s 0 fe:00\n",
        "7f00-7f01 rw-s 0 fe:00 0\n", "7f00-7f01 rw-s 0 fe:00 5", "7f00-7f01 r 0 fe:00 5 x\n",
        "7f00-7f01 rw-s 0 fe:00 99999999999999999999999999 /\n",
    };

    (void)state;
    process(10, "ld\n");
    for (size_t i = 0; i < SIZE(lines); i++) {
        write_file(in_proc(10, "maps"), lines[i]);
        assert_true(find());
        assert_string_equal(found, "");
    }
}

static void test_not_this_process(void **state)
{
    (void)state;
    process((int)getpid(), "self\n");
    assert_int_equal(symlink(output, in_proc((int)getpid(), "fd/3")), 0);
    assert_true(find());
    assert_string_equal(found, "");
}

static void test_no_proc(void **state)
{
    (void)state;
    holders_proc = "/nonexistent";
    assert_false(find());
}

/* The others are looked into all the same. */
static void test_not_let_in(void **state)
{
    static const char *const names[] = {"fd", "maps"};

    (void)state;
    for (size_t i = 0; i < SIZE(names); i++) {
        process(10 + (int)i, "sh\n");
        if (i == 0)
            rmdir(in_proc(10, "fd"));
        else
            unlink(in_proc(11, "maps"));
        process(4711 + (int)i, "ld\n");
        assert_int_equal(symlink(output, in_proc(4711 + (int)i, "fd/3")), 0);
        assert_false(find());
        assert_non_null(strstr(found, "7 4711 (ld)"));
        unlink(in_proc(10 + (int)i, "stat"));  /* it has ended meanwhile */
        assert_true(find());
    }
    assert_int_equal(chmod(in_proc(10, ""), 0), 0);
    if (geteuid() != 0)
        assert_false(find());
}

/* Out of descriptors is not "has ended". */
static void test_no_descriptors(void **state)
{
    struct rlimit before, low;
    int next = dup(0);

    (void)state;
    close(next);
    process(10, "sh\n");
    assert_int_equal(symlink(output, in_proc(10, "fd/3")), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    for (int room = 0; room < 5; room++) {
        bool complete;

        low.rlim_cur = (rlim_t)next + (rlim_t)room;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        complete = find();
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(complete, room >= 3);  /* proc, the process, its fd or maps */
    }
    assert_string_equal(found, "7 10 (sh)");
}

/* A child that has done HOLD with the file open for reading and writing; its name is "hold er". */
static pid_t start_child(void (*hold)(int fd))
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        close(ready[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "hold er");
        hold(open(output, O_RDWR | O_CLOEXEC));
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_child(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void hold_descriptor(int fd)
{
    (void)fd;
}

static void hold_mapping(int fd)
{
    if (mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
        _exit(1);
    close(fd);
}

static void hold_nothing(int fd)
{
    if (mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        _exit(1);
    close(fd);
    if (open(output, O_RDONLY | O_CLOEXEC) < 0)
        _exit(1);
}

static void test_real_proc(void **state)
{
    static const struct {
        void (*hold)(int fd);
        bool is_found;
    } cases[] = {{hold_descriptor, true}, {hold_mapping, true}, {hold_nothing, false}};

    (void)state;
    holders_proc = "/proc";
    for (size_t i = 0; i < SIZE(cases); i++) {
        char expected[64] = "";
        pid_t pid = start_child(cases[i].hold);

        if (cases[i].is_found)
            snprintf(expected, sizeof expected, "7 %d (hold er)", (int)pid);
        find();  /* whether it is complete depends on who we are */
        assert_string_equal(found, expected);
        end_child(pid);
        find();
        assert_string_equal(found, "");
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody),
        TEST(test_descriptors),
        TEST(test_open_for_reading),
        TEST(test_main_thread_has_ended),
        TEST(test_hidden_processes),
        TEST(test_name),
        TEST(test_mappings),
        TEST(test_strange_lines),
        TEST(test_not_this_process),
        TEST(test_no_proc),
        TEST(test_not_let_in),
        TEST(test_no_descriptors),
        TEST(test_real_proc),
    };

    return cmocka_run_group_tests_name("holders", tests, NULL, NULL);
}
