/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_LATE_H
#define BENCH_LATE_H

/* What is known about each burst that came late: to find out why. */

#include <stdint.h>
#include <stdio.h>

#include "run.h"

/* A burst is late from half as much again as it takes alone. */
#define LATE_PERMILLE 1500

/*
 * Writes one JSON object a line for every late burst of @run, while the run still stands.
 *
 * @alone_usec: the burst's median alone, or the burst itself while that is not known
 */
void late_write(FILE *file, const struct run *run, size_t repeat, uint64_t alone_usec);

#endif
