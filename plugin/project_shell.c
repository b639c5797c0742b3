/* project_shell.c - the shell that the makefiles have chosen
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "make.h"
#include "program.h"
#include "project_shell.h"

static struct make_variable captured;
static char *inherited;  /* where a settle-sh has started this make */

void project_shell_inherit(void)
{
    const char *shell = getenv(JOB_SHELL);

    inherited = make_need(strdup(shell && *shell ? shell : JOB_DEFAULT_SHELL));
}

void project_shell_capture(void)
{
    free(captured.value);
    captured = make_capture("$(value SHELL)", "$(flavor SHELL)");
}

char *project_shell(void)
{
    char *shell = make_expand_captured(&captured);

    if (program_is(shell)) {
        free(shell);
        shell = make_need(strdup(inherited));
    }
    return shell;
}

const char *project_shell_code(const char *call)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-=: ";
    const char *shell = captured.value;

    if (!*shell || shell[strspn(shell, plain)] || program_is(shell))
        return call;
    return shell;
}
