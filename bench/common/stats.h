/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

/*
 * The arithmetic of the measurements: exact percentiles, medians over repeats, and random numbers that are the same in
 * every run, so that each policy meets the same think times.
 */

#include <stddef.h>
#include <stdint.h>

struct percentiles {
        size_t n;
        uint64_t p50_usec;
        uint64_t p90_usec;
        uint64_t p99_usec;
        uint64_t p999_usec;
        uint64_t max_usec;
};

/* The nearest-rank percentile: the smallest value that @permyriad / 10000 of all values do not exceed. @n is not 0. */
uint64_t percentile(const uint64_t *sorted, size_t n, unsigned permyriad);

/* Sorts @values. All zero if there are none. */
struct percentiles percentiles_of(uint64_t *values, size_t n);

/* The middle one, or the mean of the two in the middle. Sorts @values. 0 if there are none. */
double median(double *values, size_t n);

struct random {
        uint64_t state;
};

void random_seed(struct random *random, uint64_t seed);

/* Evenly from @low to @high, both included; @low <= @high. */
uint64_t random_between(struct random *random, uint64_t low, uint64_t high);

#endif
