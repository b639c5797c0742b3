/* probe_mount.c - what a folder's file system is called
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "probe_room.h"

/* linux/magic.h and the file systems' own headers */
static const struct {
    unsigned long magic;
    const char *name;
} magics[] = {
    {0xef53, "ext2/ext3/ext4"}, {0x58465342, "xfs"},      {0x9123683e, "btrfs"},
    {0xf2f52010, "f2fs"},       {0x01021994, "tmpfs"},    {0x858458f6, "ramfs"},
    {0x794c7630, "overlayfs"},  {0x6969, "nfs"},          {0x65735546, "fuse"},
    {0x01021997, "9p"},         {0xff534d42, "cifs"},     {0xfe534d42, "smb2"},
    {0x517b, "smb"},            {0x00c36400, "ceph"},     {0x0bd00bd0, "lustre"},
    {0x47504653, "gpfs"},       {0x2fc12fc1, "zfs"},      {0x01161970, "gfs2"},
    {0x7461636f, "ocfs2"},      {0x6b414653, "afs"},      {0x5346414f, "afs"},
    {0xca451a4e, "bcachefs"},   {0x3153464a, "jfs"},      {0x52654973, "reiserfs"},
    {0x4d44, "vfat"},           {0x2011bab0, "exfat"},    {0x5346544e, "ntfs"},
    {0x7366746e, "ntfs3"},      {0xf15f, "ecryptfs"},     {0x786f4256, "vboxsf"},
    {0xe0f5e1e2, "erofs"},      {0x24051905, "ubifs"},    {0x72b6, "jffs2"},
    {0x3434, "nilfs"},          {0x19830326, "beegfs"},   {0xbacbacbc, "vmhgfs"},
};

const char *probe_magic_name(unsigned long magic)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (magics[i].magic == magic)
            return magics[i].name;
    return NULL;
}

/* The mount that DIR is in: told apart from those stacked upon it or with the same device. */
static int mount_id(int dir)
{
    char path[64], line[128];
    int id = -1;
    FILE *info;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", dir);
    info = fopen(path, "re");
    if (!info)
        return -1;
    while (id < 0 && fgets(line, sizeof line, info))
        if (strncmp(line, "mnt_id:", 7) == 0)
            id = (int)strtol(line + 7, NULL, 10);
    fclose(info);
    return id;
}

static bool is_octal(const char *digits)
{
    return strspn(digits, "01234567") >= 3;
}

/* TEXT without its escapes (blanks and the like are \ooo, proc_pid_mountinfo(5)), newly
   allocated. */
static char *unescape(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    char *end = copy;

    if (!copy)
        return NULL;
    while (*text)
        if (*text == '\\' && is_octal(text + 1)) {
            *end++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 4;
        } else
            *end++ = *text++;
    *end = '\0';
    return copy;
}

/* LINE: ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [OPTIONAL]... - TYPE SOURCE SUPER-OPTIONS */
static void take_line(char *line, struct probe_facts *facts)
{
    char *dash = strstr(line, " - ");
    char *rest = NULL;
    char *word;

    if (!dash)
        return;
    *dash = '\0';
    word = strtok_r(line, " ", &rest);
    for (int i = 1; word && i < 5; i++)
        word = strtok_r(NULL, " ", &rest);
    facts->mount_point = unescape(word);
    facts->type = unescape(strtok_r(dash + 3, " \n", &rest));
    facts->source = unescape(strtok_r(NULL, " \n", &rest));
}

void probe_find_mount(int dir, struct probe_facts *facts)
{
    const int id = mount_id(dir);
    struct statfs fs;
    FILE *mounts;
    char *line = NULL;
    size_t room = 0;

    if (fstatfs(dir, &fs) == 0)
        /* signed on most machines */
        facts->magic = (unsigned long)fs.f_type & 0xffffffffUL;
    mounts = id < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
    if (!mounts)
        return;
    while (getline(&line, &room, mounts) > 0)
        if ((int)strtol(line, NULL, 10) == id) {
            take_line(line, facts);
            break;
        }
    free(line);
    fclose(mounts);
}
