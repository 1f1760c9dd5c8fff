/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A static quota, as containers and pods have it: so much CPU time in each 100 ms, and no more, whether or not anybody else
 * wants the CPUs. With cpu.max.burst (Linux 5.14) what was left in earlier periods accumulates, here up to the quota: twice
 * the quota in one period, after an idle one.
 */

#include "quota.h"

#define PERIOD_USEC 100000  /* the kernel's default, which nobody changes */
#define QUOTA_MIN_USEC 1000 /* the kernel takes no less */

struct quota_files quota_for(double cpus, bool with_burst)
{
        uint64_t quota_usec = (uint64_t)(cpus * PERIOD_USEC + .5);

        if (quota_usec < QUOTA_MIN_USEC)
                quota_usec = QUOTA_MIN_USEC;
        return (struct quota_files){quota_usec, PERIOD_USEC, with_burst ? quota_usec : 0};
}
