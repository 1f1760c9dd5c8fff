/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>

#include "../common/stats.h"
#include "summary.h"

static int compare(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return (left > right) - (left < right);
}

/* The smallest value that @permille of all do not exceed. */
static double nearest_rank(const double *sorted, size_t n, size_t permille)
{
        size_t rank = (n * permille + 999) / 1000;

        return sorted[rank ? rank - 1 : 0];
}

struct summary summary_of(double *values, size_t n)
{
        double sum = 0;

        if (n == 0)
                return (struct summary){0};
        qsort(values, n, sizeof(*values), compare);
        for (size_t i = 0; i < n; i++)
                sum += values[i];
        return (struct summary){
                .n = n,
                .mean = sum / (double)n,
                .p01 = nearest_rank(values, n, 10),
                .p50 = nearest_rank(values, n, 500),
                .p95 = nearest_rank(values, n, 950),
                .p99 = nearest_rank(values, n, 990),
                .p99_9 = nearest_rank(values, n, 999),
                .max = values[n - 1],
        };
}

struct fairness fairness_of(double *totals, size_t n)
{
        double middle = median(totals, n), sum = 0, squares = 0;
        struct fairness fairness = {0};

        for (size_t i = 0; i < n; i++) {
                sum += totals[i];
                squares += totals[i] * totals[i];
        }
        if (squares == 0)
                return fairness;
        fairness.jain = sum * sum / ((double)n * squares);
        fairness.min_max = totals[0] / totals[n - 1];
        fairness.median_min = totals[0] > 0 ? middle / totals[0] : 0;
        fairness.max_median = middle > 0 ? totals[n - 1] / middle : 0;
        return fairness;
}
