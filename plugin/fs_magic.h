/* fs_magic.h - the numbers by which statfs(2) names the file systems that settle treats in their own ways
   SPDX-License-Identifier: GPL-3.0-or-later

   As in linux/magic.h and the file systems' own headers. */

#ifndef SETTLE_FS_MAGIC_H
#define SETTLE_FS_MAGIC_H

#define FS_EXT 0xef53UL  /* ext2, ext3, ext4 */
#define FS_XFS 0x58465342UL
#define FS_BTRFS 0x9123683eUL
#define FS_F2FS 0xf2f52010UL
#define FS_TMPFS 0x01021994UL
#define FS_RAMFS 0x858458f6UL
#define FS_OVERLAY 0x794c7630UL
#define FS_NFS 0x6969UL
#define FS_9P 0x01021997UL

#endif
