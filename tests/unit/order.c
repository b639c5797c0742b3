/* order.c - tests of whether a file system persists a mark before what is done after it
   SPDX-License-Identifier: GPL-3.0-or-later

   tests/powercut asks file systems themselves. */

#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "folder.h"
#include "order.h"

#define TMPFS 0x01021994
#define PROC 0x9fa0

static bool is_on(const char *path, long type)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == type;
}

static void test_not_known_to_be(void **state)
{
    (void)state;
    assert_true(is_on("/proc", PROC));
    assert_false(order_is_free("/proc", "/proc"));
    assert_false(order_is_local("/proc"));
    assert_false(order_is_free("nothing", "nothing"));
    assert_false(order_is_free(".", "nothing"));
    assert_false(order_is_local("nothing"));
}

static void test_two_file_systems(void **state)
{
    (void)state;
    assert_false(order_is_free(".", "/proc"));
    assert_false(order_is_free("/proc", "."));
}

static void test_memory(void **state)
{
    (void)state;
    if (!is_on("/dev/shm", TMPFS)) {
        print_message("needs a tmpfs on /dev/shm\n");
        skip();
    }
    assert_true(order_is_free("/dev/shm", "/dev/shm"));
    assert_true(order_is_local("/dev/shm"));
}

static enum order order_of_update_of(const char *name, enum order order)
{
    struct stat st;

    assert_int_equal(stat(name, &st), 0);
    return order_of_update(order, name, &st);
}

/* Blocks that may be written over have no place in the order of metadata. */
static void test_updates(void **state)
{
    (void)state;
    write_file("empty");
    assert_int_equal(truncate("empty", 0), 0);
    write_file("file");
    assert_int_equal(mkdir("directory", 0777), 0);
    assert_int_equal(order_of_update_of("empty", ORDER_FREE), ORDER_FREE);
    assert_int_equal(order_of_update_of("file", ORDER_FREE), ORDER_UNKNOWN);
    assert_int_equal(order_of_update_of("directory", ORDER_FREE), ORDER_FREE);
    assert_int_equal(order_of_update_of("directory/", ORDER_FREE), ORDER_UNKNOWN);
    assert_int_equal(order_of_update_of("/dev/null", ORDER_FREE), ORDER_FREE);
    assert_int_equal(order_of_update_of("empty", ORDER_OF_WRITES), ORDER_OF_WRITES);
    assert_int_equal(order_of_update_of("empty", ORDER_UNKNOWN), ORDER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_not_known_to_be),
        IN_FOLDER(test_two_file_systems),
        IN_FOLDER(test_memory),
        IN_FOLDER(test_updates),
    };

    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
