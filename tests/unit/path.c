/* path.c - tests of paths of any length, on a real tree that is deeper than PATH_MAX
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "path.h"
#include "sys.h"

#define LEVELS 60
#define NAME_LENGTH ((size_t)200)  /* 60 of them are nearly three times PATH_MAX */

static char folder[] = "/tmp/path.XXXXXX";
static char name[NAME_LENGTH + 1];  /* of each directory */
static char deepest[sizeof folder + LEVELS * (NAME_LENGTH + 1)];
static int level[LEVELS + 1];  /* a descriptor of each */

/* folder/nnn/nnn/.../nnn, each with a file "f". */
static int make_tree(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    memset(name, 'n', NAME_LENGTH);
    memcpy(deepest, folder, sizeof folder);
    level[0] = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i <= LEVELS; i++) {
        int fd = openat(level[i], "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        if (fd < 0 || write(fd, "text", 4) != 4)
            return -1;
        close(fd);
        if (i == LEVELS)
            return 0;
        if (mkdirat(level[i], name, 0700) < 0)
            return -1;
        level[i + 1] = openat(level[i], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        sprintf(deepest + strlen(deepest), "/%s", name);
    }
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    for (int i = LEVELS; i >= 0; i--) {
        unlinkat(level[i], "f", 0);
        if (i > 0 && unlinkat(level[i - 1], name, AT_REMOVEDIR) < 0)
            return -1;
        close(level[i]);
    }
    return rmdir(folder);
}

static size_t count_descriptors(void)
{
    DIR *stream = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

/* Opens PATH, which is NAME in the directory DIRECTORY. */
static void check_open(const char *path, int directory, const char *entry)
{
    struct stat got, expected;
    int fd = path_open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fail_msg("%zu bytes: %s", strlen(path), strerror(errno));
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fstat(fd, &got), 0);
    assert_int_equal(fstatat(directory, entry, &expected, 0), 0);
    assert_int_equal(got.st_ino, expected.st_ino);
    assert_int_equal(got.st_dev, expected.st_dev);
    close(fd);
}

static void check_fails(const char *path, int flags, int error)
{
    errno = 0;
    assert_int_equal(path_open(path, flags), -1);
    assert_int_equal(errno, error);
}

static void test_each_depth(void **state)
{
    char path[sizeof deepest + 2];
    size_t before = count_descriptors();

    (void)state;
    assert_in_range(strlen(deepest), 2 * PATH_MAX, 3 * PATH_MAX);
    for (int i = 0; i <= LEVELS; i++) {
        int length = (int)(strlen(folder) + (size_t)i * (NAME_LENGTH + 1));

        snprintf(path, sizeof path, "%.*s/f", length, deepest);
        check_open(path, level[i], "f");
        snprintf(path, sizeof path, "%.*s", length, deepest);
        check_open(path, level[i], ".");
        snprintf(path, sizeof path, "%.*s/", length, deepest);
        check_open(path, level[i], ".");
    }
    assert_int_equal(count_descriptors(), before);
}

/* Every length about once and twice what the kernel takes, slashes at every place about there. */
static void test_each_length(void **state)
{
    static const char *const fillings[] = {"/.", "//", "/", "/./"};
    static char path[3 * PATH_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof fillings / sizeof *fillings; i++)
        for (size_t length = PATH_MAX - 12; length < 2 * PATH_MAX + 12; length++) {
            size_t end = (size_t)sprintf(path, "%s", folder), step = strlen(fillings[i]);

            if (length == PATH_MAX + 12)
                length = 2 * PATH_MAX - 12;
            while (end + step + 2 <= length)
                end += (size_t)sprintf(path + end, "%s", fillings[i]);
            while (end + 2 < length)
                path[end++] = '/';
            sprintf(path + end, "/f");
            assert_int_equal(strlen(path), length);
            check_open(path, level[0], "f");
        }
}

static void test_relative(void **state)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char path[sizeof deepest + 8];

    (void)state;
    assert_int_equal(chdir(folder), 0);
    sprintf(path, "%s/f", deepest + strlen(folder) + 1);
    check_open(path, level[LEVELS], "f");
    assert_int_equal(fchdir(level[20]), 0);
    sprintf(path, "./%s/f", deepest + strlen(folder) + 1 + 20 * (NAME_LENGTH + 1));
    check_open(path, level[LEVELS], "f");
    assert_int_equal(fchdir(here), 0);
    close(here);
}

