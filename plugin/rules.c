/* rules.c - which targets may have more than one recipe
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "rules.h"

#define BLANKS " \t\r"

static struct {
    bool any;           /* some rule may be for any target */
    struct list names;  /* the targets that are to be seen */
} rules;

/* The end of the reference to a variable, or the call of a function, at TEXT, a "$(" or "${". */
static char *skip_reference(char *text)
{
    const char open = text[1], close = open == '(' ? ')' : '}';
    size_t depth = 0;

    for (text++; *text; text++)
        if (*text == open)
            depth++;
        else if (*text == close && --depth == 0)
            return text + 1;
    return text;
}

/* The first colon or equals sign of LINE that is make's own, or its end. */
static char *find_separator(char *line)
{
    while (*line && *line != ':' && *line != '=')
        if (*line == '\\' && line[1])
            line += 2;
        else if (*line == '$' && (line[1] == '(' || line[1] == '{'))
            line = skip_reference(line);
        else
            line++;
    return line;
}

/* Ends LINE where a comment begins. */
static void cut_comment(char *line)
{
    for (char *c = line; (c = strchr(c, '#')); c++)
        if (c == line || c[-1] != '\\') {
            *c = '\0';
            return;
        }
}

/* Takes in TARGETS, what stands before a double colon. */
static void take_targets(char *targets, bool in_recipe)
{
    char *rest;

    if (strpbrk(targets, "$\\*?[~")) {
        rules.any |= !in_recipe;
        return;
    }
    for (char *word = strtok_r(targets, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
        while (word[0] == '.' && word[1] == '/')  /* as make does */
            for (word += 2; *word == '/'; word++)
                ;
        if (strcmp(word, "&") != 0 && list_add(&rules.names, word) < 0)
            rules.any = true;
    }
}

static void look_at_line(char *line)
{
    bool in_recipe = *line == '\t';
    char *separator, *after;

    cut_comment(line);
    separator = find_separator(line);
    if (separator[0] != ':' || separator[1] != ':')
        return;
    after = separator + strspn(separator, ":");
    if (*after == '=')  /* "::=" and ":::=" assign */
        return;
    if (separator > line && separator[-1] == '&')  /* grouped targets: "a b &:: c" */
        separator--;
    *separator = '\0';
    take_targets(line, in_recipe);
}

/* Cuts the first line off *TEXT, with those that a backslash at its end makes part of it. */
static char *cut_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');

    while (end && end > line && end[-1] == '\\') {
        end[-1] = end[0] = ' ';
        end = strchr(end, '\n');
    }
    if (end)
        *end = '\0';
    *text = end ? end + 1 : NULL;
    return line;
}

void rules_read_text(char *text)
{
    if (!strstr(text, "::"))
        return;
    while (text)
        look_at_line(cut_line(&text));
}

void rules_read(const char *makefile)
{
    FILE *file = fopen(makefile, "re");
    char *text = NULL;
    size_t room = 0;

    if (file && getdelim(&text, &room, '\0', file) >= 0)
        rules_read_text(text);
    if (!file || ferror(file) || (!feof(file) && getc(file) != EOF))  /* of that a NUL is the end */
        rules.any = true;
    if (file)
        fclose(file);
    free(text);
}

bool rules_are_double(const char *target)
{
    for (size_t i = 0; i < rules.names.count; i++)
        if (strcmp(rules.names.name[i], target) == 0)
            return true;
    return rules.any;
}
