/* open.c - opens and closes a file of the set
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "open.h"
#include "path.h"
#include "sys.h"

/* FILE, which is open, was a regular file when it was found by its name.  Returns 0, or -1 with errno where it's a
   tree's, and is none any more; and notes whether it is another one.  At most ten calls a file: where there is but one
   name, one look has to do, and what comes after it is told by the call that fails (file_fail_open). */
static int check_opened(const struct set *set, struct file *file)
{
    struct stat st;

    if ((file->is_checked || !file->in_tree) && !file->has_names)
        return 0;
    if (sys.fstat(file->fd, &st) < 0)
        return 0;  /* the calls to come will tell */
    if (file->in_tree && !S_ISREG(st.st_mode)) {
        sys.close(file->fd);
        file->fd = -1;
        errno = ENOENT;
        return -1;
    }
    file->is_checked = true;
    /* What is there now is settled; what was there is not lost with its first name. */
    if (file->has_names && idset_find(&set->files, st.st_dev, st.st_ino) != (size_t)(file - set->file))
        file->is_lost = true;
    return 0;
}

/* PATH, of a tree's file, can't be opened: says errno why, or what it is by now, such as a device that is busy, or a
   pipe that is not for us? */
static void explain(const char *path)
{
    int error = errno;
    struct stat st;

    if (error != ENOENT && sys.lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        error = ENOENT;
    errno = error;
}

int file_open(const struct set *set, struct file *file)
{
    /* what was a file when the tree was listed may be a link by now, to a device even */
    const int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (file->in_tree ? O_NOFOLLOW : 0);
    char *path;

    if (file->fd >= 0)
        return 0;
    path = file_path(set, file);
    if (!path)
        return -1;
    file->write_only = false;
    file->fd = path_open(path, O_RDONLY | flags);
    if (file->fd < 0 && errno == EACCES) {
        file->fd = path_open(path, O_WRONLY | flags);
        if (file->fd < 0)
            errno = EACCES;  /* the first error tells more */
        else
            file->write_only = true;
    }
    if (file->fd < 0 && file->in_tree)
        explain(path);
    free(path);
    return file->fd < 0 ? -1 : check_opened(set, file);
}

void file_fail_open(const struct settle_options *options, struct file *file, enum engine_step step)
{
    int error = errno;
    struct stat st;
    bool is_none = file->in_tree && sys.fstat(file->fd, &st) == 0 && !S_ISREG(st.st_mode);

    errno = is_none ? ENOENT : error;
    if (is_none)
        file_fail_missing(options, file, STEP_OPEN);
    else
        file_fail(file, step);
}

void file_close(struct file *file)
{
    /* EINTR: Linux has closed the descriptor all the same (close(2)) */
    if (file->fd >= 0 && sys.close(file->fd) < 0 && errno != EINTR)
        file_fail(file, STEP_CLOSE);
    file->fd = -1;
}

bool open_may_wait(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

int file_try_open(const struct set *set, const struct settle_options *options, struct file *file)
{
    if (file_open(set, file) == 0)
        return 0;
    if (open_may_wait())
        file->ask_proc = !options->no_writer_left;
    else
        file_fail_missing(options, file, STEP_OPEN);
    return -1;
}

/* FILE, which is open, stands for the inode, unless another one that has inherited does so already. */
static bool take_over(struct set *set, struct file *file)
{
    size_t index = (size_t)(file - set->file), known;
    struct stat st;

    if (sys.fstat(file->fd, &st) < 0)
        return true;  /* better twice than never */
    known = idset_add(&set->files, &st, index);
    if (known == IDSET_NONE || known == index)
        return true;
    if (set->file[known].is_lost) {
        idset_change(&set->files, &st, index);
        return true;
    }
    set_same(set, file, known);
    file_close(file);
    return false;
}

bool file_inherit(struct set *set, const struct settle_options *options, struct file *file)
{
    struct file *first = file->same == SET_NONE ? NULL : &set->file[file->same];

    if (!first || !first->is_lost)
        return false;
    if (first->in_tree && file_has_vanished(first))
        first->what = OUTCOME_MISSING;  /* the name that has to be there (is_named) tells itself what became of it */
    file->same = SET_NONE;
    set->again--;
    if (file_try_open(set, options, file) < 0)
        return file_is_open_question(file);
    return take_over(set, file);
}
