/* error_text.c - strerror(3) for a settle-sh with musl: in the words of the C library that settle and make have
   SPDX-License-Identifier: GPL-3.0-or-later

   musl says "I/O error" where GNU says "Input/output error", and so on.  The Makefile has the texts listed by a
   program that is linked with the other library, and makes strerror this function's name (-Dstrerror). */

#include "config.h"

#include <stdio.h>
#include <string.h>

char *strerror(int error)
{
    static const char *const texts[] = {
#include "plugin/musl/error_texts.inc"
    };
    static char text[100];

    if (error >= 0 && (size_t)error < sizeof texts / sizeof *texts && texts[error])
        snprintf(text, sizeof text, "%s", texts[error]);
    else
        snprintf(text, sizeof text, "Unknown error %d", error);
    return text;
}
