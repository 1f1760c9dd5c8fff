/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_REPORT_H
#define BENCH_MEMORY_REPORT_H

/* What the scenarios ended with: a table for people, or JSON. */

#include <stdio.h>

#include "scenario.h"

/* All repeats of one scenario under one policy. */
struct memory_series {
        const struct memory_policy *policy;
        size_t n;
        double (*values)[FIGURES_MAX]; /* one row a repeat */
};

struct memory_result {
        const struct scenario *scenario;
        char setting[256]; /* what was run */
        size_t n_series;
        struct memory_series series[MEMORY_POLICIES];
};

/* The median over the repeats; NAN without any. */
double memory_median(const struct memory_series *series, size_t figure);

/* Policies side by side. */
void memory_report_print(const struct memory_result *result, FILE *file);

/* All of them as one JSON object. @return 0 or a negative errno. Complains. */
int memory_report_json(const struct memory_result *results, size_t n, const struct memory_options *options, FILE *file);

#endif
