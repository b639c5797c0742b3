/* line.c - a recipe line that needs no shell
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

#define BLANKS " \t"
/* What stands for itself in every shell.  make has a list of what doesn't, and undoes quotes as well. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:@%="

/* What only a shell can do: make's list (job.c, sh_cmds), "local" and "until". */
static bool is_the_shells_own(const char *word)
{
    static const char *const words[] = {
        ".",     ":",    "alias", "bg",     "break", "case",   "cd",       "command", "continue",
        "eval",  "exec", "exit",  "export", "fc",    "fg",     "for",      "getopts", "hash",
        "if",    "jobs", "local", "login",  "logout", "read",  "readonly", "return",  "set",
        "shift", "test", "times", "trap",   "type",  "ulimit", "umask",    "unalias", "unset",
        "until", "wait", "while",
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

char **line_words(const char *line)
{
    size_t count = 0, length = strlen(line), most = length / 2 + 2;
    char **words, *text, *rest;

    if (strspn(line, PLAIN BLANKS) != length)
        return NULL;
    words = calloc(1, most * sizeof *words + length + 1);
    if (!words)
        return NULL;
    text = memcpy(words + most, line, length + 1);
    for (char *word = strtok_r(text, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
        words[count++] = word;
    if (count == 0 || strchr(words[0], '=') || is_the_shells_own(words[0])) {
        free(words);
        return NULL;
    }
    return words;
}
