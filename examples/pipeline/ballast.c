/* ballast.c - something that takes room, so that the linker has pages to write
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "ballast.h"

/* Not all zeros, or it would go into .bss and take none. */
static volatile char ballast[(size_t)SIZE_MIB << 20] = {1};

size_t ballast_size(void)
{
    return sizeof ballast - !ballast[0];
}
