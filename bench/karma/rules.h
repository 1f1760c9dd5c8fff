/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_KARMA_RULES_H
#define BENCH_KARMA_RULES_H

/* The rules that are compared on the credit trace, and how even they leave its users. */

#include <cgburst/policy.h>

#include "../sim/summary.h"
#include "credit-trace.h"

/* What all of a trace came to. */
struct outcome {
        struct fairness fairness; /* of the users' totals */
        double utilisation;       /* slices used of those there were */
};

struct outcome outcome_of(const double total[CREDIT_USERS]);

/* No one gets more than its fair share of a quantum: a quota for each. */
struct outcome run_static(const struct credit_trace *trace);

struct outcome run_max_min(const struct credit_trace *trace);

/* @alpha_permille: thousandths of its fair share that a user is guaranteed. */
struct outcome run_karma(const struct credit_trace *trace, unsigned alpha_permille);

/* A quantum is a step of the law. Users are CPUs wide, so 100 slices are a second of CPU. */
#define LAW_STEP_USEC 1000000

/*
 * The options with which the law evens out minutes instead of serving bursts: no fast credit, and a slow one as deep as
 * a long stretch of a user and of the greatest strength; so even small differences count. The floor is the one that the
 * published rule of this kind has.
 */
void law_even_over_minutes(struct cgb_policy_options *ret);

/*
 * The law of <cgburst/policy.h>: weights from credit, and then what a fair scheduler makes of weights.
 *
 * @return 0 and the outcome in *@ret; -EINVAL if @options are out of range, -ENOMEM
 */
int run_law(const struct credit_trace *trace, const struct cgb_policy_options *options, struct outcome *ret);

#endif
