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

static void test_change(void **state)
{
    const struct stat st = {.st_dev = 1, .st_ino = 10};
    struct idset set = {0};

    (void)state;
    add(&set, 1, 10, 0);
    add(&set, 1, 11, 1);
    idset_change(&set, &st, 7);
    assert_int_equal(idset_find(&set, 1, 10), 7);
    assert_int_equal(idset_find(&set, 1, 11), 1);
    assert_int_equal(set.count, 2);
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

static void test_find(void **state)
{
    struct idset set = {0};

    (void)state;
    assert_int_equal(idset_find(&set, 1, 10), IDSET_NONE);
    add(&set, 1, 10, 0);
    add(&set, 1, 0, 8);
    assert_int_equal(idset_find(&set, 1, 10), 0);
    assert_int_equal(idset_find(&set, 1, 0), 8);
    assert_int_equal(idset_find(&set, 2, 10), IDSET_NONE);
    assert_int_equal(idset_find(&set, 1, 11), IDSET_NONE);
    assert_int_equal(idset_find(&set, 0, 0), IDSET_NONE);
    idset_free(&set);
    assert_int_equal(idset_find(&set, 1, 10), IDSET_NONE);
}

/* The longest way from where an entry belongs to where it is. */
static size_t longest_search(const struct idset *set)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i < set->places; i++) {
        run = set->place[i].index_1 != 0 ? run + 1 : 0;
        if (run > longest)
            longest = run;
    }
    return longest;
}

/* As a file system numbers the inodes of a tree: in a row, or every 16th, or by groups far apart; in no
   way may the table become a list. */
static void test_a_million(void **state)
{
    enum { MILLION = 1000000 };
    static const ino_t steps[] = {1, 16, 4096, (ino_t)1 << 32};

    (void)state;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        struct idset set = {0};

        for (size_t i = 0; i < MILLION; i++)
            if (add(&set, 64769, 131073 + i * steps[s], i) != i)
                fail_msg("step %ju: %zu is not new", (uintmax_t)steps[s], i);
        assert_int_equal(set.count, MILLION);
        assert_in_range(set.places * sizeof *set.place, 0, 50331648 + 50331648 / 2);
        assert_in_range(longest_search(&set), 1, 1000);
        for (size_t i = 0; i < MILLION; i += 7)
            if (idset_find(&set, 64769, 131073 + i * steps[s]) != i)
                fail_msg("step %ju: %zu is not found", (uintmax_t)steps[s], i);
        assert_int_equal(idset_find(&set, 64769, 131072), IDSET_NONE);
        idset_free(&set);
    }
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
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_device_counts),
        cmocka_unit_test(test_all_bits_count),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_a_million),
        cmocka_unit_test(test_empty_again),
    };

    return cmocka_run_group_tests_name("idset", tests, NULL, NULL);
}
