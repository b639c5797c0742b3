/* tell.c - tells the engine's caller what became of everything
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tell.h"

static const enum engine_step dir_steps[] = {
    [DIR_OPEN] = STEP_OPEN,
    [DIR_LIST] = STEP_LIST,
    [DIR_FSYNC] = STEP_FSYNC,
};

/* What became of the file of INDEX in the end: a second name shares the first one's fate, and a directory
   is as its sync went. */
static struct outcome conclude(struct set *set, size_t index)
{
    const struct file *file = &set->file[index];
    size_t at = file->same == SET_NONE ? index : file->same;
    const struct file *first = &set->file[at];
    struct outcome outcome = {
        .is_directory = file->is_directory,
        .what = (enum outcome_what)first->what,
        .step = (enum engine_step)first->step,
        .error = first->error,
        .seconds = (double)first->seconds,
        .before = set->detail[at].before,
        .after = set->detail[at].after,
        .holder = set->detail[at].holder,
        .moves = set->detail[at].moves,
        .writers_unknown = first->writers_unknown,
    };

    if (file->what == OUTCOME_FAILED) {
        outcome.what = OUTCOME_FAILED;
        outcome.step = (enum engine_step)file->step;
        outcome.error = file->error;
    }
    if (file->is_directory && file->dir != SET_NONE && set->dirs.dir[file->dir].error) {
        outcome.what = OUTCOME_FAILED;
        outcome.step = dir_steps[set->dirs.dir[file->dir].step];
        outcome.error = set->dirs.dir[file->dir].error;
        set->dirs.dir[file->dir].is_told = true;
    }
    return outcome;
}

/* True where the file of INDEX is another hard link of one whose data are lost, as OUTCOME says: its caller may have to
   remove that as well. */
static bool is_lost_link(const struct set *set, size_t index, const struct outcome *outcome)
{
    const struct file *file = &set->file[index], *first = &set->file[file->same];

    return outcome_lost(outcome) && file->what != OUTCOME_FAILED && first->in_tree &&
           (file->dir != first->dir || strcmp(file->name, first->name) != 0);
}

bool tell_all(struct set *set, const struct engine_caller *caller)
{
    bool failed = false;

    for (size_t i = 0; i < set->count; i++) {
        struct outcome outcome = conclude(set, i);
        char *path = NULL;

        if (set->file[i].in_tree && outcome.what == OUTCOME_MISSING)
            continue;  /* it vanished on the way */
        if (set->file[i].in_tree && set->file[i].same != SET_NONE && !is_lost_link(set, i, &outcome))
            continue;  /* a hard link, or it was named as well: that has been told */
        if (!set->file[i].shown)
            path = file_path(set, &set->file[i]);
        outcome.name = set->file[i].shown ? set->file[i].shown
                                              : path ? path : set->file[i].name;
        failed |= outcome.what == OUTCOME_FAILED;
        caller->tell(&outcome, caller->context);
        free(path);
    }
    for (size_t i = 0; i < set->dirs.count; i++) {
        const struct dir *dir = &set->dirs.dir[i];
        char *path;

        if (!dir->error || dir->is_told)
            continue;
        path = dirs_path(&set->dirs, i, NULL);
        failed = true;
        caller->tell(&(struct outcome){.name = path ? path : dir->name,
                                            .is_directory = true,
                                            .what = OUTCOME_FAILED,
                                            .step = dir_steps[dir->step],
                                            .error = dir->error},
                          caller->context);
        free(path);
    }
    return failed;
}
