/* mark_name.c - the name of a file's mark
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mark.h"

static bool needs_escape(const char *name, size_t i)
{
    unsigned char c = (unsigned char)name[i];

    /* at the beginning: "." and ".." have a meaning of their own */
    return c <= ' ' || c == 0x7f || c == '%' || c == '/' || (i == 0 && c == '.');
}

char *mark_escape(const char *name)
{
    char *text = malloc(3 * strlen(name) + 1), *end = text;

    if (!text)
        return NULL;
    for (size_t i = 0; name[i]; i++)
        if (needs_escape(name, i))
            end += sprintf(end, "%%%02x", (unsigned char)name[i]);
        else
            *end++ = name[i];
    *end = '\0';
    return text;
}

/* The byte that two hexadecimal digits at TEXT stand for, 0 where they don't. */
static int byte_of(const char *text)
{
    char digits[3] = {text[0], '\0', '\0'};

    if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
        return 0;
    digits[1] = text[1];
    return (int)strtol(digits, NULL, 16);
}

char *mark_unescape(const char *text)
{
    char *name = malloc(strlen(text) + 1), *end = name;

    for (; name && *text; text++) {
        int byte = *text == '%' ? byte_of(text + 1) : (unsigned char)*text;

        if (byte == 0) {
            free(name);
            errno = EINVAL;
            return NULL;
        }
        if (*text == '%')
            text += 2;
        *end++ = (char)byte;
    }
    if (name)
        *end = '\0';
    return name;
}

static char *absolute(const char *name)
{
    char *folder = getcwd(NULL, 0), *path = NULL;

    if (folder && asprintf(&path, "%s/%s", folder, name) < 0)
        path = NULL;
    free(folder);
    return path;
}

/* How many bytes of the absolute path DIRECTORY are those of the directory that it is in, with a slash. */
static size_t length_above(const char *directory)
{
    size_t length = strlen(directory);

    while (length > 1 && directory[length - 1] == '/')
        length--;
    while (length > 0 && directory[length - 1] != '/')
        length--;
    return length;
}

/* NAME as a mark in DIRECTORY has it, newly allocated: where that is an absolute path, from the directory that the marks'
   is in, after ".//", if NAME is below that.  The whole tree may be found elsewhere later: moved, or in a container. */
static char *stored(const char *directory, const char *name)
{
    char *whole = *directory == '/' && *name != '/' ? absolute(name) : strdup(name);
    size_t above = length_above(directory);

    if (whole && *directory == '/' && strncmp(whole, directory, above) == 0) {
        char *rest = NULL;

        if (asprintf(&rest, ".//%s", whole + above) < 0)
            rest = NULL;
        free(whole);
        return rest;
    }
    return whole;
}

/* True where DIRECTORY, an absolute path, is in the current folder. */
static bool is_here(const char *directory)
{
    char *above = strndup(directory, length_above(directory));
    struct stat theirs, ours;
    bool is = above && stat(above, &theirs) == 0 && stat(".", &ours) == 0 && theirs.st_dev == ours.st_dev &&
              theirs.st_ino == ours.st_ino;

    free(above);
    return is;
}

/* The same where DIRECTORY is a path from the current folder, and NAME of a make to which it was an absolute one.  What a
   key stands for is of the folder that make was in: it stays what it is, and is no key here. */
static char *found_from_here(const char *directory, char *name)
{
    const char *slash = strrchr(directory, '/'), *last = slash ? slash + 1 : directory;
    char *whole;

    if (strncmp(name, ".//", 3) != 0 || mark_is_key(last, name + 3))
        return name;
    if (asprintf(&whole, "%.*s%s", (int)(last - directory), directory, name + 3) < 0)
        whole = NULL;
    free(name);
    return whole;
}

char *mark_found(const char *directory, char *name)
{
    char *whole = NULL;

    if (*directory != '/')
        return found_from_here(directory, name);
    if (*name == '/')
        return name;
    if (strncmp(name, ".//", 3) != 0 && is_here(directory))
        return name;
    if (strncmp(name, ".//", 3) != 0)
        errno = ENOENT;  /* of a make that saw DIRECTORY from another folder */
    else if (asprintf(&whole, "%.*s%s", (int)length_above(directory), directory, name + 3) < 0)
        whole = NULL;
    free(name);
    return whole;
}

/* True where one of the components of PATH is "..". */
static bool goes_up(const char *path)
{
    for (const char *at = strstr(path, ".."); at; at = strstr(at + 1, ".."))
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return true;
    return false;
}

char *mark_directory(const char *setting)
{
    char *path = strdup(setting), *slash, *above, *whole = NULL;

    for (size_t length = path ? strlen(path) : 0; length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    if (!path || *path == '/' || !goes_up(path))
        return path;
    slash = strrchr(path, '/');
    if (slash && strcmp(slash, "/..") != 0) {
        *slash = '\0';
        above = realpath(path, NULL);
        if (above && asprintf(&whole, "%s/%s", strcmp(above, "/") == 0 ? "" : above, slash + 1) < 0)
            whole = NULL;
        *slash = '/';
        free(above);
    } else {
        whole = realpath(path, NULL);
    }
    if (!whole)
        return path;  /* who makes it will say what is wrong */
    free(path);
    return whole;
}

char *mark_path(const char *directory, const char *name, const char *maker)
{
    char owner[MAKER_SHORT];
    char *whole = stored(directory, name);
    char *text = whole ? mark_escape(whole) : NULL, *path = NULL, *end;
    const char *rest = text;

    free(whole);
    if (text)
        path = malloc(strlen(directory) + strlen(text) + 2 * (strlen(text) / MARK_PIECE) + sizeof owner +
                      sizeof "/@");
    if (path) {
        maker_shorten(maker, owner);
        end = stpcpy(stpcpy(path, directory), "/");
        for (; strlen(rest) > MARK_PIECE; rest += MARK_PIECE)
            end += sprintf(end, "%.*s+/", MARK_PIECE, rest);
        sprintf(end, "%s@%s", rest, owner);
    }
    free(text);
    return path;
}

bool mark_is_key(const char *directory, const char *name)
{
    size_t length = strlen(directory);

    return strncmp(name, directory, length) == 0 && strncmp(name + length, "/=", 2) == 0;
}

const char *mark_target(const char *directory, const char *name)
{
    return mark_is_key(directory, name) ? name + strlen(directory) + strlen("/=") : name;
}
