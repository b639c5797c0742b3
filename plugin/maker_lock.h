/* maker_lock.h - who of the makers that can't be looked at lives: they hold locks in the folder of marks
   SPDX-License-Identifier: GPL-3.0-or-later

   For maker.c; what others call is in maker.h.

   A maker keeps a byte of that folder locked, and so does each settle-sh of its, another one: open file description locks
   (fcntl(2)), which nobody else's descriptors give back.  To ask for one is no lock of one's own: two makes that
   start at once don't take each other for the dead one. */

#ifndef SETTLE_MAKER_LOCK_H
#define SETTLE_MAKER_LOCK_H

#include <stdbool.h>

/* True where the maker TEXT does not keep its byte of DIRECTORY locked: it is gone.  Where locks can't be had, false.
   A make that starts anew (make does that, once a makefile is remade) is without it until it has loaded the plugin
   again: true is not said before a tenth of a second has passed. */
bool maker_is_unlocked(const char *directory, const char *text);

/* True where it keeps that byte locked, as far as can be told. */
bool maker_is_locked(const char *directory, const char *text);

#endif
