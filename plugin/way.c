/* way.c - which system calls make a set of files durable, file system by file system
   SPDX-License-Identifier: GPL-3.0-or-later

   No way wins everywhere.  5,000 fresh files of 8 KiB, seconds, to the same guarantee, each file system on
   a loop device ("make bench", contest 2, has them side by side on your machine):

                                                       ext4      xfs      btrfs
     fsync one after another                         1.6-2.9  4.9-6.2   0.2-1.2
     writeback started on all, then one by one           0.7      1.1   1.3-2.3
     the same from 32 threads                            0.2      0.2   2.5
     syncfs, nothing else dirty                     0.06-0.09    0.13   0.05

   10,000 such files on btrfs beside 1 GiB of others' dirty data: one after another 37, syncfs 2.7, each written
   back and one commit 1.4. */

#include "config.h"

#include "fs_magic.h"
#include "way.h"
#include "writeback.h"

/* Below that, fsync of each is quick enough, and no thread or syncfs is worth its start. */
#define MANY 16
/* Below that, syncfs is no topic: it is for whole trees. */
#define MANY_FOR_SYNCFS 128

/* What is always dirty somewhere. */
#define NOISE ((uint64_t)1 << 20)

/* syncfs(2) writes all that is dirty on the file system.  It is taken only where that is hardly more than
   what was asked for: a quarter more.  Where the file system doesn't tell what is dirty there, all that is
   dirty anywhere is taken to be. */
static bool is_most_of_what_is_dirty(const struct situation *situation)
{
    return situation->dirty_around <= situation->dirty_of_set + situation->dirty_of_set / 4 + NOISE;
}

static bool is_journaling(unsigned long magic)
{
    return magic == FS_EXT || magic == FS_XFS || magic == FS_BTRFS;
}

bool way_depends_on_dirty(const struct situation *situation)
{
    return situation->mode == MODE_FSYNC && situation->files >= MANY_FOR_SYNCFS &&
           is_journaling(situation->magic);
}

enum way way_choose(const struct situation *situation)
{
    /* Nothing is behind these: fsync is a call that does nothing (noop_fsync). */
    if (situation->mode == MODE_DEFERRED || way_is_in_memory(situation->magic))
        return WAY_NOTHING;
    if (situation->mode != MODE_FSYNC)
        return WAY_EACH;  /* no commits that threads could share */
    if (way_depends_on_dirty(situation) && is_most_of_what_is_dirty(situation))
        return WAY_SYNCFS;
    /* Each fsync writes a log tree of its own: from several threads they wait for one another, and for
       pages that are under writeback they wait longer than if they start it themselves.  A commit takes none
       of the others' data along, unless the file system is mounted with flushoncommit. */
    if (situation->magic == FS_BTRFS)
        return situation->files >= MANY && writeback_is_complete() ? WAY_COMMIT : WAY_PLAIN;
    /* A single file's fsync starts its writeback itself. */
    if (situation->files == 1)
        return WAY_PLAIN;
    /* Threads that wait for the same journal commit and the same flush of the device share it.  What is
       below an overlay mostly is one of these. */
    if (situation->files >= MANY && (is_journaling(situation->magic) || situation->magic == FS_OVERLAY))
        return WAY_THREADS;
    return WAY_EACH;
}

bool way_is_in_memory(unsigned long magic)
{
    return magic == FS_TMPFS || magic == FS_RAMFS || way_is_pseudo(magic);
}

bool way_is_pseudo(unsigned long magic)
{
    static const unsigned long pseudo[] = {  /* as in linux/magic.h */
        0x9fa0,      /* proc */
        0x62656572,  /* sysfs */
        0x64626720,  /* debugfs */
        0x74726163,  /* tracefs */
        0x27e0eb,    /* cgroup */
        0x63677270,  /* cgroup2 */
        0x1cd1,      /* devpts */
        0x73636673,  /* securityfs */
        0xf97cff8c,  /* selinuxfs */
        0xcafe4a11,  /* bpf */
        0x6165676c,  /* pstore */
        0x62656570,  /* configfs */
        0x65735543,  /* fusectl */
        0xde5e81e4,  /* efivarfs */
        0x42494e4d,  /* binfmt_misc */
        0x19800202,  /* mqueue */
    };

    for (size_t i = 0; i < sizeof pseudo / sizeof *pseudo; i++)
        if (magic == pseudo[i])
            return true;
    return false;
}
