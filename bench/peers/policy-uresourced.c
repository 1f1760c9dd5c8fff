/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * uresourced on the simulated node. Whoever works here has come over the network, and logind calls every remote session
 * active; what runs in a lane for batch work is the only thing outside of a session. Without lanes all are the same.
 */

#include "policies.h"
#include "uresourced.h"

static int uresourced_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        (void)machine, (void)step_usec, (void)arguments;
        *ret_state = NULL;
        return 0;
}

static void uresourced_added(void *state, struct sim_machine *machine, uint32_t number)
{
        struct sim_group *group = &machine->groups[number];
        struct uresourced_user user = uresourced_user(group->role != SIM_LANE_BATCH);

        (void)state;
        if (number == SIM_ROOT)
                return;
        group->knobs.weight = user.weight;
        group->knobs.memory_low_bytes = user.low_bytes;
}

const struct sim_policy sim_policy_uresourced = {
        .name = "uresourced",
        .summary = "weight 500 and protected memory for sessions, 100 for lanes of batch work",
        .open = uresourced_open,
        .added = uresourced_added,
};
