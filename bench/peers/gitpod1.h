/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_GITPOD1_H
#define BENCH_PEERS_GITPOD1_H

/* Gitpod's first controller (2020): what was spent in a window picks a limit. See gitpod1.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CPU time and limits count in hundredths of a CPU: 500 is five CPUs, a budget of 500 is five CPU seconds. */
struct gitpod1_bucket {
        int64_t budget; /* of the last one: has no meaning */
        int64_t limit;
};

struct gitpod1_rules {
        const struct gitpod1_bucket *buckets;
        size_t n_buckets;
        size_t window; /* samples in the ring; at most GITPOD1_WINDOW_MAX */
        int64_t clamp; /* in the last bucket until less than this was spent; 0: no clamp */
};

#define GITPOD1_STEP_USEC UINT64_C(10000000)
#define GITPOD1_WINDOW_MAX 90 /* 15 min of steps */

/* As it ran in production. */
extern const struct gitpod1_rules gitpod1_published;

struct gitpod1 {
        int64_t ring[GITPOD1_WINDOW_MAX];
        size_t at;
        int64_t spent; /* sum of the ring */
        bool clamped;
};

/* The limit for what was spent, without a clamp; 0 if there are no buckets. */
int64_t gitpod1_staircase(const struct gitpod1_bucket *buckets, size_t n, int64_t spent);

/* @used: since the last step. @return the limit from now on. */
int64_t gitpod1_step(struct gitpod1 *state, const struct gitpod1_rules *rules, int64_t used);

#endif
