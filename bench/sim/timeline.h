/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_TIMELINE_H
#define BENCH_SIM_TIMELINE_H

/* What the groups' weights, and what a policy counts for them, were at regular times. */

#include "policy.h"

struct timeline_point {
        uint32_t weight; /* 0: the group was not there */
        struct sim_credit credit;
};

struct timeline {
        uint64_t every_usec; /* 0: nothing is kept */
        char **names;        /* [group], without the root */
        size_t n_groups;
        struct timeline_point *points; /* [time * n_groups + group]; the first time is .every_usec */
        size_t n;                      /* times */
        size_t room;
};

/* @return 0 or -ENOMEM */
int timeline_init(struct timeline *ret, const struct sim_machine *machine, uint64_t every_usec);
void timeline_free(struct timeline *timeline);

/* After each step: takes a point if one is due. @return 0 or -ENOMEM */
int timeline_take(struct timeline *timeline, const struct sim_machine *machine, const struct sim_policy *policy, void *state,
        uint64_t now_usec);

#endif
