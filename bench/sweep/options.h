/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_OPTIONS_H
#define BENCH_SWEEP_OPTIONS_H

/* What `cgburst-bench sweep` was asked for. */

#include <stdbool.h>

#include "grid.h"

struct sweep_options {
        const char **scenes; /* as of scene.h */
        size_t n_scenes;
        struct grid grid; /* its axes */
        const char *policies;
        const char *state; /* file; NULL: none */
        unsigned workers;
        unsigned top;
        bool figures;
        bool json;
};

/* @return 0; 1 if help was asked for and given; -EINVAL. Complains. */
int sweep_options_parse(struct sweep_options *ret, int argc, char **argv);

#endif
