/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Static weights by what truly runs in each group: the bound for everybody who has to find out. */

#include "policies.h"

static const uint32_t weight_by_truth[] = {
        [SIM_TRUTH_INTERACTIVE] = 10000,
        [SIM_TRUTH_BATCH] = 100,
        [SIM_TRUTH_HOG] = 1,
};

static int oracle_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        (void)machine, (void)step_usec, (void)arguments;
        *ret_state = NULL;
        return 0;
}

static void oracle_added(void *state, struct sim_machine *machine, uint32_t group)
{
        (void)state;
        machine->groups[group].knobs.weight = weight_by_truth[machine->groups[group].truth];
}

const struct sim_policy sim_policy_oracle = {
        .name = "oracle",
        .summary = "10000 : 100 : 1 by the true kind of each group: interactive, batch, endless",
        .open = oracle_open,
        .added = oracle_added,
};
