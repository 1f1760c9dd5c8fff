/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * exactness.h - how much memory.reclaim takes of who is asked to give
 */

#include <stdbool.h>

/*
 * Does the kernel take what it is asked for, and no more than the last page? It does where pages are in generations
 * (/sys/kernel/mm/lru_gen/enabled, Linux 6.1). The two lists of active and inactive pages are scanned in parts of their
 * length: of a hundredth of a heap 12 % more is taken on 6.1, and 24 % on 6.12; of larger parts up to twice as much on 6.1
 * (tests/kernel/exactness.c).
 *
 * @prefix: before /sys; "" on a real host
 */
bool cgb_reclaims_exactly(const char *prefix);
