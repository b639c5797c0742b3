/* open.c - opens and closes a file of the set
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "open.h"
#include "path.h"
#include "sys.h"

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
    free(path);
    return file->fd < 0 ? -1 : 0;
}

void file_close(struct file *file)
{
    /* EINTR: Linux has closed the descriptor all the same (close(2)) */
    if (file->fd >= 0 && sys.close(file->fd) < 0 && errno != EINTR)
        file_fail(file, STEP_CLOSE);
    file->fd = -1;
}

int file_try_open(const struct set *set, const struct settle_options *options, struct file *file)
{
    if (file_open(set, file) == 0)
        return 0;
    if (errno == EMFILE || errno == ENFILE)
        file->ask_proc = !options->no_writer_left;
    else
        file_fail_missing(options, file, STEP_OPEN);
    return -1;
}
