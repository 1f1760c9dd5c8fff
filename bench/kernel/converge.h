/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_CONVERGE_H
#define BENCH_CONVERGE_H

/*
 * Who is no longer interactive gets no more than the others: after the warm-up the probe gives way to two loops in its
 * group, and the group's share of the CPUs is read every second until it is its fair one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run.h"

#define CONVERGE_SECONDS_MAX 180

struct converge_second {
        double share;        /* of the CPU time that all groups used in this second */
        double lowest_other; /* what the worst group of loops got in the five seconds that end here, over its fair share of them */
};

struct converge_result {
        uint64_t step_usec;
        double fair_share;
        double floor; /* what the library promises to each active group, as a part of its fair share */
        bool converged;
        size_t converge_sec; /* until the share was within a tenth of the fair one, and stayed so */
        size_t n;
        struct converge_second seconds[CONVERGE_SECONDS_MAX];
};

/* Makes one run of @plan. @return 0; -EINTR after a signal; another negative errno. Complains. */
int converge(const struct run_plan *plan, struct interrupt *interrupt, const struct spinner *spinner,
        struct converge_result *ret);

/* The least that any group of loops got in any five seconds, as a part of its fair share. */
double converge_lowest_other(const struct converge_result *result);

#endif
