/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The law itself, by the same calls as the live scheduler makes: lib/sense.c reads files where this reads facts, lib/apply.c
 * writes them where this sets knobs. Nothing of the law is in here.
 */

#include <errno.h>
#include <stdlib.h>

#include <cgburst/policy.h>

#include "policies.h"

#define PERMILLE_PER_CPU 1000

#define USEC_PER_SEC 1e6
#define PERMILLE 1e3

struct law {
        struct cgb_policy *policy;
        cgb_node *node_of;  /* [group] */
        uint32_t *group_of; /* [node] */
        uint8_t memory[] __attribute__((aligned));
};

static void override_depth(struct sim_arguments *arguments, const char *key, uint64_t *depth_usec)
{
        double seconds = (double)*depth_usec / USEC_PER_SEC;

        if (sim_argument(arguments, key, 0.001, 86400, &seconds))
                *depth_usec = (uint64_t)(seconds * USEC_PER_SEC);
}

static void override_permille(struct sim_arguments *arguments, const char *key, double min, double max, uint32_t *permille)
{
        double part = *permille / PERMILLE;

        if (sim_argument(arguments, key, min, max, &part))
                *permille = (uint32_t)(part * PERMILLE + 0.5);
}

/* The constants of the law by the names that docs/bench.md gives them; the ranges are those of <cgburst/policy.h>. */
static void override(struct cgb_policy_options *options, struct sim_arguments *arguments)
{
        override_depth(arguments, "slow", &options->slow_depth_usec);
        override_depth(arguments, "fast", &options->fast_depth_usec);
        override_permille(arguments, "slow_strength", 0, 12, &options->slow_strength_permille);
        override_permille(arguments, "debt_strength", 0, 12, &options->debt_strength_permille);
        override_permille(arguments, "fast_strength", 0, 12, &options->fast_strength_permille);
        override_permille(arguments, "floor", 0, 1, &options->floor_permille);
        override_permille(arguments, "reach", 1, 1000, &options->reach_permille);
        override_permille(arguments, "hysteresis", 0, 1, &options->hysteresis_permille);
}

static int cgburst_open(
        void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments)
{
        struct cgb_policy_options options;
        struct law *law;
        size_t size;
        int error;

        cgb_policy_options_init(&options, step_usec, machine->n_groups);
        override(&options, arguments);
        size = cgb_policy_memory_size(&options);
        if (size == 0)
                return -EINVAL;
        law = calloc(1, sizeof(*law) + size);
        if (!law)
                return -ENOMEM;
        law->node_of = calloc(machine->n_groups, sizeof(*law->node_of));
        law->group_of = calloc(machine->n_groups, sizeof(*law->group_of));
        error = law->node_of && law->group_of ? cgb_policy_init(&law->policy, law->memory, size, &options) : -ENOMEM;
        if (error < 0) {
                free(law->node_of);
                free(law->group_of);
                free(law);
                return error;
        }
        *ret_state = law;
        return 0;
}

static void cgburst_close(void *state)
{
        struct law *law = state;

        free(law->node_of);
        free(law->group_of);
        free(law);
}

/* The identity of a directory is its inode; here, where no name comes back, the index will do. */
static uint64_t identity_of(uint32_t group)
{
        return (uint64_t)group + 1;
}

static void cgburst_added(void *state, struct sim_machine *machine, uint32_t number)
{
        const struct sim_group *group = &machine->groups[number];
        struct law *law = state;
        struct cgb_account_options options = {
                .size = sizeof(options),
                .parent = law->node_of[group->parent],
                .share_permille = group->share_permille,
                .identity = identity_of(number),
                .usage_usec = group->facts.usage_usec,
                .weight = group->knobs.weight,
        };

        if (number == SIM_ROOT || cgb_policy_join(law->policy, &options, &law->node_of[number]) < 0)
                return; /* the root is there from the start */
        law->group_of[law->node_of[number]] = number;
}

static void cgburst_gone(void *state, struct sim_machine *machine, uint32_t number)
{
        struct law *law = state;

        (void)machine;
        cgb_policy_leave(law->policy, law->node_of[number]);
}

static void sense_groups(struct law *law, const struct sim_machine *machine, cgb_node pool)
{
        cgb_node node;

        while (cgb_policy_next_to_read(law->policy, pool, &node)) {
                uint32_t number = law->group_of[node];
                struct cgb_account_sample sample = {
                        .identity = identity_of(number),
                        .usage_usec = machine->groups[number].facts.usage_usec,
                };

                cgb_policy_observe(law->policy, node, &sample);
        }
}

/* The managed parent has the machine to itself, so its usage is the machine's; that says nothing about an inner pool. */
static void sense_pool(struct law *law, const struct sim_machine *machine, uint32_t number)
{
        const struct sim_facts *facts = &machine->groups[number].facts;
        struct cgb_pool_sample sample = {
                .usage_usec = facts->usage_usec,
                .stalled_usec = facts->cpu_some_usec,
                .machine_usec = number == SIM_ROOT ? facts->usage_usec : CGB_UNKNOWN,
                .cpus_permille = machine->cpus * PERMILLE_PER_CPU,
        };

        if (cgb_policy_observe_pool(law->policy, law->node_of[number], &sample) == 0)
                sense_groups(law, machine, law->node_of[number]);
}

static void cgburst_step(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        struct law *law = state;
        struct cgb_action action;

        for (uint32_t i = 0; i < machine->n_groups; i++)
                if (machine->groups[i].present && machine->groups[i].role == SIM_PARENT)
                        sense_pool(law, machine, i);
        cgb_policy_step(law->policy, now_usec);
        while (cgb_policy_next_action(law->policy, &action))
                machine->groups[law->group_of[action.node]].knobs.weight = action.weight;
}

static void cgburst_credit(void *state, uint32_t number, struct sim_credit *ret)
{
        struct law *law = state;
        struct cgb_account_state account;

        if (cgb_policy_get_account(law->policy, law->node_of[number], &account) < 0 || account.slow_cap_usec <= 0 ||
                account.fast_cap_usec <= 0)
                return;
        ret->slow = (double)account.slow_credit_usec / (double)account.slow_cap_usec;
        ret->fast = (double)account.fast_credit_usec / (double)account.fast_cap_usec;
}

const struct sim_policy sim_policy_cgburst = {
        .name = "cgburst",
        .summary = "the law of this project; slow= fast= (s) slow_strength= debt_strength= fast_strength= floor= "
                   "reach= hysteresis= override it",
        .step_usec = 1000000,
        .step_is_free = true,
        .open = cgburst_open,
        .added = cgburst_added,
        .gone = cgburst_gone,
        .step = cgburst_step,
        .close = cgburst_close,
        .credit = cgburst_credit,
};
