/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

/* Who used how much CPU between two moments. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "groups.h"

struct usage {
        uint64_t wall_usec;
        uint64_t parent_usec;  /* all groups and what else is in the parent */
        uint64_t manager_usec; /* the process that manages them, 0 if there is none */
        size_t n;
        uint64_t group_usec[GROUPS_MAX];
};

/* Takes readings of everything now. @manager: 0 = nobody. */
struct usage usage_now(const struct groups *groups, pid_t manager);

/* What was used from @earlier to @later. */
struct usage usage_between(const struct usage *earlier, const struct usage *later);

/* The CPUs that this process may run on. */
unsigned count_cpus(void);

/* CPU time of all of them during @usage: CPUs times wall time. */
double usage_capacity_usec(const struct usage *usage);

/* The sum over groups @first and later. */
uint64_t usage_sum_from(const struct usage *usage, size_t first);

/* The largest deviation of one of these groups from an equal part of their sum, as a part of that part. 0 if they used
 * nothing. */
double usage_share_error(const struct usage *usage, size_t first);

#endif
