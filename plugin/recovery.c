/* recovery.c - what the plugin does about the marks of a dead make
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "list.h"
#include "make.h"
#include "makefiles.h"
#include "mark.h"
#include "message.h"
#include "names.h"
#include "recover.h"
#include "recovery.h"

static char *directory;  /* the last one that was looked through */

/* So often make starts anew, at most, for what is made out of date. */
enum { MOST_RESTARTS = 3 };

#define BEGAN "SETTLE_BEGAN"

struct way_of_telling {
    bool is_dry, keeps, is_late;
    int restarts;           /* how often make has started anew */
    struct timespec began;  /* when it was first started, by the clock that files get their times from */
    struct list settled, pending;  /* own marks' files, by what their lines have come to, */
    bool has_left;                 /* or have not */
    char maker[MAKER_TEXT];
};

/* make remakes makefiles, and what they are made of, also under -n, and then starts anew.  When it began goes
   through that exec in the environment. */
static void look_at_time(struct way_of_telling *way)
{
    char *restarts = make_expand("$(value MAKE_RESTARTS)"), *text;  /* no warning where it is undefined */
    const char *began = getenv(BEGAN);
    intmax_t seconds;
    long nanoseconds;

    way->restarts = atoi(restarts);
    free(restarts);
    if (way->restarts > 0 && began && sscanf(began, "%jd.%ld", &seconds, &nanoseconds) == 2)
        way->began = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds};
    else
        clock_gettime(CLOCK_REALTIME_COARSE, &way->began);
    if (way->restarts > 0)  /* make has made a variable of it, for its recipes too */
        free(make_expand("$(eval override undefine " BEGAN ")"));
    if (asprintf(&text, "%jd.%ld", (intmax_t)way->began.tv_sec, way->began.tv_nsec) < 0)
        make_need(NULL);
    setenv(BEGAN, text, 1);
    free(text);
}

/* True where this make has remade the file NAME already, in a dry run, before it started anew. */
static bool is_remade(const struct way_of_telling *way, const char *name)
{
    struct stat st;

    return way->is_dry && way->restarts > 0 && lstat(name, &st) == 0 &&
           (st.st_ctim.tv_sec > way->began.tv_sec ||
            (st.st_ctim.tv_sec == way->began.tv_sec && st.st_ctim.tv_nsec >= way->began.tv_nsec));
}

/* True where the first LENGTH bytes of NAME are in make code, as a rule's target, what they are elsewhere: letters and
   digits, what is beyond ASCII included, and some more; and two that mean something at one end only. */
static bool is_plain(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool is_end = i == 0 || i + 1 == length;

        if (!isalnum((unsigned char)name[i]) && !strchr("/._+-@,{}^!'\"", name[i]) &&
            (is_end || !strchr("~&", name[i])) && (unsigned char)name[i] < 0x80)
            return false;
    }
    return length > 0;
}

/* Gives the target that is the first LENGTH bytes of NAME a prerequisite that is never up to date.  With double-colon rules
   that can't be: each has prerequisites of its own, and a rule of a single colon would be the end of make. */
static void add_rule(const char *name, size_t length)
{
    char *target = make_need(strndup(name, length));

    if (!makefiles_have_double_colon(target)) {
        free(make_expand("$(eval .PHONY: settle-cut-short)"));
        make_rule(name, length, ": settle-cut-short");
    }
    free(target);
}

/* The part of NAME that is relative to make's folder, or NULL where there is none.  Marks in an absolute SETTLE_DIR have
   absolute names. */
static const char *relative_part(const char *name)
{
    char *here = getcwd(NULL, 0);
    size_t length = here ? strlen(here) : 0;
    bool is_below = length > 1 && strncmp(name, here, length) == 0 && name[length] == '/';

    free(here);
    return is_below ? name + length + 1 : NULL;
}

/* Makes the target NAME out of date without touching it, which under -n is all that is to be done.  A target is named
   without the slash that says "all below it".  Once make has taken the makefiles' rules, nothing comes of it; and if
   make has started anew so often, a makefile depends on one whose recipe doesn't change it: that would have no end.
   Returns false where make code can't carry the name. */
static bool make_out_of_date(const struct way_of_telling *way, const char *name)
{
    const char *relative = relative_part(name);
    size_t length = strlen(name);

    if (way->is_late || way->restarts >= MOST_RESTARTS)
        return true;
    while (length > 1 && name[length - 1] == '/')
        length--;
    if (!is_plain(name, length))
        return false;
    add_rule(name, length);
    if (relative && relative < name + length)
        add_rule(relative, length - (size_t)(relative - name));
    return true;
}

