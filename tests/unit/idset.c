/* idset.c - tests of the set of files
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "idset.h"

static size_t add(struct idset *set, dev_t dev, ino_t ino, size_t index)
{
    const struct stat st = {.st_dev = dev, .st_ino = ino};

    return idset_add(set, &st, index);
}

static void test_first_index_stands(void **state)
{
    struct idset set = {0};

    (void)state;
    assert_int_equal(add(&set, 1, 10, 0), 0);
    assert_int_equal(add(&set, 1, 10, 5), 0);
    assert_int_equal(add(&set, 1, 11, 6), 6);
    assert_int_equal(add(&set, 1, 11, 7), 6);
    idset_free(&set);
}

/* Inode numbers are those of one file system. */
static void test_device_counts(void **state)
{
    struct idset set = {0};

    (void)state;
    assert_int_equal(add(&set, 1, 10, 0), 0);
    assert_int_equal(add(&set, 2, 10, 1), 1);
    assert_int_equal(add(&set, 10, 1, 2), 2);
    assert_int_equal(add(&set, 2, 10, 3), 1);
    idset_free(&set);
}

/* Numbers that differ in their high halves only. */
static void test_all_bits_count(void **state)
{
    const ino_t high = (ino_t)1 << 40;
    struct idset set = {0};

    (void)state;
    assert_int_equal(add(&set, 1, 5, 0), 0);
    assert_int_equal(add(&set, 1, high + 5, 1), 1);
    assert_int_equal(add(&set, ((dev_t)1 << 40) + 1, 5, 2), 2);
    assert_int_equal(add(&set, 1, high + 5, 3), 1);
    idset_free(&set);
}

static void test_many(void **state)
{
    enum { MANY = 5000 };
    struct idset set = {0};

    (void)state;
    for (size_t i = 0; i < MANY; i++)  /* 7919 is no divisor of it: each number once, in no order */
        assert_int_equal(add(&set, 1, i * 7919 % MANY, i), i);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(add(&set, 1, i * 7919 % MANY, MANY), i);
    idset_free(&set);
}

static void test_empty_again(void **state)
{
    struct idset set = {0};

    (void)state;
    idset_free(&set);
    assert_int_equal(add(&set, 1, 10, 3), 3);
    idset_free(&set);
    assert_int_equal(add(&set, 1, 10, 4), 4);
    idset_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_index_stands),
        cmocka_unit_test(test_device_counts),
        cmocka_unit_test(test_all_bits_count),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_empty_again),
    };

    return cmocka_run_group_tests_name("idset", tests, NULL, NULL);
}
