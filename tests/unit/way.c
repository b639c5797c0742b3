/* way.c - tests of the choice of system calls
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "unit.h"

#include "fake.h"
#include "way.h"

#define SIZE(array) (sizeof(array) / sizeof *(array))

#define EXT 0xef53UL
#define XFS 0x58465342UL
#define BTRFS 0x9123683eUL
#define OVERLAY 0x794c7630UL
#define TMPFS 0x01021994UL
#define RAMFS 0x858458f6UL
#define NFS 0x6969UL
#define FUSE 0x65735546UL
#define PROC 0x9fa0UL

#define MIB (UINT64_C(1) << 20)

static void test_choice(void **state)
{
    static const struct {
        struct situation situation;
        enum way way;
    } cases[] = {
        /* nothing behind it, whatever else */
        {{TMPFS, MODE_FSYNC, 1, 0, 0}, WAY_NOTHING},
        {{TMPFS, MODE_FSYNC, 10000, MIB, MIB}, WAY_NOTHING},
        {{TMPFS, MODE_WRITEBACK, 1, 0, 0}, WAY_NOTHING},
        {{RAMFS, MODE_FSYNC, 1, 0, 0}, WAY_NOTHING},
        {{PROC, MODE_FSYNC, 1, 0, 0}, WAY_NOTHING},
        /* no commit to share */
        {{EXT, MODE_WRITEBACK, 1, 0, 0}, WAY_EACH},
        {{EXT, MODE_WRITEBACK, 10000, MIB, MIB}, WAY_EACH},
        {{BTRFS, MODE_WRITEBACK, 10000, MIB, MIB}, WAY_EACH},
        {{NFS, MODE_WRITEBACK, 10000, MIB, MIB}, WAY_EACH},
        /* one file's fsync starts its writeback itself */
        {{EXT, MODE_FSYNC, 1, 0, 0}, WAY_PLAIN},
        {{OVERLAY, MODE_FSYNC, 1, 0, 0}, WAY_PLAIN},
        {{FUSE, MODE_FSYNC, 1, 0, 0}, WAY_PLAIN},
        {{0, MODE_FSYNC, 1, 0, 0}, WAY_PLAIN},
        /* a few */
        {{EXT, MODE_FSYNC, 2, 0, 0}, WAY_EACH},
        {{EXT, MODE_FSYNC, 15, MIB, MIB}, WAY_EACH},
        {{XFS, MODE_FSYNC, 15, MIB, MIB}, WAY_EACH},
        /* many, and much else is dirty or it isn't known */
        {{EXT, MODE_FSYNC, 16, MIB, MIB}, WAY_THREADS},
        {{EXT, MODE_FSYNC, 127, MIB, MIB}, WAY_THREADS},
        {{EXT, MODE_FSYNC, 128, MIB, 100 * MIB}, WAY_THREADS},
        {{EXT, MODE_FSYNC, 10000, MIB, UINT64_MAX}, WAY_THREADS},
        {{EXT, MODE_FSYNC, 10000, 0, MIB + 1}, WAY_THREADS},
        {{XFS, MODE_FSYNC, 10000, MIB, UINT64_MAX}, WAY_THREADS},
        {{OVERLAY, MODE_FSYNC, 16, 0, 0}, WAY_THREADS},
        {{OVERLAY, MODE_FSYNC, 10000, MIB, MIB}, WAY_THREADS},
        /* nothing is known of these */
        {{NFS, MODE_FSYNC, 10000, MIB, MIB}, WAY_EACH},
        {{FUSE, MODE_FSYNC, 10000, MIB, MIB}, WAY_EACH},
        {{0, MODE_FSYNC, 10000, MIB, MIB}, WAY_EACH},
        /* btrfs: threads wait for one another, but there is the commit */
        {{BTRFS, MODE_FSYNC, 2, 0, 0}, WAY_PLAIN},
        {{BTRFS, MODE_FSYNC, 15, MIB, MIB}, WAY_PLAIN},
        {{BTRFS, MODE_FSYNC, 127, MIB, MIB}, WAY_COMMIT},
        {{BTRFS, MODE_FSYNC, 10000, MIB, UINT64_MAX}, WAY_COMMIT},
        /* syncfs, where hardly more is dirty: a quarter, and a MiB that always is */
        {{EXT, MODE_FSYNC, 128, 4 * MIB, 4 * MIB}, WAY_SYNCFS},
        {{EXT, MODE_FSYNC, 128, 4 * MIB, 5 * MIB}, WAY_SYNCFS},
        {{EXT, MODE_FSYNC, 128, 4 * MIB, 6 * MIB}, WAY_SYNCFS},
        {{EXT, MODE_FSYNC, 128, 4 * MIB, 6 * MIB + 1}, WAY_THREADS},
        {{EXT, MODE_FSYNC, 10000, 0, 0}, WAY_SYNCFS},
        {{EXT, MODE_FSYNC, 10000, 0, MIB}, WAY_SYNCFS},
        {{EXT, MODE_FSYNC, 128, 4 * MIB, 0}, WAY_SYNCFS},
        {{XFS, MODE_FSYNC, 10000, 4 * MIB, 4 * MIB}, WAY_SYNCFS},
        {{BTRFS, MODE_FSYNC, 10000, 4 * MIB, 4 * MIB}, WAY_SYNCFS},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++)
        if (way_choose(&cases[i].situation) != cases[i].way)
            fail_msg("case %zu: way %d, not %d", i, (int)way_choose(&cases[i].situation),
                     (int)cases[i].way);
}

/* Never syncfs where the dirty bytes were not asked for. */
static void test_dirty_bytes(void **state)
{
    static const unsigned long magics[] = {EXT, XFS, BTRFS, OVERLAY, TMPFS, RAMFS, NFS, FUSE, PROC, 0};
    static const size_t files[] = {1, 2, 15, 16, 127, 128, 1000000};

    (void)state;
    for (size_t i = 0; i < SIZE(magics); i++)
        for (size_t j = 0; j < SIZE(files); j++)
            for (int mode = MODE_FSYNC; mode <= MODE_WRITEBACK; mode++) {
                const struct situation situation = {magics[i], (enum settle_mode)mode, files[j],
                                                    MIB, MIB};
                bool expected = i < 3 && files[j] >= 128 && mode == MODE_FSYNC;

                assert_int_equal(way_depends_on_dirty(&situation), expected);
                assert_int_equal(way_choose(&situation) == WAY_SYNCFS, expected);
            }
}

static void test_pseudo(void **state)
{
    static const unsigned long pseudo[] = {0x9fa0,     0x62656572, 0x64626720, 0x74726163,
                                           0x27e0eb,   0x63677270, 0x1cd1,     0x73636673,
                                           0xf97cff8c, 0xcafe4a11, 0x6165676c, 0x62656570,
                                           0x65735543, 0xde5e81e4, 0x42494e4d, 0x19800202};
    static const unsigned long real[] = {EXT, XFS, BTRFS, OVERLAY, TMPFS, RAMFS, NFS, FUSE, 0};

    (void)state;
    for (size_t i = 0; i < SIZE(pseudo); i++)
        assert_true(way_is_pseudo(pseudo[i]));
    for (size_t i = 0; i < SIZE(real); i++)
        assert_false(way_is_pseudo(real[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_dirty_bytes),
        cmocka_unit_test(test_pseudo),
    };

    return cmocka_run_group_tests_name("way", tests, NULL, NULL);
}
