/* mark.h - marks: symbolic links that say which outputs are not to be trusted after a crash
   SPDX-License-Identifier: GPL-3.0-or-later

   A mark is made before a recipe touches its output, and removed when the output is safe.  Its name is
   the file's, escaped, and which make it is of; where it points to says who made it (maker.h) and, once the
   line of the recipe that settle-sh has run is over, that process:

     lib%2flibx.a@4711.3019834532 -> 1f0c6a3b.77aa01c2.4711.123456.4026531836=4720   settle-sh 4720 runs a line
     lib%2flibx.a@4711.3019834532 -> 1f0c6a3b.77aa01c2.4711.123456.4026531836+4720   it is over, and settled
     lib%2flibx.a@4711.3019834532 -> 1f0c6a3b.77aa01c2.4711.123456.4026531836~4720   it is over, not durable
     lib%2flibx.a@4711.3019834532 -> 1f0c6a3b.77aa01c2.4711.123456.4026531836*4720   it has failed by itself, not durable

   Its modification time is the ctime that the file had when it was marked, or the Epoch where there was none or
   where the maker itself had changed it: a file of a recipe that was cut short before it touched that is left alone
   (mark_is_untouched).

   Where there was no file, as in a build from scratch, the time can say instead how the line has ended: that saves
   three of a mark's six changes to the file system.

     lib%2flibx.a@4711.3019834532 -> 1f0c6a3b.77aa01c2.4711.123456.4026531836!4720   it runs or, where the time is 4720 ns
                                          into the first, second or fourth second of 1970, is over: +, ~ or *

   In the third second it was over, but the next line could not be marked (mark_cut_short); where the time says something
   else already, it is that before 1970 then.

   A line that settle-sh has not settled, though it has ended, has "-" before its process.

   Making one is a metadata operation, which journaling file systems persist in order: no trace of a new file, or of new
   blocks of an old one, can survive a crash without the mark that came before.  What a recipe writes over an old one's
   blocks has no place in that order: before an update, the mark is made durable (order.h). */

#ifndef SETTLE_MARK_H
#define SETTLE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "ledger.h"
#include "maker.h"
#include "order.h"

#define MARK_TEXT 60

/* An entry of a directory may be 255 bytes long; longer names are cut into directories, "+" at their end. */
#define MARK_PIECE 220

/* MARK_UNSUCCESSFUL: make may ignore that and take the target for made, so the file is to become durable all the same; but
   nobody may say that the recipe has made it. */
enum mark_end { MARK_RUNNING = 0, MARK_SETTLED = '+', MARK_DEFERRED = '~', MARK_UNSUCCESSFUL = '*' };

struct mark {
    char text[MARK_TEXT];
    size_t maker_length;  /* of the maker's part of it */
    bool was_nothing;     /* there was no file when it was marked */
    pid_t runner;         /* of the settle-sh whose line runs or has ended; 0: not of any */
    enum mark_end end;
    bool has_failed;      /* settle-sh has come to its end, and has not settled it: as good as running, but for that */
    struct timespec state;   /* the file's ctime before, or the Epoch */
    struct timespec changed; /* the mark's own ctime */
};

/* NAME without bytes that a file's name or a list of words can't have, newly allocated; and back.  NULL
   with errno ENOMEM; mark_unescape also with EINVAL. */
char *mark_escape(const char *name);
char *mark_unescape(const char *text);

/* The path of MAKER's mark of the file NAME in DIRECTORY, newly allocated, or NULL with errno ENOMEM.  Where
   DIRECTORY is an absolute path, marks of all folders may be in it: NAME is then made absolute or, where it is below the
   directory that DIRECTORY is in, relative to that.  What is longer than an entry of a directory may be goes into
   directories below. */
char *mark_path(const char *directory, const char *name, const char *maker);

/* The file that a mark in DIRECTORY with the name NAME (malloc'ed, taken over) is of, newly allocated: a path from
   the current folder, or an absolute one.  NULL with errno ENOMEM, or ENOENT where it can't be told: the mark was made by
   a make that knew DIRECTORY by a path relative to another folder. */
char *mark_found(const char *directory, char *name);

/* The folder that SETTING, a value of SETTLE_DIR, means, newly allocated, or NULL with errno ENOMEM: "../marks" is one for
   several folders, hence an absolute path, so that names in it are nobody else's.  It has no slash at its end. */