static void test_failures(void **state)
{
    static char path[sizeof deepest + (size_t)2 * PATH_MAX];
    size_t before = count_descriptors();

    (void)state;
    sprintf(path, "%s/none", deepest);
    check_fails(path, O_RDONLY | O_CLOEXEC, ENOENT);
    sprintf(path, "%s/f/f", deepest);
    check_fails(path, O_RDONLY | O_CLOEXEC, ENOTDIR);
    sprintf(path, "%s/f", deepest);
    check_fails(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, ENOTDIR);
    /* in the first of its parts */
    sprintf(path, "%s/f/%s", folder, deepest);
    check_fails(path, O_RDONLY | O_CLOEXEC, ENOTDIR);
    sprintf(path, "%s/none/%s", folder, deepest);
    check_fails(path, O_RDONLY | O_CLOEXEC, ENOENT);
    /* no file system takes such an entry */
    memset(path, 'x', PATH_MAX + 100);
    path[PATH_MAX + 100] = '\0';
    check_fails(path, O_RDONLY | O_CLOEXEC, ENAMETOOLONG);
    *path = '/';
    check_fails(path, O_RDONLY | O_CLOEXEC, ENAMETOOLONG);
    memset(path + sprintf(path, "%s/", deepest), 'x', PATH_MAX + 100);
    check_fails(path, O_RDONLY | O_CLOEXEC, ENAMETOOLONG);
    memset(path, 0, sizeof path);
    check_fails("", O_RDONLY | O_CLOEXEC, ENOENT);
    assert_int_equal(count_descriptors(), before);
}

static struct {
    size_t files, directories;
    size_t longest;
    char failure[256];
} told;

static void tell(const struct outcome *outcome, void *context)
{
    (void)context;
    told.files += !outcome->is_directory;
    told.directories += outcome->is_directory;
    if (strlen(outcome->name) > told.longest)
        told.longest = strlen(outcome->name);
    if (outcome->what != OUTCOME_SETTLED)
        snprintf(told.failure, sizeof told.failure, "step %d: %s, %zu bytes", (int)outcome->step,
                 strerror(outcome->error), strlen(outcome->name));
}

/* The engine goes all the way down: it lists, settles, and looks again. */
static void test_whole_tree(void **state)
{
    const struct settle_options options[] = {
        {.mode = MODE_FSYNC, .timeout = 10},
        {.mode = MODE_WRITEBACK, .timeout = 10},
        {.mode = MODE_WRITEBACK, .timeout = 10, .stable = 0.02, .verbose = true},
    };
    char root[sizeof folder + 1];
    char *names[] = {root};
    size_t before = count_descriptors();

    (void)state;
    sprintf(root, "%s/", folder);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        memset(&told, 0, sizeof told);
        assert_int_equal(engine_settle(&options[i], names, 1, &(struct engine_caller){.tell = tell}), 0);
        assert_string_equal(told.failure, "");
        assert_int_equal(told.files, LEVELS + 1);
        assert_int_equal(told.directories, 1);  /* the others have nothing to tell */
        assert_int_equal(told.longest, strlen(deepest) + 2);
    }
    assert_int_equal(count_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_depth), cmocka_unit_test(test_each_length),
        cmocka_unit_test(test_relative),   cmocka_unit_test(test_failures),
        cmocka_unit_test(test_whole_tree),
    };

    return cmocka_run_group_tests_name("path", tests, make_tree, remove_tree);
}
