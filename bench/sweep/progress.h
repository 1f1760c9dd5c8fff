/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_PROGRESS_H
#define BENCH_SWEEP_PROGRESS_H

/* How far the work is: on a terminal a bar with the time that is left, elsewhere a line for each tenth. On stderr. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
        bool bar;
        size_t before; /* done by somebody else, and no measure of our speed */
        size_t n;
        size_t tenths; /* that were told */
        uint64_t began_usec;
        uint64_t told_usec;
};

void progress_begin(struct progress *ret, size_t done, size_t n);
void progress_tell(struct progress *progress, size_t done);
void progress_end(struct progress *progress);

/* What is left by the speed until now. @return seconds; NAN before there is any */
double progress_left_sec(size_t before, size_t done, size_t n, double elapsed_sec);

#endif
