/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_GRID_H
#define BENCH_SWEEP_GRID_H

/* The sets of constants: equal weights, which all others are held against; policies as they were given; then the grid, every
 * combination of the values of its axes. */

#include <stddef.h>
#include <stdint.h>

#include "../sim/registry.h"

#define AXES_MAX 12
#define AXIS_VALUES_MAX 64
#define SETS_MAX 5000

struct axis {
        char key[ARGUMENT_KEY_SIZE]; /* an argument of cgburst, or "step" */
        double values[AXIS_VALUES_MAX];
        size_t n;
};

struct set {
        struct sim_choice choice;
        uint64_t step_usec; /* 0: what the policy prefers */
};

struct grid {
        struct axis axes[AXES_MAX];
        size_t n_axes;
        struct set *sets;
        size_t n_sets;
};

#define GRID_EQUAL 0u /* the number of the set of equal weights */

/* Reads "KEY=NUMBER,NUMBER,..." @return 0 or -EINVAL. Complains. */
int grid_add_axis(struct grid *grid, const char *text);

/* From the axes, and @policies as of --policy. Every set has been tried when this returns. @return 0 or a negative errno.
 * Complains. */
int grid_make(struct grid *grid, const char *policies);
void grid_free(struct grid *grid);

#endif
