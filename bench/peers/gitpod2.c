/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Gitpod's second controller, 2022. Every 15 s: what all used since the last step, over the time, is how much of the node's
 * total is taken. Workspaces are gone through by what they used in all of their life, the least first. Each gets the base
 * limit; but as long as less than the total is taken, one that was throttled before the last step and was throttled again
 * since gets the burst limit, and that counts as taken at once.
 *
 * No credit: who had nothing for an hour is not better off than who had nothing for 15 s. Newcomers come first until they
 * have used as much as the oldest. The first throttling is not seen, because a counter of 0 does not count as throttled. Who
 * has the burst is no longer throttled, and so loses it in the next step.
 */

#include <stdlib.h>

#include "gitpod2.h"

#define USEC_PER_MSEC 1000

const struct gitpod2_rules gitpod2_published = {.total = 12000, .base = 2000, .burst = 6000};

static int by_lifetime_usage(const void *a, const void *b)
{
        const struct gitpod2_workspace *left = *(struct gitpod2_workspace *const *)a;
        const struct gitpod2_workspace *right = *(struct gitpod2_workspace *const *)b;

        if (left->usage_usec != right->usage_usec)
                return left->usage_usec < right->usage_usec ? -1 : 1;
        return (left > right) - (left < right); /* by place in the array */
}

/* Growth of all usage per time, in thousandths of a CPU. */
static int64_t rate_of(const struct gitpod2_workspace *workspaces, size_t n, uint64_t elapsed_usec)
{
        uint64_t used_usec = 0;

        for (size_t i = 0; i < n; i++)
                used_usec += workspaces[i].usage_usec - workspaces[i].usage_before_usec;
        return (int64_t)(used_usec * USEC_PER_MSEC / elapsed_usec);
}

void gitpod2_step(const struct gitpod2_rules *rules, struct gitpod2_workspace *workspaces, size_t n, uint64_t elapsed_usec,
        struct gitpod2_workspace **order)
{
        int64_t used = rate_of(workspaces, n, elapsed_usec);

        for (size_t i = 0; i < n; i++)
                order[i] = &workspaces[i];
        qsort(order, n, sizeof(struct gitpod2_workspace *), by_lifetime_usage);
        for (size_t i = 0; i < n; i++) {
                struct gitpod2_workspace *workspace = order[i];

                workspace->limit = rules->base;
                if (used < rules->total && workspace->nr_throttled_before != 0 &&
                        workspace->nr_throttled > workspace->nr_throttled_before) {
                        workspace->limit = rules->burst;
                        used += rules->burst;
                }
                workspace->nr_throttled_before = workspace->nr_throttled;
                workspace->usage_before_usec = workspace->usage_usec;
        }
}
