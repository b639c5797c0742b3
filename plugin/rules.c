/* rules.c - which targets may have more than one recipe
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list.h"
#include "names.h"
#include "rules.h"

#define BLANKS " \t\r"

static struct {
    bool any;           /* some rule may be for any target */
    struct list names;  /* the targets that are to be seen, without their folders */
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

/* True where each word of TARGETS is a pattern, whatever else is in it: "$(obj)/%::" is a rule of its own kind, a
   terminal one (GNU make manual, Match-Anything Rules), and one target has one recipe. */
static bool are_patterns(char *targets)
{
    bool are = false;

    for (char *c = targets + strspn(targets, BLANKS); *c; c += strspn(c, BLANKS)) {
        are = false;
        while (*c && !strchr(BLANKS, *c)) {
            if (*c == '\\')
                return false;
            are |= *c == '%';
            c = *c == '$' && (c[1] == '(' || c[1] == '{') ? skip_reference(c) : c + 1;
        }
        if (!are)
            return false;
    }
    return are;
}

/* Takes in TARGETS, what stands before a double colon. */
static void take_targets(char *targets, bool in_recipe)
{
    char *rest;

    if (are_patterns(targets))
        return;
    if (strpbrk(targets, "$\\*?[~(")) {
        rules.any |= !in_recipe;
        return;
    }
    for (char *word = strtok_r(targets, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
        if (strcmp(word, "&") != 0 && list_add(&rules.names, names_last_part(word)) < 0)
            rules.any = true;
}

/* True where VALUE, a variable's, may be a rule, or a part of one, of which make is told later ($(eval $(call ...))): with
   a double colon that has a blank, the end or a reference on either side, unlike one of C++. */
static bool may_be_rule(const char *value)
{
    for (const char *c = value; (c = strstr(c, "::")); c += 2)
        if (c == value || strchr(BLANKS ")}", c[-1]) || c[2] == '\0' || strchr(BLANKS "$;", c[2]) ||
            (c - value > 1 && c[-2] == '$'))
            return true;
    return false;
}

static void look_at_line(char *line)
{
    bool in_recipe = *line == '\t';
    char *separator, *after;

    cut_comment(line);
    if (!strstr(line, "::"))
        return;
    rules.any |= !in_recipe && strstr(line, "eval");
    separator = find_separator(line);
    after = separator + strspn(separator, ":");
    if (*after == '=' || separator[0] != ':' || separator[1] != ':') {
        /* an assignment, maybe by "::=" or ":::=", or for one target: "t: X = ..." */
        const char *equals = in_recipe ? "" : after + strcspn(after, "=;");

        rules.any |= *equals == '=' && may_be_rule(equals + 1);
        return;
    }
    if (separator > line && separator[-1] == '&')  /* grouped targets: "a b &:: c" */
        separator--;
    *separator = '\0';
    take_targets(line, in_recipe);
}

/* True where the line that ends before END goes on in the next: an odd number of backslashes says so. */
static bool goes_on(const char *line, const char *end)
{
    size_t count = 0;

    while (end > line && end[-1] == '\\') {
        count++;
        end--;
    }
    return count % 2 == 1;
}

/* Cuts the first line off *TEXT, with those that a backslash at its end makes part of it. */
static char *cut_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');

    while (end && goes_on(line, end)) {
        end[-1] = end[0] = ' ';
        end = strchr(end, '\n');
    }
    if (end)
        *end = '\0';
    *text = end ? end + 1 : NULL;
    return line;
}

/* Takes the carriage returns away that stand before a line's end. */
static void cut_returns(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (from[0] != '\r' || from[1] != '\n')
            *to++ = *from;
    *to = '\0';
}

void rules_read_text(char *text)
{
    if (!strstr(text, "::"))
        return;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)  /* a byte order mark, which make skips */
        text += 3;
    cut_returns(text);
    while (text)
        look_at_line(cut_line(&text));
}

/* Opens MAKEFILE if it is a regular file. */
static FILE *open_regular(const char *makefile)
{
    int fd = open(makefile, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *file = NULL;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        file = fdopen(fd, "r");
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

void rules_read(const char *makefile)
{
    FILE *file = makefile ? open_regular(makefile) : NULL;
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

bool rules_name(const char *target)
{
    return list_has(&rules.names, names_last_part(target));
}

bool rules_are_double(const char *target)
{
    return rules.any || rules_name(target);
}
