/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_REPORT_PAGE_H
#define BENCH_REPORT_PAGE_H

/* One self-contained page: a section a verb, which says what was measured, or that it was not and how it would be. */

#include <stdio.h>

#include "inputs.h"

/* @return 0 or a negative errno. Complains. */
int page_write(FILE *html, const struct inputs *inputs);

/* The sections with plots. Each is called where there is something of its verb. @return as page_write() */
int section_kernel(FILE *html, const struct inputs *inputs);
int section_sim(FILE *html, const struct inputs *inputs);
int section_sweep(FILE *html, const struct inputs *inputs);
int section_cost(FILE *html, const struct inputs *inputs, const char *verb);

/* Weights and credits over time, of each run that has a series. */
int section_series(FILE *html, struct json_object *runs);

/* A line of a plot over percentiles: @runs is an array; @label names one. */
struct curves {
        const char *const *names; /* of the percentiles, n of them */
        const char *const *paths; /* in a run */
        size_t n;
        double scale;
        const char *y_label;
};

int plot_curves(FILE *html, const char *title, const char *caption, struct json_object *runs, const struct curves *curves);

/* "cgburst, step 1 s" */
void label_run(char *ret, size_t size, struct json_object *run);

#endif
