/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_LIMITER_H
#define BENCH_MEMORY_LIMITER_H

/*
 * Senpai as a process of its own beside the groups: a limit that it lowers is reclaimed in its own time, and the bench does
 * not wait.
 */

#include "stage.h"

int limiter_begin_senpai(struct stage *stage);

#endif
