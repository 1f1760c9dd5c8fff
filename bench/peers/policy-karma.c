/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Karma on the simulated node. Its users say what they want before each quantum; here nobody does, so the last quantum has
 * to tell: who was throttled wants all there is, everybody else what it used. What one may have is written as cpu.max. An
 * idle workspace keeps its guarantee as its limit, although it is lent to others: else the first second of everything would
 * be lost.
 */

#include <errno.h>
#include <stdlib.h>

#include "karma.h"
#include "on-node.h"
#include "policies.h"

#define SLICES_PER_CPU 100 /* a quantum is a second, a slice 10 ms */
#define ALPHA .5           /* the middle of what its authors show */
#define INITIAL_CREDITS 1000000

struct karma_policy {
        struct on_node node;
        double alpha;
        struct karma_user *users; /* those that are managed */
        uint32_t *group;          /* whose each of them is */
        struct karma_run *runs;
        struct karma_edge *edges;
};

static void karma_close(void *state)
{
        struct karma_policy *policy = state;

        on_node_close(&policy->node);
        free(policy->users);
        free(policy->group);
        free(policy->runs);
        free(policy->edges);
        free(policy);
}

static int karma_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct karma_policy *policy = calloc(1, sizeof(*policy));

        (void)step_usec;
        if (!policy)
                return -ENOMEM;
        policy->users = calloc(machine->n_groups, sizeof(*policy->users));
        policy->group = calloc(machine->n_groups, sizeof(*policy->group));
        policy->runs = calloc(machine->n_groups, sizeof(*policy->runs));
        policy->edges = calloc(2 * (size_t)machine->n_groups, sizeof(*policy->edges));
        if (!policy->users || !policy->group || !policy->runs || !policy->edges ||
                on_node_open(&policy->node, machine, sizeof(struct karma_user)) < 0) {
                karma_close(policy);
                return -ENOMEM;
        }
        policy->alpha = ALPHA;
        sim_argument(arguments, "alpha", 0, 1, &policy->alpha);
        *ret_state = policy;
        return 0;
}

/* Those that are managed, side by side. @return how many */
static uint32_t gather(struct karma_policy *policy)
{
        struct karma_user *laws = policy->node.laws;
        uint32_t n = 0;

        for (uint32_t i = 0; i < policy->node.n; i++)
                if (policy->node.workspaces[i].managed) {
                        policy->users[n] = laws[i];
                        policy->group[n++] = i;
                }
        return n;
}

static struct karma rules(const struct karma_policy *policy, const struct sim_machine *machine, uint32_t n)
{
        int64_t fair = (int64_t)machine->cpus * SLICES_PER_CPU / n;

        return (struct karma){.fair = fair, .guaranteed = (int64_t)((double)fair * policy->alpha)};
}

static void apply(struct sim_group *group, int64_t slices)
{
        on_node_limit(group, (double)slices / SLICES_PER_CPU, false);
}

static void karma_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct karma_policy *policy = state;
        struct karma_user *laws = policy->node.laws;
        uint32_t n = gather(policy);

        if (!on_node_added(&policy->node, machine, group))
                return;
        laws[group].credits = karma_newcomer(policy->users, n, INITIAL_CREDITS);
        apply(&machine->groups[group], rules(policy, machine, n + 1).guaranteed);
}

static void karma_gone(void *state, struct sim_machine *machine, uint32_t group)
{
        struct karma_policy *policy = state;

        (void)machine;
        on_node_gone(&policy->node, group);
}

static int64_t demand_of(struct karma_policy *policy, const struct sim_machine *machine, uint32_t group, double elapsed_sec)
{
        struct on_node_growth growth = on_node_growth(&policy->node, machine, group);

        if (growth.throttled)
                return (int64_t)machine->cpus * SLICES_PER_CPU;
        return (int64_t)(growth.used_sec / elapsed_sec * SLICES_PER_CPU + .5);
}

static void karma_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct karma_policy *policy = state;
        struct karma_user *laws = policy->node.laws;
        double elapsed_sec = on_node_elapsed(&policy->node, now_usec);
        uint32_t n = gather(policy);
        struct karma karma;

        if (n == 0)
                return;
        karma = rules(policy, machine, n);
        for (uint32_t i = 0; i < n; i++)
                policy->users[i].demand = demand_of(policy, machine, policy->group[i], elapsed_sec);
        karma_quantum(&karma, policy->users, n, policy->runs, policy->edges);
        for (uint32_t i = 0; i < n; i++) {
                int64_t slices = policy->users[i].allocated;

                laws[policy->group[i]] = policy->users[i];
                apply(&machine->groups[policy->group[i]], slices > karma.guaranteed ? slices : karma.guaranteed);
        }
}

const struct sim_policy sim_policy_karma = {
        .name = "karma",
        .summary = "Karma, with what one used last second for what it wants; alpha= is the guaranteed part",
        .step_usec = 1000000,
        .step_is_free = true,
        .open = karma_open,
        .added = karma_added,
        .gone = karma_gone,
        .step = karma_all,
        .close = karma_close,
};
