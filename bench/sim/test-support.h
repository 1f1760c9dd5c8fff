/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_TEST_SUPPORT_H
#define BENCH_SIM_TEST_SUPPORT_H

/* Small traces, and policies that do one thing. Each job of a test has a kind of its own where its response is looked at. */

#include <math.h>

#include "run.h"

/* Adds a job; what cannot be is an assertion. */
void put(struct trace *trace, double arrival_sec, const char *workspace, const char *kind, double cpu_sec,
        double parallelism);

/* Runs under @policy and frees the trace. */
struct sim_result run_under(
        struct trace *trace, const struct sim_policy *policy, unsigned cpus, enum lanes lanes, unsigned hogs);

/* The response of the only job of kind number @kind, in the order in which kinds were put. */
double response_of(const struct sim_result *result, size_t kind);

void assert_near(double found, double expected);

/* open() for policies without a state. */
int open_nothing(void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments);

#endif
