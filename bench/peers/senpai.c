/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Senpai, first form. Every 6 s memory.high is moved so that memory.pressure grows by 10 ms a step: less, and high comes
 * down by up to 1 %, by the square of how much less; more, and it goes up at once by up to twice itself. So it always
 * squeezes, and a group that grows fast runs into a limit that was right 6 s ago: a build that peaks at 800 MB took 3 m 58
 * alone and 4 m 00 under it, but with half of what it needs it collapses.
 *
 * Newer form. No limit: while neither memory nor io is under pressure, it reclaims 1 % of what lies above a floor.
 */

#include <stdbool.h>

#include "senpai.h"

#define GROW_MAX 1.0
#define GROW_FULL_AT 20.0 /* times the pressure that is wanted */
#define SHRINK_MAX .01
#define SHRINK_FULL_AT 10.0 /* that part of the pressure that is wanted */

#define RECLAIM_PART .01
#define CALM_PERCENT .1

static double min(double a, double b)
{
        return a < b ? a : b;
}

static double square(double number)
{
        return number * number;
}

uint64_t senpai_high(uint64_t high_bytes, uint64_t growth_usec)
{
        double wanted = (double)SENPAI_PRESSURE_USEC, growth = growth_usec > 0 ? (double)growth_usec : 1, factor = 1;

        if (growth > wanted)
                factor += min(GROW_MAX, square(growth / wanted / GROW_FULL_AT));
        else if (growth < wanted)
                factor -= min(SHRINK_MAX, SHRINK_MAX * square(wanted / growth / SHRINK_FULL_AT));
        return (uint64_t)((double)high_bytes * factor);
}

uint64_t senpai_reclaim(uint64_t current_bytes, uint64_t floor_bytes, const struct senpai_pressure *pressure)
{
        bool memory_is_calm = pressure->memory_some_avg10 < CALM_PERCENT && pressure->memory_some_avg60 < CALM_PERCENT;
        bool io_is_calm = pressure->io_some_avg10 < CALM_PERCENT && pressure->io_some_avg60 < CALM_PERCENT;

        if (current_bytes <= floor_bytes || !memory_is_calm || !io_is_calm)
                return 0;
        return (uint64_t)((double)(current_bytes - floor_bytes) * RECLAIM_PART);
}
