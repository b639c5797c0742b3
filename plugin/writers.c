/* writers.c - waits until nobody has the files open for writing any more
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holders.h"
#include "lease.h"
#include "open.h"
#include "stopwatch.h"
#include "sys.h"
#include "writers.h"

/* How long to sleep between two looks, in seconds: a look through /proc costs some 25 ms. */
#define FIRST_NAP 0.001
#define LONGEST_NAP 0.05
#define PROC_NAP 0.25

/* True where FILE is what this process itself prints to, as the recipe does, and make: in "make >tree/log", with tree/ to
   be settled.  That will not be let go of.  Where it can't be told what that is, it is none of the files; and where there
   was none, the number may be that of a file that this process has opened since, to settle it. */
static bool is_our_output(const struct set *set, const struct file *file)
{
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat st;

        if (fd != file->fd && sys.is_for_writing(fd) == 1 && sys.fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
            idset_find(&set->files, st.st_dev, st.st_ino) == (size_t)(file - set->file))
            return true;
    }
    return false;
}

void writers_ask(const struct set *set, const struct settle_options *options, struct file *file)
{
    enum lease_sight sight = lease_sight(set->group[file->group].magic);
    enum lease_answer answer = LEASE_CANT_TELL;

    /* a lease for reading is refused to who has the file open for writing himself */
    if (sight != LEASE_SEES_NOTHING && !file->write_only)
        answer = lease_ask(file->fd);
    if (answer == LEASE_SOMEBODY_WRITES && is_our_output(set, file))
        answer = LEASE_NONE_WRITES;
    file->is_held = answer == LEASE_SOMEBODY_WRITES;
    file->ask_proc = !file->is_held && !options->no_writer_left &&
                     (answer == LEASE_CANT_TELL || sight != LEASE_SEES_ALL);
}

/* A descriptor or mapping was found of a file that is in the set: is it one of those in question? */
static void note_holder(size_t index, const struct holder *holder, void *context)
{
    struct set *set = context;
    struct file *file = &set->file[index];

    if ((!file->ask_proc && !file->is_held) || is_our_output(set, file))
        return;
    file->is_held = true;
    set->detail[index].holder = *holder;
}

/* Whoever held a file, and can't be looked into any more, may hold it still: it has another owner now, say, or our
   descriptors have run out. */
void writers_look(struct set *set)
{
    bool complete;

    for (size_t i = 0; i < set->count; i++)
        if (set->file[i].ask_proc)
            set->file[i].is_held = false;
    complete = holders_find(&set->files, note_holder, set);
    for (size_t i = 0; i < set->count && !complete; i++) {
        struct file *file = &set->file[i];

        if (!file->ask_proc || file->is_held)
            continue;
        file->writers_unknown = true;
        file->is_held = file->was_held && holders_is_hidden(set->detail[i].holder.pid);
    }
}

/* Asks the lease once more for FILE.  Where descriptors run out, or memory, it is taken to be held as it
   was. */
static void ask_lease_again(struct set *set, const struct settle_options *options, struct file *file)
{
    if (file_open(set, file) == 0) {
        writers_ask(set, options, file);
        file_close(file);  /* there may be many of them */
    } else if (errno != EMFILE && errno != ENFILE && errno != ENOMEM) {
        file_fail_missing(options, file, STEP_OPEN);
        file->is_held = false;
    }
}

/* Asks once more for the files that are held.  Returns how many are; *USED_PROC is set where /proc had to
   be asked. */
static size_t ask_again(struct set *set, const struct settle_options *options,
                        void (*released)(void *context, size_t index), void *context,
                        bool *used_proc)
{
    size_t held = 0;

    *used_proc = false;
    for (size_t i = 0; i < set->count; i++) {
        struct file *file = &set->file[i];

        if (!file->is_held)
            continue;
        if (!file->ask_proc)
            ask_lease_again(set, options, file);
        *used_proc |= file->ask_proc;
    }
    if (*used_proc)
        writers_look(set);
    for (size_t i = 0; i < set->count; i++)
        if (set->file[i].is_held)
            held++;
        else if (set->file[i].was_held) {
            set->file[i].was_held = set->file[i].ask_proc = false;
            file_close(&set->file[i]);  /* who held it may have put another file in its place */
            released(context, i);
        }
    return held;
}

static void give_up(struct set *set, int error)
{
    holders_find(&set->files, note_holder, set);  /* to say who it is */
    for (size_t i = 0; i < set->count; i++)
        if (set->file[i].is_held) {
            errno = error;
            file_fail(&set->file[i], STEP_QUIET);
            file_close(&set->file[i]);
        }
}

void writers_wait(struct set *set, const struct settle_options *options,
                  void (*released)(void *context, size_t index), void (*check)(void *context),
                  void *context)
{
    struct stopwatch watch = stopwatch_start();
    double nap = FIRST_NAP, left = 0;
    bool used_proc = false;
    size_t held = 0;

    for (size_t i = 0; i < set->count; i++) {
        set->file[i].was_held = set->file[i].is_held;
        set->file[i].ask_proc &= set->file[i].is_held;  /* who comes later is no lingering writer */
        held += set->file[i].is_held;
        used_proc |= set->file[i].is_held && set->file[i].ask_proc;
    }
    while (held > 0 && (left = options->timeout - stopwatch_read(&watch)) > 0) {
        double next = used_proc && nap > LONGEST_NAP / 2 ? PROC_NAP : nap;

        stopwatch_sleep(next < left ? next : left);
        nap = 2 * nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP;
        held = ask_again(set, options, released, context, &used_proc);
        check(context);
    }
    if (held > 0)
        give_up(set, isnan(left) ? errno : ETIMEDOUT);
}
