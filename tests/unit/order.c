/* order.c - tests of whether a file system persists a mark before what is done after it
   SPDX-License-Identifier: GPL-3.0-or-later

   tests/powercut asks file systems themselves. */

#include "config.h"

#include "unit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_not_known_to_be),
        IN_FOLDER(test_two_file_systems),
        IN_FOLDER(test_memory),
    };

    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
