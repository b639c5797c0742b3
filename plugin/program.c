/* program.c - where settle-sh is
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make.h"
#include "program.h"

static char *directory, *program, *bourne_program;

static char *path_in(const char *folder, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        make_need(NULL);
    return path;
}

void program_find(const char *library)
{
    const char *slash = strrchr(library, '/');

    directory = make_need(slash ? strndup(library, (size_t)(slash - library)) : strdup("."));
    program = path_in(directory, "settle-sh");
    if (access(program, X_OK) < 0 && access(PKGLIBDIR "/settle-sh", X_OK) == 0) {
        free(directory);
        free(program);
        directory = make_need(strdup(PKGLIBDIR));
        program = path_in(directory, "settle-sh");
    }
    bourne_program = path_in(directory, "bourne/sh");
}

const char *program_path(bool is_bourne)
{
    if (access(program, X_OK) < 0 || access(bourne_program, X_OK) < 0)
        make_fatal("settle-sh is neither beside settle.so (%s) nor in %s", directory, PKGLIBDIR);
    if (strpbrk(program, " \t\"'\\$"))
        make_fatal("%s: make can't run a shell with such a name (blanks, quotes, $): move it", program);
    return is_bourne ? bourne_program : program;
}

bool program_is(const char *shell)
{
    return strcmp(shell, program) == 0 || strcmp(shell, bourne_program) == 0;
}
