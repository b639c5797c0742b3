/* ballast.h - something that takes room
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef BALLAST_H
#define BALLAST_H

#include <stddef.h>

/* In bytes; what is behind it is SIZE_MIB of the makefile. */
size_t ballast_size(void);

#endif
