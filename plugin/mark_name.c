/* mark_name.c - the name of a file's mark
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

char *mark_path(const char *directory, const char *name, const char *maker)
{
    char owner[MAKER_SHORT];
    char *whole = *directory == '/' && *name != '/' ? absolute(name) : strdup(name);
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
