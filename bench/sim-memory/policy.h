/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_MEMORY_POLICY_H
#define BENCH_SIM_MEMORY_POLICY_H

/*
 * A policy of the simulated memory: it reads facts, sets knobs by plain assignment, and may ask for reclaim. It has no other
 * senses.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node.h"

struct mem_machine {
        /* of it: size, free memory and swap as /proc/meminfo tells them, and the groups' facts and knobs */
        struct mem_node *node;
        uint64_t now_usec;
        bool pressed; /* a trigger on the parent's memory.pressure fired since the last step */
};

struct mem_policy {
        const char *name;
        const char *summary;
        uint64_t step_usec; /* 0: never after open() */

        /*
         * Knobs are at what the scenario says: memory.max, no high, no low. @return 0 and its state in *@ret (NULL will do),
         * or a negative errno.
         */
        int (*open)(void **ret, struct mem_machine *machine);
        void (*step)(void *state, struct mem_machine *machine);
        uint64_t (*due_usec)(const void *state); /* when it wants the next step, if it is sooner; NULL: it never does */
        void (*close)(void *state);
};

extern const struct mem_policy *const mem_policies[]; /* NULL at the end */
const struct mem_policy *mem_policy_find(const char *name);

extern const struct mem_policy mem_policy_cgburst; /* law.c */

#endif
