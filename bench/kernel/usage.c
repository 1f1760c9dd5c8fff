/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <sched.h>

#include "../common/clock.h"
#include "usage.h"

struct usage usage_now(const struct groups *groups, pid_t manager)
{
        struct usage usage = {
                .wall_usec = now_usec(),
                .parent_usec = groups_parent_usage_usec(groups),
                .manager_usec = manager ? process_cpu_usec(manager) : 0,
                .n = groups->n,
        };

        for (size_t i = 0; i < groups->n; i++)
                usage.group_usec[i] = groups_usage_usec(groups, i);
        return usage;
}

struct usage usage_between(const struct usage *earlier, const struct usage *later)
{
        struct usage usage = {
                .wall_usec = later->wall_usec - earlier->wall_usec,
                .parent_usec = later->parent_usec - earlier->parent_usec,
                .manager_usec = later->manager_usec - earlier->manager_usec,
                .n = later->n,
        };

        for (size_t i = 0; i < later->n; i++)
                usage.group_usec[i] = later->group_usec[i] - earlier->group_usec[i];
        return usage;
}

unsigned count_cpus(void)
{
        cpu_set_t cpus;

        return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ? 1 : (unsigned)CPU_COUNT(&cpus);
}

double usage_capacity_usec(const struct usage *usage)
{
        return count_cpus() * (double)usage->wall_usec;
}

uint64_t usage_sum_from(const struct usage *usage, size_t first)
{
        uint64_t sum = 0;

        for (size_t i = first; i < usage->n; i++)
                sum += usage->group_usec[i];
        return sum;
}

double usage_share_error(const struct usage *usage, size_t first)
{
        double share = (double)usage_sum_from(usage, first) / (double)(usage->n - first), worst = 0;

        if (share <= 0)
                return 0;
        for (size_t i = first; i < usage->n; i++)
                worst = fmax(worst, fabs((double)usage->group_usec[i] - share) / share);
        return worst;
}
