/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_SCENE_H
#define BENCH_SWEEP_SCENE_H

/*
 * Where constants have to prove themselves: a trace on a node, and bars for what comes out. Written as
 *
 *     TRACE[,cpus=N][,hogs=N][,lanes=HOW][,FIGURE=BAR]...       BAR: NUMBER, or NUMBERx: times what equal weights give
 *
 * A figure that counts and has no bar of its own has to be no worse than with equal weights: 1x. "all=BAR" is for every
 * figure of the run.
 */

#include "../sim/layout.h"
#include "figures.h"

#define BARS_MAX 32

struct bar {
        char figure[FIGURE_NAME_SIZE]; /* or "all" */
        double number;
        bool of_equal; /* times what equal weights give */
};

struct scene {
        const char *text; /* as it was given */
        char *file;       /* its TRACE */
        struct trace trace;
        unsigned cpus;
        unsigned hogs;
        enum lanes lanes;
        struct bar bars[BARS_MAX];
        size_t n_bars;
};

/* Reads @text, which has to last, and the trace. @return 0 or a negative errno. Complains. */
int scene_open(struct scene *ret, const char *text);
void scene_close(struct scene *scene);

/* How far a run is from the bars: the worst of its figures, each over its bar. */
struct score {
        double score; /* at most 1: all are held; 0: there is nothing to judge by */
        char figure[FIGURE_NAME_SIZE];
};

struct score scene_score(const struct scene *scene, const struct figures *figures, const struct figures *equal);

#endif
