/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Arbiter2 on the simulated node, by CPU alone. */

#include <errno.h>
#include <stdlib.h>

#include "arbiter2.h"
#include "on-node.h"
#include "policies.h"

/* The published quota is 8 CPUs of a login node, which has some 32. */
#define PART_OF_MACHINE .25

struct arbiter2_policy {
        struct on_node node;
        double quota;
};

static int arbiter2_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct arbiter2_policy *policy = calloc(1, sizeof(*policy));

        (void)step_usec;
        if (!policy || on_node_open(&policy->node, machine, sizeof(struct arbiter2)) < 0) {
                free(policy);
                return -ENOMEM;
        }
        policy->quota = on_node_cpus(arguments, "quota", machine->cpus * PART_OF_MACHINE);
        *ret_state = policy;
        return 0;
}

static void arbiter2_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct arbiter2_policy *policy = state;
        struct arbiter2 *laws = policy->node.laws;

        if (!on_node_added(&policy->node, machine, group))
                return;
        laws[group] = arbiter2_start();
        on_node_limit(&machine->groups[group], policy->quota, false);
}

static void arbiter2_gone(void *state, struct sim_machine *machine, uint32_t group)
{
        struct arbiter2_policy *policy = state;

        (void)machine;
        on_node_gone(&policy->node, group);
}

static void arbiter2_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct arbiter2_policy *policy = state;
        struct arbiter2 *laws = policy->node.laws;
        double elapsed_sec = on_node_elapsed(&policy->node, now_usec);

        for (uint32_t i = 0; i < policy->node.n; i++) {
                double use;

                if (!policy->node.workspaces[i].managed)
                        continue;
                use = on_node_growth(&policy->node, machine, i).used_sec / elapsed_sec / policy->quota;
                on_node_limit(&machine->groups[i], policy->quota * arbiter2_step(&laws[i], use, 0, now_usec), false);
        }
}

static void arbiter2_close(void *state)
{
        struct arbiter2_policy *policy = state;

        on_node_close(&policy->node);
        free(policy);
}

const struct sim_policy sim_policy_arbiter2 = {
        .name = "arbiter2",
        .summary = "Arbiter2: a quarter of the machine, less for who uses it for long; quota= (CPUs) overrides it",
        .step_usec = ARBITER2_STEP_USEC,
        .open = arbiter2_open,
        .added = arbiter2_added,
        .gone = arbiter2_gone,
        .step = arbiter2_all,
        .close = arbiter2_close,
};
