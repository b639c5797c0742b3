/* unit.h - what every unit test needs before cmocka.h
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_UNIT_H
#define SETTLE_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
