/* main.c - what the pipeline builds: a program that says how large it is
   SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>

#include "ballast.h"

int main(void)
{
    return printf("%zu bytes of ballast\n", ballast_size()) < 0;
}
