/* names.c - file names out of a text of make's
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "sys.h"

#define BLANKS " \t\n"

char *names_trim(const char *text)
{
    size_t length;

    text += strspn(text, BLANKS);
    length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    return strndup(text, length);
}

static size_t count_words(const char *text)
{
    size_t count = 0;

    for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
        text += strcspn(text, BLANKS);
        count++;
    }
    return count;
}

static int is_one_file(const char *text)
{
    struct stat st;

    return strpbrk(text, BLANKS) && sys.lstat(text, &st) == 0;
}

int names_split(struct names *names, const char *text)
{
    char *rest;

    names->count = 0;
    names->name = NULL;
    names->text = names_trim(text);
    if (!names->text)
        return -1;
    names->name = calloc(count_words(names->text) + 1, sizeof *names->name);
    if (!names->name) {
        names_free(names);
        return -1;
    }
    if (is_one_file(names->text)) {
        names->name[names->count++] = names->text;
        return 0;
    }
    for (char *word = strtok_r(names->text, BLANKS, &rest); word;
         word = strtok_r(NULL, BLANKS, &rest))
        names->name[names->count++] = word;
    return 0;
}

int names_whole(struct names *names, const char *text)
{
    names->text = names_trim(text);
    names->name = calloc(2, sizeof *names->name);
    names->count = 1;
    if (!names->text || !names->name) {
        names_free(names);
        return -1;
    }
    names->name[0] = names->text;
    return 0;
}

void names_free(struct names *names)
{
    free(names->name);
    free(names->text);
    names->name = NULL;
    names->text = NULL;
    names->count = 0;
}

const char *names_last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

const char *names_without_dots(const char *name)
{
    while (name[0] == '.' && name[1] == '/')
        name += 1 + strspn(name + 1, "/");
    return name;
}
