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

char *mark_unescape(const char *text)
{
    char *name = malloc(strlen(text) + 1), *end = name;

    if (!name)
        return NULL;
    for (; *text; text++) {
        unsigned value;

        if (*text != '%') {
            *end++ = *text;
        } else if (isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2]) &&
                   sscanf(text + 1, "%2x", &value) == 1 && value != 0) {
            *end++ = (char)value;
            text += 2;
        } else {
            free(name);
            errno = EINVAL;
            return NULL;
        }
    }
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