/* A directory's time alone makes nothing out of date that has no prerequisites. */
static void tell_directory(const struct way_of_telling *way, const char *name)
{
    if (is_remade(way, name))
        return;
    if (way->keeps) {
        message("%s: its recipe was cut short; a directory, kept as it is (SETTLE_RECOVER)", name);
        return;
    }
    if (way->is_dry)
        message("%s: its recipe was cut short; a directory, would be made again", name);
    else
        message("%s: its recipe was cut short; a directory, not removed, but made older than all else", name);
    if (!make_out_of_date(way, name) && !way->is_dry)
        make_fatal("%s: make can't be told to make it again: remove it", name);
}

/* This make made the mark, before it started anew because a makefile was remade: the recipe has ended then.  What is left
   running was cut short, or its batch has failed; nobody else in this make knows of that now. */
static void note_own(struct way_of_telling *way, const struct recovery *recovery)
{
    mark_maker(&recovery->mark, way->maker);
    if (recovery->mark.end != MARK_RUNNING) {
        if (list_add(mark_is_pending(&recovery->mark) ? &way->pending : &way->settled, recovery->name) < 0)
            make_need(NULL);
        return;
    }
    way->has_left = true;
    if (!mark_is_key(directory, recovery->name))
        make_fail_at_end("%s: cut short or not made durable, will be made again by the next make", recovery->name);
}

/* All of it, or nothing: nobody knows which of the files are of one recipe, and the target's mark must not go while another
   one's stays. */
static void end_own(struct way_of_telling *way)
{
    struct list *settled = &way->settled, *pending = &way->pending;

    if (!way->has_left) {
        if (pending->count > 0 && batch_settle(directory, way->maker, pending->name, pending->count) != 0)
            make_fatal("%s: what was deferred can't be made durable, or its mark not be removed", pending->name[0]);
        for (size_t i = 0; i < settled->count; i++)
            if (batch_unmark(directory, settled->name[i], way->maker) < 0)
                make_fail_at_end("%s: will be made again by the next make", settled->name[i]);
    }
    list_free(settled);
    list_free(pending);
}

static void tell(const struct recovery *recovery, void *context)
{
    struct way_of_telling *way = context;
    char worker[RECOVERY_WORKER];

    recovery_describe_worker(recovery->worker, worker);
    switch (recovery->what) {
    case RECOVERY_REMOVED:
        message("%s: %s; removed, will be made again", recovery->name, recovery_reason(recovery));
        break;
    case RECOVERY_CUT_SHORT:
        if (is_remade(way, recovery->name))
            break;
        if (way->keeps) {
            message("%s: %s; kept (SETTLE_RECOVER)", recovery->name, recovery_reason(recovery));
            break;
        }
        message("%s: %s; would be removed and made again", recovery->name, recovery_reason(recovery));
        make_out_of_date(way, recovery->name);
        break;
    case RECOVERY_DIRECTORY:
        tell_directory(way, recovery->name);
        break;
    case RECOVERY_WAITS:
        message("%s: waiting for its recipe, of a make that is gone, to end (%s)", recovery->name, worker);
        break;
    case RECOVERY_AT_WORK:
        make_fatal("%s: its make is gone, but its recipe still runs (%s)", recovery->name, worker);
    case RECOVERY_FAILED:
        make_fatal("%s: its recipe was cut short, and it can't be removed, or its mark %s: %s", recovery->name,
                   recovery->path, strerror(recovery->error));
    case RECOVERY_OWN:
        if (!way->is_dry)
            note_own(way, recovery);
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

static char *directory_setting(void)
{
    char *text = setting("$(SETTLE_DIR)"), *value = make_need(mark_directory(text));

    free(text);
    return value;
}

static void run(bool is_late)
{
    struct way_of_telling way = {.is_dry = make_is_dry(), .is_late = is_late};
    char *choice = setting("$(SETTLE_RECOVER)");

    if (way.is_dry)
        look_at_time(&way);
    way.keeps = strcmp(choice, "keep") == 0;
    if (*choice && !way.keeps)
        make_fatal("SETTLE_RECOVER: '%s' is not keep, or empty", choice);
    free(choice);
    free(directory);
    directory = directory_setting();
    if (*directory && recover(directory, way.is_dry || way.keeps, tell, &way) < 0)
        make_fatal("SETTLE_DIR: %s: %s", directory, recover_error(errno));
    end_own(&way);
    if (*directory && !way.is_dry)
        maker_clear(directory);
}

void recovery_run(void)
{
    run(false);
}

void recovery_run_again(void)
{
    char *now = directory_setting();
    bool is_other = strcmp(now, directory) != 0;

    free(now);
    if (is_other)
        run(true);
}
