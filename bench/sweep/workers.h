/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_WORKERS_H
#define BENCH_SWEEP_WORKERS_H

/*
 * The cells on all CPUs: one forked worker for each, so that traces, which are large, are there once. A worker takes the
 * next cell that nobody has taken from a counter in shared memory, and sends what came out through a pipe.
 */

#include "../common/interrupt.h"
#include "cells.h"
#include "state.h"

/* @return 0; -EINTR after a signal: what was done until then is kept; or another negative errno, and complains. */
int workers_run(struct cells *cells, struct state *state, size_t n_workers, struct interrupt *interrupt);

#endif
