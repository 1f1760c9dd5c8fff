/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What cmocka wants before its own header, and a test without state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
