/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Gitpod's second controller on the simulated node. Its limits are scaled with the machine: published are 2 and 6 of 12
 * CPUs.
 */

#include <errno.h>
#include <stdlib.h>

#include "gitpod2.h"
#include "on-node.h"
#include "policies.h"

#define MILLI_PER_CPU 1000

struct gitpod2_policy {
        struct on_node node;
        struct gitpod2_rules rules;
        struct gitpod2_workspace *workspaces; /* those that are managed */
        struct gitpod2_workspace **order;
        uint32_t *group; /* whose each of them is */
};

static void gitpod2_close(void *state)
{
        struct gitpod2_policy *policy = state;

        on_node_close(&policy->node);
        free(policy->workspaces);
        free(policy->order);
        free(policy->group);
        free(policy);
}

static int64_t limit(struct sim_arguments *arguments, const char *key, const struct sim_machine *machine, int64_t published)
{
        double cpus = (double)(machine->cpus * published) / (double)gitpod2_published.total;

        return (int64_t)(on_node_cpus(arguments, key, cpus) * MILLI_PER_CPU + .5);
}

static int gitpod2_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct gitpod2_policy *policy = calloc(1, sizeof(*policy));

        (void)step_usec;
        if (!policy)
                return -ENOMEM;
        policy->workspaces = calloc(machine->n_groups, sizeof(*policy->workspaces));
        policy->order = calloc(machine->n_groups, sizeof(*policy->order));
        policy->group = calloc(machine->n_groups, sizeof(*policy->group));
        if (!policy->workspaces || !policy->order || !policy->group ||
                on_node_open(&policy->node, machine, sizeof(struct gitpod2_workspace)) < 0) {
                gitpod2_close(policy);
                return -ENOMEM;
        }
        policy->rules = (struct gitpod2_rules){
                .total = limit(arguments, "total", machine, gitpod2_published.total),
                .base = limit(arguments, "base", machine, gitpod2_published.base),
                .burst = limit(arguments, "burst", machine, gitpod2_published.burst),
        };
        *ret_state = policy;
        return 0;
}

static void gitpod2_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct gitpod2_policy *policy = state;

        if (on_node_added(&policy->node, machine, group))
                on_node_limit(&machine->groups[group], (double)policy->rules.base / MILLI_PER_CPU, false);
}

static void gitpod2_gone(void *state, struct sim_machine *machine, uint32_t group)
{
        struct gitpod2_policy *policy = state;

        (void)machine;
        on_node_gone(&policy->node, group);
}

/* Those that are managed, with what they did: the law wants them side by side. */
static uint32_t gather(struct gitpod2_policy *policy, const struct sim_machine *machine)
{
        struct gitpod2_workspace *laws = policy->node.laws;
        uint32_t n = 0;

        for (uint32_t i = 0; i < policy->node.n; i++) {
                if (!policy->node.workspaces[i].managed)
                        continue;
                policy->workspaces[n] = laws[i];
                policy->workspaces[n].usage_usec = machine->groups[i].facts.usage_usec;
                policy->workspaces[n].nr_throttled = machine->groups[i].facts.nr_throttled;
                policy->group[n++] = i;
        }
        return n;
}

static void gitpod2_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct gitpod2_policy *policy = state;
        struct gitpod2_workspace *laws = policy->node.laws;
        uint64_t elapsed_usec = now_usec - policy->node.stepped_usec;
        uint32_t n = gather(policy, machine);

        policy->node.stepped_usec = now_usec;
        gitpod2_step(&policy->rules, policy->workspaces, n, elapsed_usec, policy->order);
        for (uint32_t i = 0; i < n; i++) {
                uint32_t group = policy->group[i];

                laws[group] = policy->workspaces[i];
                on_node_limit(&machine->groups[group], (double)laws[group].limit / MILLI_PER_CPU, false);
        }
}

const struct sim_policy sim_policy_gitpod2 = {
        .name = "gitpod2",
        .summary = "Gitpod's second controller; total= base= burst= (CPUs) override 1, 1/6, 1/2 of the machine",
        .step_usec = GITPOD2_STEP_USEC,
        .open = gitpod2_open,
        .added = gitpod2_added,
        .gone = gitpod2_gone,
        .step = gitpod2_all,
        .close = gitpod2_close,
};
