/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

/* What the demo's three phases come to: a table and two sentences, both from the figures alone. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../common/stats.h"
#include "../kernel/usage.h"

enum demo_phase {
        PHASE_ALONE,
        PHASE_EQUAL,
        PHASE_CGBURST,
        N_PHASES,
};

enum demo_task {
        TASK_SHORT, /* a burst of 20 ms of CPU */
        TASK_LONG,  /* one of 100 ms */
        TASK_CHECK, /* a syntax check by the compiler */
        N_TASKS,
};

struct phase_figures {
        struct percentiles tasks[N_TASKS];
        struct usage used;
        unsigned compiles;
};

/* @phases: the first @n of them; fewer than N_PHASES after an interruption */
void summary_print(FILE *file, const struct phase_figures *phases, size_t n);

#endif
