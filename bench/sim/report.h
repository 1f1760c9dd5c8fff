/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_REPORT_H
#define BENCH_SIM_REPORT_H

/* Runs as tables for people, and as JSON for programs (docs/bench.md). */

#include <stdio.h>

#include "run.h"

/* A run that is over. */
struct sim_row {
        struct sim_plan plan; /* its trace has to live as long */
        struct sim_result result;
};

/* All rows of one trace. */
void sim_report_print(const struct sim_row *rows, size_t n, FILE *file);

/* @return 0 or -ENOMEM, -EIO. Complains. */
int sim_report_json(const struct sim_row *rows, size_t n, FILE *file);

#endif
