/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_KARMA_CREDIT_TRACE_H
#define BENCH_KARMA_CREDIT_TRACE_H

/* A made-up trace on which rules that keep credit are compared: see credit-trace.c. */

#include <stdint.h>

#define CREDIT_USERS 100
#define CREDIT_QUANTA 900
#define CREDIT_FAIR 100 /* slices that are each user's fair share of a quantum */
#define CREDIT_CAPACITY (CREDIT_USERS * CREDIT_FAIR)

struct credit_trace {
        double demand[CREDIT_USERS][CREDIT_QUANTA]; /* slices */
};

void credit_trace_make(struct credit_trace *trace, uint64_t seed);

#endif
