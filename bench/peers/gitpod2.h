/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_GITPOD2_H
#define BENCH_PEERS_GITPOD2_H

/* Gitpod's second controller (2022): those who were throttled get a burst, the least used first. See gitpod2.c. */

#include <stddef.h>
#include <stdint.h>

#define GITPOD2_STEP_USEC UINT64_C(15000000)

/* Limits and rates in thousandths of a CPU. */
struct gitpod2_rules {
        int64_t total; /* of all workspaces of the node together */
        int64_t base;
        int64_t burst;
};

extern const struct gitpod2_rules gitpod2_published;

struct gitpod2_workspace {
        uint64_t usage_usec;          /* cpu.stat usage_usec; in */
        uint64_t nr_throttled;        /* cpu.stat nr_throttled; in */
        int64_t limit;                /* out */
        uint64_t usage_before_usec;   /* of the last step; state */
        uint64_t nr_throttled_before; /* of the last step; state */
};

/* @elapsed_usec: since the last step, above 0. @order is scratch, room for @n. */
void gitpod2_step(const struct gitpod2_rules *rules, struct gitpod2_workspace *workspaces, size_t n, uint64_t elapsed_usec,
        struct gitpod2_workspace **order);

#endif
