/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_STATE_H
#define BENCH_SWEEP_STATE_H

/*
 * What was computed, in a file of JSON lines, one for each cell as soon as it is done, so that a sweep that was ended goes
 * on where it was. Bars are not in it: they can be set anew over what was computed. A line knows its trace by file name,
 * number of jobs and span; whoever changes the law itself removes the file.
 */

#include <stdio.h>

#include "cells.h"

struct state {
        const char *path;
        FILE *file; /* NULL: nothing is kept */
};

/*
 * Takes what @path has for these cells, and keeps the file open and locked. @path may be NULL. @return 0 or a negative
 * errno. Complains.
 */
int state_open(struct state *ret, const char *path, struct cells *cells);

/* Writes the cell down, which is done. @return 0 or a negative errno. Complains. */
int state_add(struct state *state, const struct cells *cells, size_t cell);

void state_close(struct state *state);

#endif
