/* folder.h - the directory in which a file is an entry, for those who work outside the engine
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_FOLDER_H
#define SETTLE_FOLDER_H

#include <stdbool.h>

/* The path of the directory that has the entry PATH, newly allocated, or NULL with errno ENOMEM. */
char *folder_of(const char *path);

/* Fsyncs the directory PATH; one that knows no fsync is as durable as it gets.  Returns 0, or -1 with errno. */
int folder_sync(const char *path);

/* The same, with all else on its file system, by syncfs; where the system has none, folder_sync. */
int folder_sync_all(const char *path);

/* True where FD is still what PATH leads to: who removes what others lock may have replaced it. */
bool folder_still_has(const char *path, int fd);

#endif
