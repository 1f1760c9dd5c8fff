/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_REPORT_H
#define BENCH_SWEEP_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "cells.h"

/* The @top best sets, with @figures also what came out on each scene. @return 0 or -ENOMEM. Complains. */
int sweep_report_print(const struct cells *cells, size_t top, bool figures, FILE *file);

/* All sets, the best first, as docs/bench.md has it. @return 0 or a negative errno. Complains. */
int sweep_report_json(const struct cells *cells, FILE *file);

#endif
