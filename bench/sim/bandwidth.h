/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_BANDWIDTH_H
#define BENCH_SIM_BANDWIDTH_H

/*
 * cpu.max and cpu.max.burst of one group, as the kernel's period timer handles them.
 *
 * Each period grants the quota; what is left over from earlier ones counts too, up to the burst. A group that has run out is
 * throttled until the period ends. The timer starts when the group runs, and stops after a whole period in which it did not;
 * periods stay on one grid. Not modelled: the slices of 5 ms that each CPU takes at a time.
 */

#include <stdbool.h>
#include <stdint.h>

struct bandwidth {
        double quota_sec; /* INFINITY: none, and nothing below counts */
        double period_sec;
        double burst_sec;
        double runtime_sec; /* CPU time left in this period */
        double granted_sec; /* what was left when the period began */
        double period_end_sec;
        bool ticking; /* the timer runs */
        bool used;    /* it ran in this period */
        bool throttled;
        uint64_t nr_periods;
        uint64_t nr_throttled;
        uint64_t nr_bursts;
        double throttled_sec;    /* summed over the CPUs that it could have used */
        double beyond_quota_sec; /* burst_usec of cpu.stat */
};

void bandwidth_init(struct bandwidth *bandwidth);

/* New values: grants anew, and frees a throttled group at once. */
void bandwidth_set(struct bandwidth *bandwidth, double quota_sec, double period_sec, double burst_sec);

/* The group has begun to run at @now_sec. */
void bandwidth_start(struct bandwidth *bandwidth, double now_sec);

/*
 * Passes over the time from @from_sec to @to_sec, in which the group ran at @rate, or, while it was throttled, was held back
 * on @held CPUs. Must not pass over a time that bandwidth_next_sec() told.
 *
 * @return true if it became throttled or free
 */
bool bandwidth_advance(struct bandwidth *bandwidth, double from_sec, double to_sec, double rate, double held);

/* When a group that goes on at @rate is throttled or freed, or has to be asked again; INFINITY: not as long as that lasts.
 */
double bandwidth_next_sec(const struct bandwidth *bandwidth, double now_sec, double rate);

#endif
