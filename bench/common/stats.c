/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>

#include "stats.h"

static int compare_u64(const void *a, const void *b)
{
        uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

static int compare_double(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return (left > right) - (left < right);
}

uint64_t percentile(const uint64_t *sorted, size_t n, unsigned permyriad)
{
        size_t rank = (n * permyriad + 9999) / 10000;

        return sorted[rank ? rank - 1 : 0];
}

struct percentiles percentiles_of(uint64_t *values, size_t n)
{
        if (!n)
                return (struct percentiles){.n = 0};
        qsort(values, n, sizeof(*values), compare_u64);
        return (struct percentiles){
                .n = n,
                .p50_usec = percentile(values, n, 5000),
                .p90_usec = percentile(values, n, 9000),
                .p99_usec = percentile(values, n, 9900),
                .p999_usec = percentile(values, n, 9990),
                .max_usec = values[n - 1],
        };
}

double median(double *values, size_t n)
{
        if (!n)
                return 0;
        qsort(values, n, sizeof(*values), compare_double);
        return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/*
 * A Weyl sequence (a state that grows by an odd constant passes through every 64-bit value) whose states are mixed so
 * that neighbours look unrelated. Quality enough for think times, and the same on every machine.
 */
#define WEYL_STEP UINT64_C(0x9e3779b97f4a7c15)  /* 2^64 / golden ratio: consecutive states lie far apart */
#define MIX_FACTOR UINT64_C(0xd6e8feb86659fd93) /* odd, about half of its bits set */

static uint64_t random_next(struct random *random)
{
        uint64_t x = random->state += WEYL_STEP;

        for (int round = 0; round < 2; round++) {
                x ^= x >> 32;
                x *= MIX_FACTOR;
        }
        return x ^ x >> 32;
}

void random_seed(struct random *random, uint64_t seed)
{
        random->state = seed;
}

uint64_t random_between(struct random *random, uint64_t low, uint64_t high)
{
        unsigned __int128 range = (unsigned __int128)(high - low) + 1;

        return low + (uint64_t)(random_next(random) * range >> 64);
}
