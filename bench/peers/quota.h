/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_QUOTA_H
#define BENCH_PEERS_QUOTA_H

/* A static quota: cpu.max for each, with or without cpu.max.burst. See quota.c. */

#include <stdbool.h>
#include <stdint.h>

/* As they are written. */
struct quota_files {
        uint64_t quota_usec; /* cpu.max, per period */
        uint64_t period_usec;
        uint64_t burst_usec; /* cpu.max.burst */
};

/* @cpus: at least a hundredth of a CPU is given. */
struct quota_files quota_for(double cpus, bool with_burst);

#endif
