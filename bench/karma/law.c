/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The law on the credit trace: every quantum is a step of one second on a machine with a CPU for each user. The weights that
 * it set after the last quantum divide this one, as on a host.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "../peers/max-min.h"
#include "rules.h"

#define USEC_PER_SLICE ((double)LAW_STEP_USEC / CREDIT_FAIR)
#define CPUS_PERMILLE (CREDIT_USERS * 1000)

/* Found by search: 30 to 100 s all do; from 200 s on half of the trace passes before weights move. */
#define EVEN_DEPTH_USEC (50 * UINT64_C(1000000))
#define EVEN_STRENGTH_PERMILLE 12000
#define EVEN_FLOOR_PERMILLE 500

struct machine {
        struct cgb_policy *policy;
        cgb_node node[CREDIT_USERS];
        double total[CREDIT_USERS];  /* slices */
        double weight[CREDIT_USERS]; /* as written */
        uint64_t now_usec;
        uint64_t stalled_usec;
};

void law_even_over_minutes(struct cgb_policy_options *ret)
{
        cgb_policy_options_init(ret, LAW_STEP_USEC, CREDIT_USERS + 1);
        ret->slow_depth_usec = EVEN_DEPTH_USEC;
        ret->slow_strength_permille = EVEN_STRENGTH_PERMILLE;
        ret->debt_strength_permille = EVEN_STRENGTH_PERMILLE;
        ret->fast_strength_permille = 0;
        ret->floor_permille = EVEN_FLOOR_PERMILLE;
}

static int join_all(struct machine *machine)
{
        for (int i = 0; i < CREDIT_USERS; i++) {
                struct cgb_account_options options = {
                        .size = sizeof(options),
                        .parent = CGB_NODE_ROOT,
                        .share_permille = CGB_SHARE_DEFAULT_PERMILLE,
                        .identity = (uint64_t)i + 1,
                        .weight = CGB_WEIGHT_DEFAULT,
                };
                int error = cgb_policy_join(machine->policy, &options, &machine->node[i]);

                if (error < 0)
                        return error;
                machine->weight[i] = CGB_WEIGHT_DEFAULT;
        }
        return 0;
}

/* One quantum of the machine: users run by the weights they have. */
static void run_quantum(struct machine *machine, const struct credit_trace *trace, int quantum)
{
        struct max_min_user users[CREDIT_USERS], *order[CREDIT_USERS];
        double wanted = 0;

        for (int i = 0; i < CREDIT_USERS; i++) {
                users[i] = (struct max_min_user){.demand = trace->demand[i][quantum], .weight = machine->weight[i]};
                wanted += users[i].demand;
        }
        max_min(users, CREDIT_USERS, CREDIT_CAPACITY, order);
        for (int i = 0; i < CREDIT_USERS; i++)
                machine->total[i] += users[i].allocated;
        if (wanted > CREDIT_CAPACITY)
                machine->stalled_usec += LAW_STEP_USEC;
}

static uint64_t usec_of(double slices)
{
        return (uint64_t)llround(slices * USEC_PER_SLICE);
}

static void observe(struct machine *machine)
{
        struct cgb_pool_sample pool = {
                .stalled_usec = machine->stalled_usec,
                .machine_usec = CGB_UNKNOWN,
                .cpus_permille = CPUS_PERMILLE,
        };

        for (int i = 0; i < CREDIT_USERS; i++)
                pool.usage_usec += usec_of(machine->total[i]);
        cgb_policy_observe_pool(machine->policy, CGB_NODE_ROOT, &pool);
        for (int i = 0; i < CREDIT_USERS; i++) {
                struct cgb_account_sample sample = {.usage_usec = usec_of(machine->total[i]), .identity = (uint64_t)i + 1};

                cgb_policy_observe(machine->policy, machine->node[i], &sample);
        }
}

static void step(struct machine *machine)
{
        struct cgb_action action;

        observe(machine);
        cgb_policy_step(machine->policy, machine->now_usec);
        while (cgb_policy_next_action(machine->policy, &action))
                for (int i = 0; i < CREDIT_USERS; i++)
                        if (machine->node[i] == action.node)
                                machine->weight[i] = action.weight;
        machine->now_usec += LAW_STEP_USEC;
}

static int run_all(struct machine *machine, const struct credit_trace *trace)
{
        int error = join_all(machine);

        if (error < 0)
                return error;
        step(machine); /* what the first quantum is measured from */
        for (int t = 0; t < CREDIT_QUANTA; t++) {
                run_quantum(machine, trace, t);
                step(machine);
        }
        return 0;
}

int run_law(const struct credit_trace *trace, const struct cgb_policy_options *options, struct outcome *ret)
{
        size_t size = cgb_policy_memory_size(options);
        struct machine machine = {.now_usec = LAW_STEP_USEC};
        void *memory;
        int error;

        if (size == 0)
                return -EINVAL;
        memory = malloc(size);
        if (!memory)
                return -ENOMEM;
        error = cgb_policy_init(&machine.policy, memory, size, options);
        if (error >= 0)
                error = run_all(&machine, trace);
        if (error >= 0)
                *ret = outcome_of(machine.total);
        free(memory);
        return error;
}