char *mark_directory(const char *setting);

/* True where NAME stands for a target that is none of its files: in DIRECTORY, where no such file can be (job_marked). */
bool mark_is_key(const char *directory, const char *name);

/* The target that NAME stands for, or NAME. */
const char *mark_target(const char *directory, const char *name);

/* Makes DIRECTORY unless it is there.  Returns 0, or -1 with errno. */
int mark_prepare(const char *directory);

/* Makes DIRECTORY's own entry durable where order is not free (order.h).  Returns 0, or -1 with errno. */
int mark_prepare_durably(const char *directory);

/* Makes the directories that PATH, a mark's, is in, DIRECTORY itself included.  Returns 0, or -1 with errno. */
int mark_make_directories(const char *directory, char *path);

/* Marks the COUNT files NAME for a line that this process runs.  Those that MAKER has marked already become this
   process's, but for the marks of others that run: only the first file, whose mark the plugin looks at, is taken from
   these.  DURABLY before anything that comes after it, which costs an fsync where the order of marks before outputs is
   not free (order.h; KNOWN, where not NULL: what is known of it) and PAGE of MAKER's ledger can't do instead.  Returns
   COUNT, or the index of the name that failed, with errno. */
size_t mark_make(const char *directory, char *const *name, size_t count, const char *maker,
                 bool durably, const struct order_known *known, const struct ledger_page *page);

/* Makes again, unless it is there, MAKER's mark of the file NAME, which is finished and not durable.  Returns 0, or -1 with
   errno. */
int mark_renew(const char *directory, const char *name, const char *maker);

/* Makes again, unless it is there, MAKER's mark ENTRY, its name in DIRECTORY, with the STATE of its file as its
   modification time.  Returns 0, or -1 with errno. */
int mark_restore(const char *directory, const char *entry, const char *maker, struct timespec state);

/* Notes down in NAME's mark that the line run by process SHELL has come to END, unless the mark is another process's by
   now, whose line runs; or, with MARK_RUNNING, makes the mark SHELL's.  Returns 0, or -1 with errno: ENOENT where there
   is no such mark of MAKER's (any more). */
int mark_note(const char *directory, const char *name, const char *maker, enum mark_end end,
              pid_t shell);

/* Notes down that this process's line, for which it has marked NAME, has ended and could not be settled. */
void mark_note_failure(const char *directory, const char *name, const char *maker);

/* Where NAME's mark is MAKER's and says that a line is over: takes that back, without any need of space, since the next
   one could not be marked. */
void mark_cut_short(const char *directory, const char *name, const char *maker);

/* True where the file NAME, or what it leads to as a link, has not changed since its mark at PATH was made. */
bool mark_is_untouched(const char *path, const char *name);

/* True where LINK, the marked symbolic link as it is now, has not changed itself since its mark at PATH was made. */
bool mark_is_old_link(const char *path, const struct stat *link);

/* True where NAME has a mark of MAKER's, or nobody knows. */
bool mark_is_there(const char *directory, const char *name, const char *maker);

/* True where the line of MARK is over, and its file not durable for all that is known. */
bool mark_is_pending(const struct mark *mark);

/* Who has made MARK, into TEXT. */
void mark_maker(const struct mark *mark, char text[MAKER_TEXT]);

/* Reads the mark at PATH.  Returns 0, or -1 with errno (EINVAL: a link that is no mark). */
int mark_read(const char *path, struct mark *mark);

/* Reads MAKER's mark of NAME in DIRECTORY.  Returns 0, or -1 with errno, as mark_read. */
int mark_read_of(const char *directory, const char *name, const char *maker, struct mark *mark);

/* Removes NAME's mark if it is MAKER's.  Returns 0, also where it isn't, or -1 with errno. */
int mark_remove(const char *directory, const char *name, const char *maker);

/* Calls FOUND for each mark in DIRECTORY, with its path and its file's name.  Returns 0, or -1 with errno
   (0 where there is no such directory). */
int mark_each(const char *directory,
              void (*found)(const char *path, const char *name, void *context), void *context);

/* Calls FOUND for the path of each other mark of the file that PATH is a mark of, another make's; maybe more than once.
   The same errors. */
int mark_each_other(const char *path, void (*found)(const char *path, void *context), void *context);

#endif
