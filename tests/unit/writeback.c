/* writeback.c - tests of how dirty pages are written back
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "fake.h"
#include "writeback.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

static int fd;  /* of the file "a" */

/* A file on a file system of the kind MAGIC, with no call made yet. */
static void start_on(unsigned long magic)
{
    fake_start(magic);
    fake_file("a");
    fd = sys.open("a", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    fake.steps = 0;
}

static int setup(void **state)
{
    (void)state;
    start_on(FAKE_EXT4);
    return 0;
}

#define SYNCS "start wait fiemap fsync fdatasync"

static void test_each_file_system(void **state)
{
    static const struct {
        unsigned long magic;
        const char *calls;
    } cases[] = {
        {0xef53, "wait a"},        /* ext2, ext3, ext4 */
        {0x58465342, "wait a"},    /* xfs */
        {0x9123683e, "wait a"},    /* btrfs */
        {0xf2f52010, "wait a"},    /* f2fs */
        {0x01021994, "wait a"},    /* tmpfs */
        {0x6969, "wait a"},        /* NFS */
        {0x794c7630, "fiemap a"},  /* overlayfs */
        {0x65735546, "fdatasync a"},  /* FUSE */
        {0x01021997, "fdatasync a"},  /* 9p */
        {0x2fc12fc1, "fdatasync a"},  /* zfs */
        {0xff534d42, "fdatasync a"},  /* cifs */
        {0, "fdatasync a"},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        start_on(cases[i].magic);
        assert_int_equal(writeback_wait(fd, fake.magic), 0);
        assert_string_equal(fake_calls(SYNCS), cases[i].calls);
    }
}

/* Before 5.8 the SYNC flag of FIEMAP stopped at overlayfs. */
static void test_overlayfs_and_kernel(void **state)
{
    static const struct {
        const char *release;
        const char *calls;
    } cases[] = {
        {"4.19.0-27-amd64", "fdatasync a"}, {"5.4.0", "fdatasync a"}, {"5.7.19", "fdatasync a"},
        {"5.8.0", "fiemap a"},              {"5.10.0-8", "fiemap a"}, {"6.0.1", "fiemap a"},
        {"6.18.44", "fiemap a"},            {"10.0", "fiemap a"},     {"5", "fdatasync a"},
        {"unheard of", "fdatasync a"},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        start_on(FAKE_OVERLAYFS);
        fake.kernel = cases[i].release;
        assert_int_equal(writeback_wait(fd, fake.magic), 0);
        assert_string_equal(fake_calls(SYNCS), cases[i].calls);
    }
}

static void test_start(void **state)
{
    (void)state;
    assert_int_equal(writeback_start(fd), 0);
    assert_string_equal(fake_calls(SYNCS), "start a");
}

/* "No such call here" says nothing of the file: what follows writes its pages. */
static void test_start_not_supported(void **state)
{
    static const int errors[] = {ENOSYS, EINVAL, ESPIPE, EOPNOTSUPP};

    (void)state;
    for (size_t i = 0; i < SIZE(errors); i++) {
        start_on(FAKE_EXT4);
        fake_fail("start", "a", errors[i], FAKE_EVER);
        assert_int_equal(writeback_start(fd), 0);
        assert_string_equal(fake_calls(SYNCS), "start a");
    }
}

static void test_start_fails(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, ENOMEM, EBADF};

    (void)state;
    for (size_t i = 0; i < SIZE(errors); i++) {
        start_on(FAKE_EXT4);
        fake_fail("start", "a", errors[i], 1);
        assert_int_equal(writeback_start(fd), -1);
        assert_int_equal(errno, errors[i]);
        assert_string_equal(fake_calls(SYNCS), "start a");
    }
}

/* The cheaper call, on the file system where it is the choice. */
static const struct {
    unsigned long magic;
    const char *verb;
    const char *calls;          /* when it fails */
    const char *fallback;       /* when it is not supported */
} cheap[] = {
    {FAKE_EXT4, "wait", "wait a", "wait a, fdatasync a"},
    {FAKE_OVERLAYFS, "fiemap", "fiemap a", "fiemap a, fdatasync a"},
};

static void test_fallback(void **state)
{
    static const int errors[] = {ENOSYS, EINVAL, ESPIPE, EOPNOTSUPP, ENOTTY, EBADR};

    (void)state;
    for (size_t c = 0; c < SIZE(cheap); c++)
        for (size_t i = 0; i < SIZE(errors); i++) {
            start_on(cheap[c].magic);
            fake_fail(cheap[c].verb, "a", errors[i], FAKE_EVER);
            assert_int_equal(writeback_wait(fd, fake.magic), 0);
            assert_string_equal(fake_calls(SYNCS), cheap[c].fallback);
        }
}

/* A real error is final: fdatasync would not see it any more. */
static void test_no_fallback(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, ENOMEM, EBADF};

    (void)state;
    for (size_t c = 0; c < SIZE(cheap); c++)
        for (size_t i = 0; i < SIZE(errors); i++) {
            start_on(cheap[c].magic);
            fake_fail(cheap[c].verb, "a", errors[i], 1);
            assert_int_equal(writeback_wait(fd, fake.magic), -1);
            assert_int_equal(errno, errors[i]);
            assert_string_equal(fake_calls(SYNCS), cheap[c].calls);
        }
}

static void test_fallback_fails(void **state)
{
    (void)state;
    fake_fail("wait", "a", EINVAL, 1);
    fake_fail("fdatasync", "a", EIO, 1);
    assert_int_equal(writeback_wait(fd, fake.magic), -1);
    assert_int_equal(errno, EIO);
    assert_string_equal(fake_calls(SYNCS), "wait a, fdatasync a");
}

/* fdatasync's EINVAL is its own answer, after which there is nothing left to try. */
static void test_nothing_supported(void **state)
{
    (void)state;
    fake.magic = FAKE_FUSE;
    fake_fail("fdatasync", "a", EINVAL, FAKE_EVER);
    assert_int_equal(writeback_wait(fd, fake.magic), -1);
    assert_int_equal(errno, EINVAL);
    assert_string_equal(fake_calls(SYNCS), "fdatasync a");
}

static void test_interrupted(void **state)
{
    (void)state;
    fake_fail("start", "a", EINTR, 2);
    assert_int_equal(writeback_start(fd), 0);
    assert_string_equal(fake_calls(SYNCS), "start a, start a, start a");

    start_on(FAKE_EXT4);
    fake_fail("wait", "a", EINTR, 2);
    assert_int_equal(writeback_wait(fd, fake.magic), 0);
    assert_string_equal(fake_calls(SYNCS), "wait a, wait a, wait a");

    start_on(FAKE_OVERLAYFS);
    fake_fail("fiemap", "a", EINTR, 2);
    assert_int_equal(writeback_wait(fd, fake.magic), 0);
    assert_string_equal(fake_calls(SYNCS), "fiemap a, fiemap a, fiemap a");

    start_on(FAKE_FUSE);
    fake_fail("fdatasync", "a", EINTR, 2);
    assert_int_equal(writeback_wait(fd, fake.magic), 0);
    assert_string_equal(fake_calls(SYNCS), "fdatasync a, fdatasync a, fdatasync a");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_each_file_system),
        TEST(test_overlayfs_and_kernel),
        TEST(test_start),
        TEST(test_start_not_supported),
        TEST(test_start_fails),
        TEST(test_fallback),
        TEST(test_no_fallback),
        TEST(test_fallback_fails),
        TEST(test_nothing_supported),
        TEST(test_interrupted),
    };

    return cmocka_run_group_tests_name("writeback", tests, NULL, NULL);
}
