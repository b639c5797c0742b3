/* recovery.c - what the plugin does about the marks of a dead make
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "make.h"
#include "mark.h"
#include "message.h"
#include "names.h"
#include "recover.h"
#include "recovery.h"

static char *directory;  /* the last one that was looked through */

struct way_of_telling {
    bool is_dry, keeps;
};

/* Makes the target NAME out of date without touching it: it gets a prerequisite that is never up to date.
   A name that make code can't carry is left as it is, told all the same. */
static void make_out_of_date(const char *name)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-@";
    char *code;

    if (!*name || name[strspn(name, plain)])
        return;
    if (asprintf(&code, "$(eval .PHONY: settle-cut-short)$(eval %s: settle-cut-short)", name) < 0)
        make_need(NULL);
    free(make_expand(code));
    free(code);
}

/* This make made the mark, before it started anew because a makefile was remade: the recipe has ended then. */
static void end_own(const struct recovery *recovery)
{
    char *name = make_need(strdup(recovery->name));
    char maker[MAKER_TEXT];

    memcpy(maker, recovery->mark.text, recovery->mark.maker_length);
    maker[recovery->mark.maker_length] = '\0';
    if (recovery->mark.end == MARK_SETTLED)
        mark_remove(directory, name, maker);
    else if (recovery->mark.end == MARK_DEFERRED && batch_settle(directory, maker, &name, 1) != 0)
        make_fatal("%s: what was deferred can't be made durable", name);
    free(name);
}

static void tell(const struct recovery *recovery, void *context)
{
    const struct way_of_telling *way = context;

    switch (recovery->what) {
    case RECOVERY_REMOVED:
        message("%s: its recipe was cut short; removed, will be made again", recovery->name);
        break;
    case RECOVERY_CUT_SHORT:
        if (way->keeps)
            message("%s: its recipe was cut short; kept (SETTLE_RECOVER)", recovery->name);
        else
            message("%s: its recipe was cut short; would be removed and made again",
                    recovery->name);
        if (!way->keeps)
            make_out_of_date(recovery->name);
        break;
    case RECOVERY_DIRECTORY:
        message("%s: its recipe was cut short; a directory, not removed, will be made again",
                recovery->name);
        if (!way->keeps)
            make_out_of_date(recovery->name);
        break;
    case RECOVERY_FAILED:
        make_fatal("%s: its recipe was cut short, and it can't be removed: %s", recovery->name,
                   strerror(recovery->error));
    case RECOVERY_OWN:
        if (!way->is_dry)
            end_own(recovery);
        break;
    case RECOVERY_NOTHING:
    case RECOVERY_NOT_OURS:
        break;
    }
}

static char *setting(const char *reference)
{
    char *text = make_expand(reference), *value = make_need(names_trim(text));

    free(text);
    return value;
}

void recovery_run(void)
{
    struct way_of_telling way = {.is_dry = make_is_dry()};
    char *choice = setting("$(SETTLE_RECOVER)");

    way.keeps = strcmp(choice, "keep") == 0;
    if (*choice && !way.keeps)
        make_fatal("SETTLE_RECOVER: '%s' is not keep, or empty", choice);
    free(choice);
    free(directory);
    directory = setting("$(SETTLE_DIR)");
    if (*directory && recover(directory, way.is_dry || way.keeps, tell, &way) < 0)
        make_fatal("SETTLE_DIR: %s: %s", directory, strerror(errno));
}

void recovery_run_again(void)
{
    char *now = setting("$(SETTLE_DIR)");
    bool is_other = strcmp(now, directory) != 0;

    free(now);
    if (is_other)
        recovery_run();
}
