/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gitpod's first controller on the simulated node. */

#include <errno.h>
#include <stdlib.h>

#include "gitpod1.h"
#include "on-node.h"
#include "policies.h"

#define UNITS_PER_CPU 100

static int gitpod1_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct on_node *node = calloc(1, sizeof(*node));

        (void)step_usec, (void)arguments;
        if (!node || on_node_open(node, machine, sizeof(struct gitpod1)) < 0) {
                free(node);
                return -ENOMEM;
        }
        *ret_state = node;
        return 0;
}

static void apply(struct sim_group *group, int64_t limit)
{
        on_node_limit(group, (double)limit / UNITS_PER_CPU, false);
}

static void gitpod1_added(void *state, struct sim_machine *machine, uint32_t group)
{
        if (on_node_added(state, machine, group))
                apply(&machine->groups[group], gitpod1_staircase(gitpod1_published.buckets, gitpod1_published.n_buckets, 0));
}

static void gitpod1_gone(void *state, struct sim_machine *machine, uint32_t group)
{
        (void)machine;
        on_node_gone(state, group);
}

static void gitpod1_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct on_node *node = state;
        struct gitpod1 *laws = node->laws;

        (void)now_usec;
        for (uint32_t i = 0; i < node->n; i++)
                if (node->workspaces[i].managed) {
                        int64_t used = (int64_t)(on_node_growth(node, machine, i).used_sec * UNITS_PER_CPU + .5);

                        apply(&machine->groups[i], gitpod1_step(&laws[i], &gitpod1_published, used));
                }
}

static void gitpod1_close(void *state)
{
        on_node_close(state);
        free(state);
}

const struct sim_policy sim_policy_gitpod1 = {
        .name = "gitpod1",
        .summary = "Gitpod's first controller: 5, 4, then 2 CPUs as the budget of 15 minutes is spent",
        .step_usec = GITPOD1_STEP_USEC,
        .open = gitpod1_open,
        .added = gitpod1_added,
        .gone = gitpod1_gone,
        .step = gitpod1_all,
        .close = gitpod1_close,
};
