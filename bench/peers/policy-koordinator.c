/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Koordinator's CPU burst on the simulated node. */

#include <errno.h>
#include <stdlib.h>

#include "koordinator.h"
#include "on-node.h"
#include "policies.h"

/* Of the machine, as in policy-quota.c. */
#define PART_OF_MACHINE .5

struct koordinator_policy {
        struct on_node node;
        double base;
};

static int koordinator_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct koordinator_policy *policy = calloc(1, sizeof(*policy));

        (void)step_usec;
        if (!policy || on_node_open(&policy->node, machine, sizeof(struct koordinator)) < 0) {
                free(policy);
                return -ENOMEM;
        }
        policy->base = on_node_cpus(arguments, "base", machine->cpus * PART_OF_MACHINE);
        *ret_state = policy;
        return 0;
}

static void koordinator_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct koordinator_policy *policy = state;
        struct koordinator *laws = policy->node.laws;

        if (!on_node_added(&policy->node, machine, group))
                return;
        laws[group] = koordinator_start(policy->base);
        on_node_limit(&machine->groups[group], policy->base, false);
}

static void koordinator_gone(void *state, struct sim_machine *machine, uint32_t group)
{
        struct koordinator_policy *policy = state;

        (void)machine;
        on_node_gone(&policy->node, group);
}

static void koordinator_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct koordinator_policy *policy = state;
        struct koordinator *laws = policy->node.laws;
        double elapsed_sec = on_node_elapsed(&policy->node, now_usec);
        double node_use = on_node_growth(&policy->node, machine, SIM_ROOT).used_sec / (elapsed_sec * machine->cpus);

        for (uint32_t i = 0; i < policy->node.n; i++) {
                struct on_node_growth growth;

                if (!policy->node.workspaces[i].managed)
                        continue;
                growth = on_node_growth(&policy->node, machine, i);
                on_node_limit(&machine->groups[i],
                        koordinator_step(&laws[i], policy->base, node_use,
                                &(struct koordinator_sample){
                                        .used = growth.used_sec / elapsed_sec,
                                        .throttled = growth.throttled,
                                        .elapsed_sec = elapsed_sec,
                                }),
                        false);
        }
}

static void koordinator_close(void *state)
{
        struct koordinator_policy *policy = state;

        on_node_close(&policy->node);
        free(policy);
}

const struct sim_policy sim_policy_koordinator = {
        .name = "koordinator",
        .summary = "Koordinator's CPU burst over a quota of half of the machine; base= (CPUs) overrides it",
        .step_usec = 1000000,
        .step_is_free = true,
        .open = koordinator_open,
        .added = koordinator_added,
        .gone = koordinator_gone,
        .step = koordinator_all,
        .close = koordinator_close,
};
