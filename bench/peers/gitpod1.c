/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Gitpod's first controller, 2020. Usage is sampled every 10 s into a ring of 15 min. The sum of the ring, what a workspace
 * spent in the last quarter of an hour, goes down a staircase of buckets: as long as the first budget lasts, the first limit
 * holds, then the second. Who has arrived at the last limit stays there until the window's sum falls below the clamp.
 *
 * A workspace that did nothing for a quarter of an hour is no better off than one that did little. Nothing is known of the
 * others: a limit holds on an empty machine as well.
 */

#include "gitpod1.h"

/* 5 CPUs for 900 CPU seconds, 4 for the next 1200, then 2 */
static const struct gitpod1_bucket published_buckets[] = {{90000, 500}, {120000, 400}, {54000, 200}};

const struct gitpod1_rules gitpod1_published = {
        .buckets = published_buckets,
        .n_buckets = sizeof(published_buckets) / sizeof(published_buckets[0]),
        .window = GITPOD1_WINDOW_MAX,
        .clamp = 54000,
};

int64_t gitpod1_staircase(const struct gitpod1_bucket *buckets, size_t n, int64_t spent)
{
        for (size_t i = 0; i + 1 < n; i++) {
                spent -= buckets[i].budget;
                if (spent <= 0)
                        return buckets[i].limit;
        }
        return n > 0 ? buckets[n - 1].limit : 0;
}

int64_t gitpod1_step(struct gitpod1 *state, const struct gitpod1_rules *rules, int64_t used)
{
        int64_t last = rules->n_buckets > 0 ? rules->buckets[rules->n_buckets - 1].limit : 0, limit;

        state->spent += used - state->ring[state->at];
        state->ring[state->at] = used;
        state->at = (state->at + 1) % rules->window;

        if (state->clamped && state->spent >= rules->clamp)
                return last;
        limit = gitpod1_staircase(rules->buckets, rules->n_buckets, state->spent);
        state->clamped = rules->clamp > 0 && limit == last;
        return limit;
}
