/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* EC2 credits on the simulated node: each workspace is an instance. */

#include <errno.h>
#include <stdlib.h>

#include "ec2.h"
#include "on-node.h"
#include "policies.h"

/* t3.medium: two vCPUs, as most have who rent one to work on */
#define TYPE "t3.medium"

struct ec2_policy {
        struct on_node node;
        const struct ec2_type *type;
};

static int ec2_open(void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct ec2_policy *policy = calloc(1, sizeof(*policy));
        double number = (double)(ec2_find_type(TYPE) - ec2_types);

        (void)step_usec;
        if (!policy || on_node_open(&policy->node, machine, sizeof(struct ec2)) < 0) {
                free(policy);
                return -ENOMEM;
        }
        sim_argument(arguments, "type", 0, (double)(ec2_n_types - 1), &number);
        policy->type = &ec2_types[(size_t)number];
        *ret_state = policy;
        return 0;
}

static void ec2_added(void *state, struct sim_machine *machine, uint32_t group)
{
        struct ec2_policy *policy = state;
        struct ec2 *laws = policy->node.laws;

        if (!on_node_added(&policy->node, machine, group))
                return;
        laws[group] = ec2_launch(policy->type);
        on_node_limit(&machine->groups[group], ec2_limit(&laws[group], policy->type), false);
}

static void ec2_gone(void *state, struct sim_machine *machine, uint32_t group)
{
        struct ec2_policy *policy = state;

        (void)machine;
        on_node_gone(&policy->node, group);
}

static void ec2_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct ec2_policy *policy = state;
        struct ec2 *laws = policy->node.laws;
        double elapsed_sec = on_node_elapsed(&policy->node, now_usec);

        for (uint32_t i = 0; i < policy->node.n; i++) {
                if (!policy->node.workspaces[i].managed)
                        continue;
                ec2_step(&laws[i], policy->type, on_node_growth(&policy->node, machine, i).used_sec, elapsed_sec);
                on_node_limit(&machine->groups[i], ec2_limit(&laws[i], policy->type), false);
        }
}

static void ec2_close(void *state)
{
        struct ec2_policy *policy = state;

        on_node_close(&policy->node);
        free(policy);
}

const struct sim_policy sim_policy_ec2 = {
        .name = "ec2",
        .summary = "EC2 credits; type= 0 for t2.micro, 1 to 7 for t3.nano to 2xlarge, 4 for medium, the default",
        .step_usec = 1000000,
        .step_is_free = true,
        .open = ec2_open,
        .added = ec2_added,
        .gone = ec2_gone,
        .step = ec2_all,
        .close = ec2_close,
};
