/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_ARBITER2_H
#define BENCH_PEERS_ARBITER2_H

/* Arbiter2, for login nodes: who is bad for long is penalised, longer each time. See arbiter2.c. */

#include <stdint.h>

#define ARBITER2_STEP_USEC UINT64_C(30000000)
#define ARBITER2_QUOTA_CPUS 8.0

/* Use over quota from which on it is bad. */
#define ARBITER2_THRESHOLD_CPU 0.45
#define ARBITER2_THRESHOLD_MEMORY 0.5

struct arbiter2 {
        double badness_cpu; /* 0..100 */
        double badness_memory;
        unsigned offences;
        uint64_t offended_usec;      /* when the last one began */
        uint64_t penalty_until_usec; /* 0: there is none */
        double quota;                /* part of the full quota */
};

struct arbiter2 arbiter2_start(void);

/* Badness after one step at @use over quota. */
double arbiter2_badness(double badness, double use, double threshold);

/*
 * @cpu, @memory: use over the full quota since the last step. @return the part of the full quota that holds from now on.
 */
double arbiter2_step(struct arbiter2 *state, double cpu, double memory, uint64_t now_usec);

#endif
