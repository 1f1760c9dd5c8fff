/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_LAW_COST_H
#define BENCH_LAW_COST_H

/*
 * What the policy itself costs, without a kernel: a round as the header describes it, with readings that are made up. All
 * accounts are awake and the CPUs are full, so that nothing of the law is left out.
 */

#include <stdbool.h>
#include <stddef.h>

/* How the accounts use the CPU. */
enum crowd_load {
        CROWD_SETTLED, /* all the same, always: no weight changes */
        CROWD_CHANGING, /* three times as much as the others in one phase, a third in the next: all weights change all the time */
};

/*
 * Rounds until those who had much and those who had little change places: the fast credit does not come to its end in that
 * time.
 */
#define CROWD_PHASE 10

const char *crowd_load_to_string(enum crowd_load load);

/* How much the @index-th uses in this round, in halves of what the mean one uses: 1, 2 or 3. */
unsigned crowd_part(enum crowd_load load, size_t index, size_t round);

struct law_cost {
        double nsec_per_workspace; /* median over rounds */
        double writes_per_round;
};

/* @return 0; -ENOMEM. Complains. */
int law_cost(struct law_cost *ret, size_t workspaces, enum crowd_load load, size_t rounds);

#endif
