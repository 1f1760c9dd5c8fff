/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_KOORDINATOR_H
#define BENCH_PEERS_KOORDINATOR_H

/* Koordinator's CPU burst: the quota of a throttled container follows how full its node is. See koordinator.c. */

#include <stdbool.h>

struct koordinator {
        double quota;      /* CPUs; at first the base */
        double tokens_sec; /* CPU seconds it may still go above the base */
};

/* A container as it was since the last step. */
struct koordinator_sample {
        double used; /* CPUs */
        bool throttled;
        double elapsed_sec;
};

struct koordinator koordinator_start(double base);

/* @node_use: part of the node's CPUs that was used, 0..1. @return the quota from now on, in CPUs. */
double koordinator_step(struct koordinator *state, double base, double node_use, const struct koordinator_sample *sample);

#endif
