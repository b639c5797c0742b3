# local.sh - settle on the file systems that one machine can have: does it hold what it promises
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each file system by itself, each topic (topics.sh) by itself, so that the names tell which one fails.

test_ext2_pipeline() { on ext2 pipeline; }
test_ext2_nothing_moves() { on ext2 nothing_moves; }
test_ext2_no_dirty_page() { on ext2 no_dirty_page; }
test_ext2_waits_for_a_writer() { on ext2 waits_for_a_writer; }
test_ext2_gives_up_on_a_writer() { on ext2 gives_up_on_a_writer; }

test_ext3_pipeline() { on ext3 pipeline; }
test_ext3_nothing_moves() { on ext3 nothing_moves; }
test_ext3_no_dirty_page() { on ext3 no_dirty_page; }
test_ext3_waits_for_a_writer() { on ext3 waits_for_a_writer; }
test_ext3_gives_up_on_a_writer() { on ext3 gives_up_on_a_writer; }

test_ext4_pipeline() { on ext4 pipeline; }
test_ext4_nothing_moves() { on ext4 nothing_moves; }
test_ext4_no_dirty_page() { on ext4 no_dirty_page; }
test_ext4_waits_for_a_writer() { on ext4 waits_for_a_writer; }
test_ext4_gives_up_on_a_writer() { on ext4 gives_up_on_a_writer; }

test_ext4_data_journal_pipeline() { on ext4_data_journal pipeline; }
test_ext4_data_journal_nothing_moves() { on ext4_data_journal nothing_moves; }
test_ext4_data_journal_no_dirty_page() { on ext4_data_journal no_dirty_page; }
test_ext4_data_journal_waits_for_a_writer() { on ext4_data_journal waits_for_a_writer; }
test_ext4_data_journal_gives_up_on_a_writer() { on ext4_data_journal gives_up_on_a_writer; }

test_ext4_nodelalloc_pipeline() { on ext4_nodelalloc pipeline; }
test_ext4_nodelalloc_nothing_moves() { on ext4_nodelalloc nothing_moves; }
test_ext4_nodelalloc_no_dirty_page() { on ext4_nodelalloc no_dirty_page; }
test_ext4_nodelalloc_waits_for_a_writer() { on ext4_nodelalloc waits_for_a_writer; }
test_ext4_nodelalloc_gives_up_on_a_writer() { on ext4_nodelalloc gives_up_on_a_writer; }

test_xfs_pipeline() { on xfs pipeline; }
test_xfs_nothing_moves() { on xfs nothing_moves; }
test_xfs_no_dirty_page() { on xfs no_dirty_page; }
test_xfs_waits_for_a_writer() { on xfs waits_for_a_writer; }
test_xfs_gives_up_on_a_writer() { on xfs gives_up_on_a_writer; }

test_btrfs_pipeline() { on btrfs pipeline; }
test_btrfs_nothing_moves() { on btrfs nothing_moves; }
test_btrfs_no_dirty_page() { on btrfs no_dirty_page; }
test_btrfs_waits_for_a_writer() { on btrfs waits_for_a_writer; }
test_btrfs_gives_up_on_a_writer() { on btrfs gives_up_on_a_writer; }

test_btrfs_zstd_pipeline() { on btrfs_zstd pipeline; }
test_btrfs_zstd_nothing_moves() { on btrfs_zstd nothing_moves; }
test_btrfs_zstd_no_dirty_page() { on btrfs_zstd no_dirty_page; }
test_btrfs_zstd_waits_for_a_writer() { on btrfs_zstd waits_for_a_writer; }
test_btrfs_zstd_gives_up_on_a_writer() { on btrfs_zstd gives_up_on_a_writer; }

test_tmpfs_pipeline() { on tmpfs pipeline; }
test_tmpfs_nothing_moves() { on tmpfs nothing_moves; }
test_tmpfs_no_dirty_page() { on tmpfs no_dirty_page; }
test_tmpfs_waits_for_a_writer() { on tmpfs waits_for_a_writer; }
test_tmpfs_gives_up_on_a_writer() { on tmpfs gives_up_on_a_writer; }

test_overlay_on_ext4_pipeline() { on overlay_on_ext4 pipeline; }
test_overlay_on_ext4_nothing_moves() { on overlay_on_ext4 nothing_moves; }
test_overlay_on_ext4_no_dirty_page() { on overlay_on_ext4 no_dirty_page; }
test_overlay_on_ext4_waits_for_a_writer() { on overlay_on_ext4 waits_for_a_writer; }
test_overlay_on_ext4_gives_up_on_a_writer() { on overlay_on_ext4 gives_up_on_a_writer; }

test_overlay_on_tmpfs_pipeline() { on overlay_on_tmpfs pipeline; }
test_overlay_on_tmpfs_nothing_moves() { on overlay_on_tmpfs nothing_moves; }
test_overlay_on_tmpfs_no_dirty_page() { on overlay_on_tmpfs no_dirty_page; }
test_overlay_on_tmpfs_waits_for_a_writer() { on overlay_on_tmpfs waits_for_a_writer; }
test_overlay_on_tmpfs_gives_up_on_a_writer() { on overlay_on_tmpfs gives_up_on_a_writer; }

test_latefs_pipeline() { on latefs pipeline; }
test_latefs_nothing_moves() { on latefs nothing_moves; }
test_latefs_no_dirty_page() { on latefs no_dirty_page; }
test_latefs_waits_for_a_writer() { on latefs waits_for_a_writer; }
test_latefs_gives_up_on_a_writer() { on latefs gives_up_on_a_writer; }

test_latefs_after_fsync_pipeline() { on latefs_after_fsync pipeline; }
test_latefs_after_fsync_nothing_moves() { on latefs_after_fsync nothing_moves; }
test_latefs_after_fsync_no_dirty_page() { on latefs_after_fsync no_dirty_page; }
test_latefs_after_fsync_waits_for_a_writer() { on latefs_after_fsync waits_for_a_writer; }
test_latefs_after_fsync_gives_up_on_a_writer() { on latefs_after_fsync gives_up_on_a_writer; }

test_cachefs_pipeline() { on cachefs pipeline; }
test_cachefs_nothing_moves() { on cachefs nothing_moves; }
test_cachefs_no_dirty_page() { on cachefs no_dirty_page; }
test_cachefs_waits_for_a_writer() { on cachefs waits_for_a_writer; }
test_cachefs_gives_up_on_a_writer() { on cachefs gives_up_on_a_writer; }

. "$SRC/tests/lib.sh"
. "$SRC/tests/fs/rig.sh"
. "$SRC/tests/fs/topics.sh"
run_rig "$@"
