/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_ON_NODE_H
#define BENCH_PEERS_ON_NODE_H

/* What the peers have in common when they run on the simulated node: one record a workspace, and a limit as cpu.max. */

#include "../sim/policy.h"

#define USEC_PER_SEC 1e6

/* What there is of one workspace. Each policy uses the part that it needs, and what it keeps besides in .law. */
struct on_node_workspace {
        bool managed;
        uint64_t usage_usec; /* at the last step */
        uint64_t nr_throttled;
};

struct on_node {
        uint64_t stepped_usec; /* when the last step was */
        uint32_t n;
        struct on_node_workspace *workspaces; /* [group] */
        void *laws;                           /* [group], of the size that was asked for */
};

/* @law_size: of what the policy keeps for each group; zeroed. @return 0 or -ENOMEM */
int on_node_open(struct on_node *ret, const struct sim_machine *machine, size_t law_size);
void on_node_close(struct on_node *node);

/*
 * Peers manage whole workspaces: of nested lanes their parent. Lanes that are siblings are workspaces of their own to them.
 *
 * @return true if @group is one; it is managed from now on
 */
bool on_node_added(struct on_node *node, const struct sim_machine *machine, uint32_t group);
void on_node_gone(struct on_node *node, uint32_t group);

/* What a managed group did since the last step. */
struct on_node_growth {
        double used_sec;
        bool throttled;
};

/* To be asked once a step for each group. */
struct on_node_growth on_node_growth(struct on_node *node, const struct sim_machine *machine, uint32_t group);

/* Opens a step. @return the seconds since the last one. */
double on_node_elapsed(struct on_node *node, uint64_t now_usec);

/* cpu.max, and cpu.max.burst if wanted. */
void on_node_limit(struct sim_group *group, double cpus, bool with_burst);

/* A number of CPUs that the user may give as @key. */
double on_node_cpus(struct sim_arguments *arguments, const char *key, double cpus);

#endif
