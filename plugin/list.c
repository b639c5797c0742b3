/* list.c - a growing list of file names
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

static int make_room(struct list *list)
{
    size_t room = list->room ? 2 * list->room : 64;
    char **grown;

    if (list->count < list->room)
        return 0;
    grown = reallocarray(list->name, room, sizeof *grown);
    if (!grown)
        return -1;
    list->name = grown;
    list->room = room;
    return 0;
}

int list_add(struct list *list, const char *name)
{
    if (make_room(list) < 0)
        return -1;
    list->name[list->count] = strdup(name);
    if (!list->name[list->count])
        return -1;
    list->count++;
    return 0;
}

bool list_has(const struct list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->name[i], name) == 0)
            return true;
    return false;
}

static int read_names(struct list *list, FILE *stream, int separator)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int result = 0;

    errno = 0;
    while (result == 0 && (length = getdelim(&line, &size, separator, stream)) > 0) {
        if (line[length - 1] == separator)
            line[--length] = '\0';
        if (strlen(line) != (size_t)length) {
            errno = EINVAL;  /* a list with NULs, but no --null */
            result = -1;
        } else if (length > 0)
            result = list_add(list, line);
    }
    free(line);
    return result == 0 && !feof(stream) ? -1 : result;
}

int list_read(struct list *list, const char *file, int separator)
{
    FILE *stream = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    int result;

    if (!stream)
        return -1;
    result = read_names(list, stream, separator);
    if (stream != stdin) {
        int error = errno;

        fclose(stream);
        errno = error;
    }
    return result;
}

void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->name[i]);
    free(list->name);
}
