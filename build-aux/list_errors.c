/* list_errors.c - prints what the C library says of each errno, as the initializers of a C array of texts
   SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

/* errno's values end at 133 on Linux, and at 1133 on MIPS; what the library has no text for, it calls unknown. */
#define MOST 2048

int main(void)
{
    for (int error = 0; error < MOST; error++) {
        const char *text = strerror(error);

        if (strncmp(text, "Unknown error", strlen("Unknown error")) != 0)
            printf("[%d] = \"%s\",\n", error, text);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
