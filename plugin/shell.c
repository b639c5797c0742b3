/* shell.c - the project's own shell, as a command
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "shell.h"
#include "sys.h"

int shell_is_bourne(const char *shell)
{
    static const char *const names[] = {"sh", "bash", "dash", "ksh", "rksh", "zsh", "ash"};
    const char *name = names_last_part(shell);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return 0;
}

/* Takes the next word out of *TEXT, in place.  Returns it, NULL at the end, or NULL with *OPEN set
   where a quote is never closed. */
static char *next_word(char **text, int *open)
{
    char *from = *text + strspn(*text, " \t\n");
    char *word = from, *to = from;
    char quote = '\0';

    if (!*from)
        return NULL;
    for (; *from && (quote || !strchr(" \t\n", *from)); from++) {
        if (quote && *from == quote)
            quote = '\0';
        else if (!quote && (*from == '\'' || *from == '"'))
            quote = *from;
        else if (*from == '\\' && quote != '\'' && from[1])
            *to++ = *++from;
        else
            *to++ = *from;
    }
    *text = *from ? from + 1 : from;
    *to = '\0';
    *open = quote != '\0';
    return *open ? NULL : word;
}

char **shell_command(const char *shell, char *const argument[])
{
    size_t arguments = 0, words = 0;
    char *text = strdup(shell), *rest = text, *word;
    char **command;
    struct stat st;
    int open = 0;

    while (argument[arguments])
        arguments++;
    /* no more words than every second byte, and one byte makes one */
    command = calloc(strlen(shell) / 2 + 2 + arguments, sizeof *command);
    if (!text || !command) {
        free(text);
        free(command);
        return NULL;
    }
    if ((*shell && !shell[strcspn(shell, " \t\n'\"\\")]) || sys.stat(shell, &st) == 0)
        command[words++] = text;
    else
        while ((word = next_word(&rest, &open)))
            command[words++] = word;
    if (open || words == 0) {
        free(text);
        free(command);
        errno = EINVAL;
        return NULL;
    }
    memcpy(command + words, argument, arguments * sizeof *argument);
    return command;
}
