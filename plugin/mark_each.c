/* mark_each.c - the marks in a folder
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "folder.h"
#include "mark.h"

struct listing {
    const char *directory;
    void (*found)(const char *path, const char *name, void *context);
    void *context;
};

/* Passes the mark at PATH on, if it is one by its name, TEXT.  Returns 0, or errno. */
static int report(const struct listing *listing, const char *path, const char *text)
{
    const char *owner = strrchr(text, '@');
    char *escaped, *name;
    int error;

    errno = 0;
    escaped = owner ? strndup(text, (size_t)(owner - text)) : NULL;
    name = escaped && *escaped ? mark_unescape(escaped) : NULL;
    if (name)
        name = mark_found(listing->directory, name);
    error = !name && errno == ENOMEM ? ENOMEM : 0;
    if (name)
        listing->found(path, name, listing->context);
    free(escaped);
    free(name);
    return error;
}

/* Lists DIRECTORY, in which names begin with PREFIX. */
static int list(const struct listing *listing, const char *directory, const char *prefix)
{
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    int error = 0;

    if (!stream)
        return errno == ENOENT ? 0 : -1;
    while ((errno = 0, entry = readdir(stream))) {
        size_t length = strlen(entry->d_name);
        char *path = NULL, *text = NULL;
        struct stat st = {0};

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0 ||
            asprintf(&text, "%s%s", prefix, entry->d_name) < 0)
            error = errno;
        else if (lstat(path, &st) < 0)
            error = errno == ENOENT ? error : errno;  /* gone, or who knows what it says */
        else if (S_ISLNK(st.st_mode)) {
            int failure = report(listing, path, text);

            error = failure ? failure : error;
        } else if (S_ISDIR(st.st_mode) && length == MARK_PIECE + 1 && text[strlen(text) - 1] == '+') {
            text[strlen(text) - 1] = '\0';
            if (list(listing, path, text) < 0)
                error = errno;
        }
        free(path);
        free(text);
    }
    if (errno != 0)
        error = errno;
    closedir(stream);
    errno = error;
    return error == 0 ? 0 : -1;
}

int mark_each(const char *directory,
              void (*found)(const char *path, const char *name, void *context), void *context)
{
    const struct listing listing = {directory, found, context};

    return list(&listing, directory, "");
}

/* Another mark of the file that PATH is a mark of. */
struct other {
    const char *folder, *own;
    size_t length;  /* of what these have in common */
    void (*found)(const char *path, void *context);
    void *context;
};

/* Reads STREAM, the folder, once.  Returns 0, or errno. */
static int read_others(const struct other *other, DIR *stream)
{
    const struct dirent *entry;
    char *path;

    while ((errno = 0, entry = readdir(stream))) {
        if (strncmp(entry->d_name, other->own, other->length) != 0 || strchr(entry->d_name + other->length, '@') ||
            strcmp(entry->d_name, other->own) == 0)
            continue;
        if (asprintf(&path, "%s/%s", other->folder, entry->d_name) < 0)
            return errno;
        other->found(path, other->context);
        free(path);
    }
    return errno;
}

/* The last change of the folder STREAM. */
static struct timespec change_of(DIR *stream)
{
    struct stat st = {0};

    fstat(dirfd(stream), &st);
    return st.st_mtim;
}

/* Reads STREAM until it has not changed meanwhile: one that is being replaced may be missed (btrfs: 4 times of 977, by a
   loop of renames).  Returns 0, or errno. */
static int read_unchanged(const struct other *other, DIR *stream)
{
    struct timespec before, after;
    int error, tries = 0;

    do {
        before = change_of(stream);
        rewinddir(stream);
        error = read_others(other, stream);
        after = change_of(stream);
    } while (error == 0 && ++tries < 8 && (before.tv_sec != after.tv_sec || before.tv_nsec != after.tv_nsec));
    return error;
}

/* Marks of one file are in one folder, and differ in what stands behind the last "@" alone. */
int mark_each_other(const char *path, void (*found)(const char *path, void *context), void *context)
{
    const char *own = strrchr(path, '/') + 1, *at = strrchr(own, '@');
    char *folder;
    DIR *stream;
    int error = 0;

    if (!at)
        return 0;
    folder = folder_of(path);
    stream = folder ? opendir(folder) : NULL;
    if (stream) {
        const struct other other = {folder, own, (size_t)(at + 1 - own), found, context};

        error = read_unchanged(&other, stream);
        closedir(stream);
    } else if (errno != ENOENT) {
        error = errno;
    }
    free(folder);
    errno = error;
    return error == 0 ? 0 : -1;
}
