/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_SENPAI_H
#define BENCH_PEERS_SENPAI_H

/* Senpai (Meta): finds how much memory a group needs by squeezing it until it feels it. See senpai.c. */

#include <stdint.h>

#define SENPAI_STEP_USEC UINT64_C(6000000)

/* What memory.pressure `some` may grow by in a step. */
#define SENPAI_PRESSURE_USEC UINT64_C(10000)

/*
 * memory.high from now on. @growth_usec: of memory.pressure `some` since the last step, or since less if it is too much
 * already.
 */
uint64_t senpai_high(uint64_t high_bytes, uint64_t growth_usec);

/* Per cent, as in the pressure files. */
struct senpai_pressure {
        double memory_some_avg10, memory_some_avg60;
        double io_some_avg10, io_some_avg60;
};

/* The newer form: what to reclaim in this step; no limit is set. */
uint64_t senpai_reclaim(uint64_t current_bytes, uint64_t floor_bytes, const struct senpai_pressure *pressure);

#endif
