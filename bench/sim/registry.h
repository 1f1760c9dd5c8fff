/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_REGISTRY_H
#define BENCH_SIM_REGISTRY_H

/* The policies that there are, and what the user wrote behind their names. */

#include "policy.h"

#define ARGUMENTS_MAX 16
#define ARGUMENT_KEY_SIZE 24

struct sim_arguments {
        struct {
                char key[ARGUMENT_KEY_SIZE];
                double value;
                bool taken;
        } given[ARGUMENTS_MAX];
        size_t n;
        char out_of_range[96]; /* what sim_argument() found wrong; empty: nothing */
};

/* One policy of a run. */
struct sim_choice {
        const struct sim_policy *policy;
        struct sim_arguments arguments;
        char name[128]; /* with its arguments, as it was given */
};

/*
 * Reads a list "equal,cgburst:fast=15,reach=32,oracle": what has an equals sign and no colon belongs to the policy before
 * it. Adds to the @n choices that @choices has, up to @max.
 *
 * @return 0 or -EINVAL. Complains.
 */
int sim_choices_parse(struct sim_choice *choices, size_t *n, size_t max, const char *list);

/* After open(): has somebody taken every argument, in its range? @return 0 or -EINVAL. Complains. */
int sim_arguments_check(const struct sim_choice *choice);

/* The policies one after the other; NULL after the last. */
const struct sim_policy *sim_policy_at(size_t i);

#endif
