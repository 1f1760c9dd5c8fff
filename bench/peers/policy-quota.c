/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A static quota on the simulated node, without and with burst. */

#include <errno.h>
#include <stdlib.h>

#include "on-node.h"
#include "policies.h"

/* Of the machine: so one workspace cannot have all of it, and two can. */
#define PART_OF_MACHINE .5

struct quota_policy {
        struct on_node node;
        double cpus;
};

static int quota_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct quota_policy *policy = calloc(1, sizeof(*policy));

        (void)step_usec;
        if (!policy || on_node_open(&policy->node, machine, 0) < 0) {
                free(policy);
                return -ENOMEM;
        }
        policy->cpus = on_node_cpus(arguments, "cpus", machine->cpus * PART_OF_MACHINE);
        *ret_state = policy;
        return 0;
}

static void quota_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct quota_policy *policy = state;

        if (on_node_added(&policy->node, machine, group))
                on_node_limit(&machine->groups[group], policy->cpus, false);
}

static void quota_burst_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct quota_policy *policy = state;

        if (on_node_added(&policy->node, machine, group))
                on_node_limit(&machine->groups[group], policy->cpus, true);
}

static void quota_close(void *state)
{
        struct quota_policy *policy = state;

        on_node_close(&policy->node);
        free(policy);
}

const struct sim_policy sim_policy_quota = {
        .name = "quota",
        .summary = "cpu.max for each, half of the machine; cpus= overrides it",
        .open = quota_open,
        .added = quota_added,
        .close = quota_close,
};

const struct sim_policy sim_policy_quota_burst = {
        .name = "quota_burst",
        .summary = "the same, and cpu.max.burst as large as the quota",
        .open = quota_open,
        .added = quota_burst_added,
        .close = quota_close,
};
