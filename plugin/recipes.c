/* recipes.c - which recipes of this make are over, and what is to be done for their marks
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch.h"
#include "list.h"
#include "mark.h"
#include "message.h"
#include "order.h"
#include "pending.h"
#include "recipes.h"
#include "recover.h"
#include "slots.h"

/* A recipe that runs, or has ended without our knowing yet. */
struct recipe {
    char *target;
    struct list files;  /* as job_marked has them */
    struct ledger_page page;
    bool is_to_be_durable;
    bool is_one_of_many;  /* the target may have another one */
    bool is_shared;  /* another recipe has the target among its files, or had it */
    /* The shell of the last line that had ended when make announced another one.  Until that one's shell
       has said in the mark that it begins there is a doubt: maybe make found the line empty, and has not
       run it.  It is so once the children that make had afterwards are gone, of which it would be one. */
    pid_t seen;
    pid_t *children;  /* NULL: not asked yet */
    size_t child_count;
};

static struct {
    char *directory;
    char maker[MAKER_TEXT];
    pid_t pid;   /* of the make that this belongs to: a fork of it has no business here */
    int folder;  /* the one that file names are relative to: with -C, make leaves it before it ends */
    bool is_durable;  /* the directory is */
    struct order_known order;
    enum order order_here;  /* for files of the folder that make is in */
    bool catches_quit;  /* make does, until that ends it */
    bool has_failed;    /* to remove a mark */
    struct recipe *recipe;
    size_t count, room;
} state;

static const struct announced *announced;

static bool catches_quit(void)
{
    struct sigaction action;

    return sigaction(SIGQUIT, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
}

static int begin(const char *directory)
{
    struct stat here;

    if (maker_describe(getpid(), state.maker) < 0 || maker_lock(directory, state.maker) < 0)
        return -1;
    state.pid = getpid();
    state.catches_quit = catches_quit();
    state.folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state.folder < 0)
        return -1;
    state.order = order_find_out(directory);
    state.order_here = fstat(state.folder, &here) < 0 ? ORDER_UNKNOWN : order_of(directory, &here, &state.order);
    state.directory = strdup(directory);
    return state.directory ? 0 : -1;
}

/* What is to survive a power cut is told of by what doesn't? */
static void warn_of_memory(const char *directory)
{
    if (order_is_in_memory(directory) && !order_is_in_memory("."))
        message("SETTLE_DIR: %s: in memory (tmpfs); after a power cut no mark there tells what was cut short",
                directory);
}

int recipes_mark_in(const char *directory, bool durably)
{
    if (!*directory)
        return 0;
    if (state.directory && strcmp(directory, state.directory) != 0) {
        errno = EXDEV;
        return -1;
    }
    if (!state.directory && begin(directory) < 0)
        return -1;
    if (!maker_has_lock(directory)) {  /* git clean, say */
        if (maker_lock(directory, state.maker) < 0)
            return -1;
        state.is_durable = false;
    }
    if (durably && !state.is_durable) {
        if (mark_prepare_durably(state.directory) < 0)
            return -1;
        warn_of_memory(state.directory);
        state.is_durable = true;
    }
    return 0;
}

const char *recipes_maker(void)
{
    return state.directory ? state.maker : "";
}

/* The shell that ran the last line of RECIPE that has ended, by its first file's mark; *END tells how.  0
   where none has, or nobody knows. */
static pid_t ended_shell(const struct recipe *recipe, enum mark_end *end)
{
    struct mark mark;
    bool is_read = mark_read_of(state.directory, recipe->files.name[0], state.maker, &mark) == 0;

    *end = is_read ? mark.end : MARK_RUNNING;
    return is_read && mark.end != MARK_RUNNING ? mark.runner : 0;
}

