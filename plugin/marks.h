/* marks.h - settle --status and settle --recover: a folder's marks, by hand
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_MARKS_H
#define SETTLE_MARKS_H

/* Lists the marks of FOLDER (a make's; they are in its SETTLE_DIR, by default .settle) on stdout, with age and
   maker.  Returns 0, or 1 after a message. */
int marks_status(const char *folder);

/* Removes the outputs of FOLDER whose recipes were cut short, as the plugin does when it is loaded.  Returns 0,
   or 1 after a message. */
int marks_recover(const char *folder);

#endif
