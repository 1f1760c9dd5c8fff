/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_SUMMARY_H
#define BENCH_SIM_SUMMARY_H

/* Many numbers in a few: nearest-rank percentiles, and how even totals are. */

#include <stddef.h>

struct summary {
        size_t n;
        double mean;
        double p01;
        double p50;
        double p95;
        double p99;
        double p99_9;
        double max;
};

/* Sorts @values. All zero if there are none. */
struct summary summary_of(double *values, size_t n);

/* How even totals are; with no totals, or zeros alone, all fields are 0. min is 0: median_min and max_median stay 0. */
struct fairness {
        double jain; /* (sum)^2 / (n * sum of squares): 1 all the same, 1/n one has all */
        double min_max;
        double median_min;
        double max_median;
};

/* Sorts @totals. */
struct fairness fairness_of(double *totals, size_t n);

#endif
