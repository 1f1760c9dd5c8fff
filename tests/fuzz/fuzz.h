/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * fuzz.h - what libFuzzer, or the driver that stands in for it, calls
 */

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes; aborts if something does not hold. @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