/* True where make has taken notice of the end of its child PID. */
static bool is_reaped(pid_t pid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

static void recipe_free(struct recipe *recipe)
{
    free(recipe->target);
    list_free(&recipe->files);
    free(recipe->children);
}

/* Finds out with which of the others the new RECIPE shares its target's file, or they theirs with it. */
static void find_shared(struct recipe *recipe)
{
    for (size_t i = 0; i < state.count; i++) {
        state.recipe[i].is_shared |= list_has(&recipe->files, state.recipe[i].files.name[0]);
        recipe->is_shared |= list_has(&state.recipe[i].files, recipe->files.name[0]);
    }
}

/* True where another recipe than number SELF, which still runs, has the file NAME as well. */
static bool is_shared(const char *name, size_t self)
{
    for (size_t i = 0; i < state.count; i++)
        if (i != self && list_has(&state.recipe[i].files, name))
            return true;
    return false;
}

/* The recipe of the file NAME has come to END: it is one of those that WAIT to be durable, or loses its mark. */
static void let_go(const char *name, enum mark_end end, struct list *wait)
{
    if (end == MARK_DEFERRED || end == MARK_UNSUCCESSFUL)
        list_add(wait, name);  /* without memory its mark stays, and it is built again */
    else if (batch_unmark(state.directory, name, state.maker) < 0)
        state.has_failed = true;
}

static void drop(size_t self)
{
    struct recipe *recipe = &state.recipe[self];

    slots_give(&recipe->page, &recipe->files);
    recipe_free(recipe);
    *recipe = state.recipe[--state.count];
}

/* Recipe number SELF is over.  The target's mark goes last: where a kill leaves another file's, that one is removed, and
   only the target out of date brings it back. */
static void finish(size_t self, enum mark_end end)
{
    struct recipe *recipe = &state.recipe[self];
    struct list wait = {0};

    for (size_t i = recipe->files.count; i-- > 0;) {
        const char *name = recipe->files.name[i];

        if (is_shared(name, self))
            continue;
        let_go(name, end, &wait);
        if (end != MARK_UNSUCCESSFUL)  /* what was made old must stay so, until a recipe has made it */
            recover_made_again(state.directory, name, state.maker);
    }
    pending_add(&wait);
    drop(self);
}

static struct recipe *find(const char *target)
{
    for (size_t i = 0; i < state.count; i++)
        if (strcmp(state.recipe[i].target, target) == 0)
            return &state.recipe[i];
    return NULL;
}

/* True where none of the children is left that make had when this was first asked for the doubt about
   RECIPE. */
static bool has_no_child(struct recipe *recipe)
{
    if (!recipe->children) {
        siginfo_t info;

        recipe->child_count = maker_children(&recipe->children);
        if (!recipe->children)  /* nobody tells */
            return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
    }
    for (size_t i = 0; i < recipe->child_count; i++)
        if (!is_reaped(recipe->children[i]))
            return false;
    return true;
}

static bool is_announced(const char *target)
{
    for (const struct announced *line = announced; line; line = line->outer)
        if (strcmp(line->target, target) == 0)
            return true;
    return false;
}

/* True where RECIPE is over; *END tells how. */
static bool is_over(struct recipe *recipe, bool make_ends, enum mark_end *end)
{
    pid_t shell;

    if (is_announced(recipe->target) || (recipe->is_one_of_many && !make_ends))
        return false;
    shell = ended_shell(recipe, end);
    /* of a shared one, the end may be that of the other one's line; our own process is mark_renew's */
    return shell != 0 && shell != state.pid && is_reaped(shell) &&
           ((shell != recipe->seen && !recipe->is_shared) || has_no_child(recipe));
}

/* Finishes the recipes that are over. */
static void sweep(bool make_ends)
{
    for (size_t i = 0; i < state.count;) {
        enum mark_end end;

        if (is_over(&state.recipe[i], make_ends, &end))
            finish(i, end);
        else
            i++;
    }
}

/* Recipe number SELF has no mark any more that would tell when it is over: another one has removed it (git clean, say). */
static void finish_unmarked(size_t self)
{
    const struct recipe *recipe = &state.recipe[self];
    struct list wait = {0};

    for (size_t i = recipe->files.count; i-- > 0;) {
        const char *name = recipe->files.name[i];
        struct mark mark;

        if (mark_read_of(state.directory, name, state.maker, &mark) < 0)
            mark.end = recipe->is_to_be_durable ? MARK_DEFERRED : MARK_RUNNING;
        if (mark.end != MARK_RUNNING && !is_shared(name, self))
            let_go(name, mark.end, &wait);
    }
    pending_add(&wait);
    drop(self);
}

/* At make's end: first those without, since what is shared with them waits for them. */
static void sweep_at_end(void)
{
    for (size_t i = 0; i < state.count;)
        if (mark_is_there(state.directory, state.recipe[i].files.name[0], state.maker))
            i++;
        else
            finish_unmarked(i);
    sweep(true);
}

size_t recipes_begun(void)
{
    return state.count;
}

void recipes_announce(struct announced *line, const char *target)
{
    struct recipe *recipe;
    enum mark_end end;

    *line = (struct announced){target, announced};
    announced = line;
    if (!state.directory)
        return;
    recipe = find(target);
    if (recipe) {
        recipe->seen = ended_shell(recipe, &end);
        free(recipe->children);
        recipe->children = NULL;
    }
    sweep(false);
}

void recipes_start(const struct announced *line)
{
    announced = line->outer;
}

void recipes_job(struct job *job, bool is_one_of_many)
{
    struct recipe recipe = {.is_to_be_durable = job->options.mode != MODE_WRITEBACK, .is_one_of_many = is_one_of_many};

    job->order = state.order;
    if (!state.directory || find(job->target))  /* of a "::" target another recipe: the page is the first one's */
        return;
    if (state.count == state.room) {
        size_t room = state.room ? 2 * state.room : 16;
        struct recipe *grown = reallocarray(state.recipe, room, sizeof *grown);

        if (!grown)
            return;  /* nobody removes its marks: it is built again */
        state.recipe = grown;
        state.room = room;
    }
    recipe.target = strdup(job->target);
    if (!recipe.target || job_marked(job, &recipe.files) < 0) {
        recipe_free(&recipe);
        return;
    }
    find_shared(&recipe);
    job->page = recipe.page = slots_take(state.directory, state.maker, state.order_here, &job->options);
    state.recipe[state.count++] = recipe;
}

/* True where an error ends make while it expands SHELL for a line: the other targets' next lines, which it would start
   when it waits for their children, then fail, for SHELL is being expanded, and are not even announced. */
static bool is_ended_by_error(void)
{
    return announced != NULL;
}

/* True while make handles the signal that ends it: what has ended then may have been due to go on.  It comes
   here after SIGQUIT only, by exit(3) within the handler, which first sets the signal's action to the
   default (commands.c, fatal_error_signal).  Other signals it raises again, and nothing comes here. */
static bool is_interrupted(void)
{
    return state.catches_quit && !catches_quit();
}

/* make has closed stdout when it ends: what is opened then must not become it, or stderr. */
static void hold_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int recipes_end(void)
{
    int failed;

    if (!state.directory || state.pid != getpid())
        return 0;
    if (fchdir(state.folder) < 0) {
        message("%s: %s", state.directory, strerror(errno));
        return 1;
    }
    close(state.folder);
    hold_standard_descriptors();
    if (!is_interrupted() && !is_ended_by_error())
        sweep_at_end();
    failed = state.has_failed | pending_settle(state.directory, state.maker);
    slots_end(state.directory, state.maker);
    maker_unlock(state.directory);
    for (size_t i = 0; i < state.count; i++)
        recipe_free(&state.recipe[i]);
    free(state.recipe);
    free(state.directory);
    memset(&state, 0, sizeof state);
    return failed;
}
