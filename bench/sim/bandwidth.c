/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "bandwidth.h"
#include "policy.h"

/* A nanosecond, in which the kernel counts: less than that is what rounding has left of a runtime that is used up. */
#define NOTHING_SEC 1e-9

void bandwidth_init(struct bandwidth *bandwidth)
{
        *bandwidth = (struct bandwidth){.quota_sec = INFINITY, .period_sec = SIM_PERIOD_USEC * 1e-6};
}

static void grant(struct bandwidth *bandwidth)
{
        bandwidth->runtime_sec =
                fmin(bandwidth->runtime_sec + bandwidth->quota_sec, bandwidth->quota_sec + bandwidth->burst_sec);
        bandwidth->granted_sec = bandwidth->runtime_sec;
}

void bandwidth_set(struct bandwidth *bandwidth, double quota_sec, double period_sec, double burst_sec)
{
        bool had_none = isinf(bandwidth->quota_sec);

        bandwidth->quota_sec = quota_sec;
        bandwidth->period_sec = period_sec;
        bandwidth->burst_sec = burst_sec;
        bandwidth->throttled = false;
        if (isinf(quota_sec)) {
                bandwidth->ticking = false;
                return;
        }
        if (had_none)
                bandwidth->runtime_sec = 0;
        grant(bandwidth);
}

void bandwidth_start(struct bandwidth *bandwidth, double now_sec)
{
        double missed;

        if (bandwidth->ticking || isinf(bandwidth->quota_sec))
                return;
        missed = fmax(floor((now_sec - bandwidth->period_end_sec) / bandwidth->period_sec), 0);
        if (bandwidth->nr_periods == 0)
                bandwidth->period_end_sec = now_sec + bandwidth->period_sec;
        else
                bandwidth->period_end_sec += (missed + 1) * bandwidth->period_sec;
        bandwidth->ticking = true;
}

static void spend(struct bandwidth *bandwidth, double elapsed_sec, double rate, double held)
{
        if (bandwidth->throttled) {
                bandwidth->throttled_sec += held * elapsed_sec;
                bandwidth->used = true;
        } else if (rate * elapsed_sec > 0) {
                bandwidth->runtime_sec -= rate * elapsed_sec;
                bandwidth->used = true;
        }
}

static void end_period(struct bandwidth *bandwidth)
{
        double beyond_sec = bandwidth->granted_sec - bandwidth->runtime_sec - bandwidth->quota_sec;

        bandwidth->nr_periods++;
        bandwidth->nr_throttled += bandwidth->throttled;
        if (beyond_sec > NOTHING_SEC) {
                bandwidth->nr_bursts++;
                bandwidth->beyond_quota_sec += beyond_sec;
        }
        bandwidth->ticking = bandwidth->used;
        bandwidth->throttled = bandwidth->used = false;
        if (bandwidth->ticking)
                bandwidth->period_end_sec += bandwidth->period_sec;
        grant(bandwidth);
}

bool bandwidth_advance(struct bandwidth *bandwidth, double from_sec, double to_sec, double rate, double held)
{
        bool was_throttled = bandwidth->throttled;

        while (bandwidth->ticking && bandwidth->period_end_sec <= to_sec) {
                spend(bandwidth, bandwidth->period_end_sec - from_sec, rate, held);
                from_sec = bandwidth->period_end_sec;
                end_period(bandwidth);
        }
        if (!bandwidth->ticking)
                return bandwidth->throttled != was_throttled;
        spend(bandwidth, to_sec - from_sec, rate, held);
        if (rate > 0 && bandwidth->runtime_sec <= NOTHING_SEC)
                bandwidth->throttled = true;
        return bandwidth->throttled != was_throttled;
}

double bandwidth_next_sec(const struct bandwidth *bandwidth, double now_sec, double rate)
{
        double out_sec;

        if (!bandwidth->ticking)
                return INFINITY;
        if (bandwidth->throttled)
                return bandwidth->period_end_sec;
        out_sec = rate > 0 ? now_sec + bandwidth->runtime_sec / rate : INFINITY;
        if (out_sec < bandwidth->period_end_sec)
                return out_sec;
        return rate * bandwidth->period_sec > bandwidth->quota_sec ? bandwidth->period_end_sec : INFINITY;
}
