/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_OPTIONS_H
#define BENCH_SIM_OPTIONS_H

/* What `cgburst-bench sim` was asked for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "registry.h"

#define SIM_POLICIES_MAX 64
#define SIM_STEPS_MAX 16

struct sim_options {
        char **traces; /* files, or "gen:NAME[:SEED]" */
        size_t n_traces;
        struct sim_choice choices[SIM_POLICIES_MAX];
        size_t n_choices;
        uint64_t steps_usec[SIM_STEPS_MAX]; /* for policies that are not bound to theirs */
        size_t n_steps;                     /* 0: each has the step it prefers */
        unsigned cpus;
        unsigned hogs;
        enum lanes lanes;
        uint64_t series_usec; /* 0: none */
        bool come_and_go;
        bool json;
};

/* @return 0; 1 if help was asked for and given; -EINVAL. Complains. */
int sim_options_parse(struct sim_options *ret, int argc, char **argv);

#endif
