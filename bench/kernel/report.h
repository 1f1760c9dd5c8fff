/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

/*
 * From the runs to the figures: a table for people and JSON for programs.
 *
 * Percentiles and shares are medians over the repeats; the largest response is the largest of all, and what lies between
 * (p99.9, late bursts) is counted over the bursts of all repeats together.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "converge.h"
#include "run.h"

/* The repeats of one policy with one length of burst. */
struct series {
        struct policy policy;
        uint64_t burst_usec;
        size_t n;
        size_t n_max;
        struct run_result *results;
};

struct report {
        size_t n_series;
        struct series *series;
        size_t n_converge;
        const struct converge_result *converge;
};

/* The series' medians. */
struct figures {
        struct percentiles measured; /* .n, .p999_usec and .max_usec over all repeats together */
        struct percentiles net;      /* of .measured, without what was the machine's doing; .p50_usec, .p99_usec */
        struct percentiles cold;
        double others_used_of_left;
        double others_share_error;
        double cpu_used_of_all;
        double manager_used_of_all;
        double weight_ratio;
        double stalled_of_all;
        uint64_t weights_written; /* per run */
        uint64_t longest_dispatch_usec;
        size_t late;            /* of all bursts together */
        size_t late_by_machine; /* those of them that were late because of the machine, not of the scheduler */
        uint64_t late_above_usec;
};

/* What this burst took alone (the median), or the burst itself if that was not measured. */
uint64_t report_alone_usec(const struct report *report, uint64_t burst_usec);

/* @return 0, or -ENOMEM */
int report_figures(const struct report *report, const struct series *series, struct figures *ret);

void report_print(const struct report *report, FILE *file);

/* @return 0 or a negative errno. Complains. */
int report_write_json(const struct report *report, const char *path);

#endif
