/* meter.h - the line on a terminal that tells how far the command has come
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_METER_H
#define SETTLE_METER_H

#include <stdbool.h>

#include "engine.h"

/* True where stderr is a terminal, and there is somebody to look.  Signals that end the process then
   take the line away first. */
bool meter_start(void);

/* Writes the line over the one before, at the earliest half a second after the start. */
void meter_show(const struct progress *progress);

/* Takes the line away, if there is one. */
void meter_clear(void);

#endif
