/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_MEMORY_RUN_H
#define BENCH_SIM_MEMORY_RUN_H

/* One scenario under one policy. */

#include "../sim/summary.h"
#include "policy.h"
#include "scenario.h"

struct mem_kind_result {
        struct summary slowdown; /* time taken over time wanted */
        struct summary response_sec;
        size_t unfinished; /* at the end of the run, or killed: counted with the time until then */
};

struct mem_result {
        struct mem_kind_result kinds[MEM_KINDS];
        double stall_sec;   /* stood still for memory, over all groups */
        double delayed_sec; /* of it, by memory.high */
        uint64_t refaulted_bytes;
        uint64_t oom_kills;
        uint64_t writes;              /* of knobs; not of memory.reclaim */
        uint64_t mean_resident_bytes; /* of the node, over time */
};

/* @return 0 or a negative errno. Complains. */
int mem_run(struct mem_result *ret, const struct mem_scenario *scenario, const struct mem_policy *policy,
        const struct mem_costs *costs);

#endif
