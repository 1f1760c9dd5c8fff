/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_FIGURES_H
#define BENCH_SWEEP_FIGURES_H

/*
 * What a sweep keeps of one run: numbers with names, all the better the smaller they are.
 *
 *     KIND.mean, .p50, .p95, .p99, .p99_9   slowdown of the jobs of a kind
 *     gain                                  of a trace with gamers: CPU time of the best of them over that of the honest one
 *                                           of the same demand
 *     uneven                                of a trace in which nothing ends and nobody games: 1 / Jain's index
 *
 * What people wait for counts by its tail, p99 and p99_9; work that runs beside by its middle and its tail, p50 and p99.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../sim/measure.h"

#define FIGURE_NAME_SIZE 24 /* a kind, a dot, "p99_9" */
#define FIGURES_PER_KIND 5
#define FIGURES_MAX (TRACE_KINDS_MAX * FIGURES_PER_KIND + 2)

struct figure {
        char name[FIGURE_NAME_SIZE];
        double value;
        uint64_t counts; /* 1: even if no bar names it */
};

struct figures {
        uint64_t n;
        struct figure list[FIGURES_MAX];
};

void figures_of(struct figures *ret, const struct trace *trace, const struct sim_result *result);

/* @return NULL if there is none of that name */
const struct figure *figures_find(const struct figures *figures, const char *name);

/* Could runs of this trace have a figure of that name? */
bool figure_is_of(const char *name, const struct trace *trace);

#endif
