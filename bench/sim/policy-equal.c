/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every group has the weight of its share, for ever: what systemd gives. It is max-min by shares as well, for that is what a
 * fluid scheduler makes of weights. */

#include "policies.h"

static int equal_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        (void)machine, (void)step_usec, (void)arguments;
        *ret_state = NULL;
        return 0;
}

const struct sim_policy sim_policy_equal = {
        .name = "equal",
        .summary = "the weight of its share for each, unchanged: max-min by shares",
        .open = equal_open,
};
