/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <cgburst/policy.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/stats.h"
#include "law.h"

#define STEP_USEC USEC_PER_SEC
#define CPUS 4

/* Until the caches are warm, and everybody's weight has left where it began. */
#define WARMUP_ROUNDS CROWD_PHASE

struct law {
        struct cgb_policy *policy;
        size_t n;
        cgb_node *nodes; /* in the order of joining */
        size_t *index;   /* by node */
        uint64_t *used_usec;
        uint64_t total_usec;
        uint64_t rounds;
        uint64_t writes;
};

const char *crowd_load_to_string(enum crowd_load load)
{
        return load == CROWD_CHANGING ? "changing" : "settled";
}

unsigned crowd_part(enum crowd_load load, size_t index, size_t round)
{
        if (load == CROWD_SETTLED)
                return 2;
        return (index + round / CROWD_PHASE) % 2 ? 1 : 3;
}

static void law_close(struct law *law)
{
        free(law->policy);
        free(law->nodes);
        free(law->index);
        free(law->used_usec);
}

static int join_all(struct law *law)
{
        for (size_t i = 0; i < law->n; i++) {
                struct cgb_account_options account = {
                        .size = sizeof(account),
                        .parent = CGB_NODE_ROOT,
                        .share_permille = CGB_SHARE_DEFAULT_PERMILLE,
                        .identity = i + 1,
                        .weight = CGB_WEIGHT_DEFAULT,
                };
                int error = cgb_policy_join(law->policy, &account, &law->nodes[i]);

                if (error < 0)
                        return error;
                law->index[law->nodes[i]] = i;
        }
        return 0;
}

static int law_open(struct law *ret, size_t n)
{
        struct law law = {.n = n};
        struct cgb_policy_options options;
        size_t size;
        void *memory;
        int error = -ENOMEM;

        cgb_policy_options_init(&options, STEP_USEC, (uint32_t)n + 1);
        size = cgb_policy_memory_size(&options);
        memory = malloc(size);
        law.nodes = calloc(n, sizeof(*law.nodes));
        law.index = calloc(n + 1, sizeof(*law.index));
        law.used_usec = calloc(n, sizeof(*law.used_usec));
        if (memory && law.nodes && law.index && law.used_usec)
                error = cgb_policy_init(&law.policy, memory, size, &options);
        if (error < 0)
                free(memory);
        else
                error = join_all(&law);
        *ret = law;
        return error;
}

/* The CPUs are full: what everybody uses adds up to all there is. */
static void use_cpus(struct law *law, enum crowd_load load)
{
        uint64_t half_usec = CPUS * STEP_USEC / law->n / 2;

        for (size_t i = 0; i < law->n; i++) {
                uint64_t used_usec = half_usec * crowd_part(load, i, law->rounds);

                law->used_usec[i] += used_usec;
                law->total_usec += used_usec;
        }
        law->rounds++;
}

/* What an embedder does once a step, but for reading and writing files. */
static void round_of(struct law *law)
{
        struct cgb_pool_sample pool = {
                .usage_usec = law->total_usec,
                .stalled_usec = law->rounds * STEP_USEC,
                .machine_usec = law->total_usec,
                .cpus_permille = CPUS * 1000,
        };
        struct cgb_action action;
        cgb_node node;

        cgb_policy_observe_pool(law->policy, CGB_NODE_ROOT, &pool);
        while (cgb_policy_next_to_read(law->policy, CGB_NODE_ROOT, &node)) {
                size_t i = law->index[node];

                cgb_policy_observe(
                        law->policy, node, &(struct cgb_account_sample){.usage_usec = law->used_usec[i], .identity = i + 1});
        }
        cgb_policy_step(law->policy, law->rounds * STEP_USEC);
        while (cgb_policy_next_action(law->policy, &action))
                law->writes++;
}

static void measure(struct law *law, enum crowd_load load, double *nsec, size_t rounds)
{
        for (size_t i = 0; i < WARMUP_ROUNDS + rounds; i++) {
                uint64_t begin_nsec;

                if (i == WARMUP_ROUNDS)
                        law->writes = 0;
                use_cpus(law, load);
                begin_nsec = now_nsec();
                round_of(law);
                if (i >= WARMUP_ROUNDS)
                        nsec[i - WARMUP_ROUNDS] = (double)(now_nsec() - begin_nsec);
        }
}

int law_cost(struct law_cost *ret, size_t workspaces, enum crowd_load load, size_t rounds)
{
        double *nsec = calloc(rounds, sizeof(*nsec));
        struct law law;
        int error = law_open(&law, workspaces);

        if (!nsec && error >= 0)
                error = -ENOMEM;
        if (error >= 0) {
                measure(&law, load, nsec, rounds);
                ret->nsec_per_workspace = median(nsec, rounds) / (double)workspaces;
                ret->writes_per_round = (double)law.writes / (double)rounds;
        }
        law_close(&law);
        free(nsec);
        return error < 0 ? complain(error, "a policy of %zu workspaces", workspaces) : 0;
}
