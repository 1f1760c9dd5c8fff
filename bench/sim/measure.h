/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_MEASURE_H
#define BENCH_SIM_MEASURE_H

/*
 * What a run was like for those who waited. Watches the node from beside, and knows nothing of policies.
 *
 * slowdown  response time, from arrival to completion, over the time which the job takes alone on the empty machine
 * boost     from the moment in which a group begins to want the CPU until it first runs as fast as it wants; a group that is
 *           idle again before was never boosted
 * floor     over windows of one step: what a group got that wanted the CPU in all of the window, over its fair share among
 * those who wanted it then, or over what it wanted if that is less. The first window of a group's waking does not count:
 *           nothing that looks once a step can know of it
 */

#include "layout.h"
#include "node.h"
#include "summary.h"
#include "timeline.h"
#include "trace.h"

struct measure_values {
        double *values;
        size_t n;
        size_t room;
};

/* Of one group, since something. */
struct measure_group {
        double awake_since_sec; /* INFINITY: it is idle */
        bool boosted;
        double usage_sec;    /* when the window began */
        bool awake_all;      /* in all of the window so far */
        bool awake_some;     /* at some time in it */
        bool awake_before;   /* in all of the window before */
        double shares_awake; /* of its children, where they are awake in the window */
};

struct measure {
        const struct trace *trace;
        const struct layout *layout;
        double *response_sec; /* [job]; NAN: not finished, or given up */
        bool *beside; /* [job]: other work of its workspace that nobody waits for at a key was unfinished when it came */
        uint32_t *batch_unfinished; /* [workspace] */
        double *used_sec;           /* [workspace], hogs behind them: up to the end of the trace's span */
        struct measure_group *groups;
        struct measure_values boosts;
        struct measure_values floors;
        size_t wakes;
        int error; /* -ENOMEM: something is missing above */
};

int measure_init(struct measure *ret, const struct trace *trace, const struct layout *layout);
void measure_free(struct measure *measure);

void measure_arrival(struct measure *measure, size_t job);
void measure_completion(struct measure *measure, size_t job, double now_sec, bool finished);

/* After each node_share(). */
void measure_rates(struct measure *measure, const struct node *node);

/* At the end of each window. */
void measure_window(struct measure *measure, const struct node *node, double window_sec);

/* Once, at the end of the trace's span. */
void measure_totals(struct measure *measure, const struct node *node);

/* What is reported of one kind. */
struct kind_result {
        struct summary slowdown;
        struct summary response_sec;
        struct summary beside_slowdown; /* interactive kinds: those that came beside other work of their own workspace */
};

struct workspace_result {
        double wanted_sec; /* INFINITY: endless */
        double used_sec;
};

/* All of a run. Times in seconds, parts as numbers from 0 to 1. */
struct sim_result {
        double cpu_used_of_wanted;
        struct kind_result kinds[TRACE_KINDS_MAX];
        struct fairness fairness; /* of used over wanted, by workspace; if any wants without end, of used */
        size_t wakes;
        struct summary boost_sec; /* .n of .wakes were boosted */
        struct summary floor;
        double isolation_mean; /* throughput over that of an empty machine, over interactive jobs: 1 / slowdown */
        double isolation_p01;
        double latency_impact;               /* mean of slowdown - 1, over interactive jobs */
        struct workspace_result *workspaces; /* the trace's, then the hogs */
        size_t n_workspaces;
        double end_sec; /* of simulated time */
        uint64_t steps;
        uint64_t writes;
        double elapsed_sec; /* real time */
        struct timeline timeline;
};

/* @return 0 or -ENOMEM */
int measure_result(struct sim_result *ret, const struct measure *measure, const struct node *node);
void sim_result_free(struct sim_result *result);

#endif
