/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SWEEP_CELLS_H
#define BENCH_SWEEP_CELLS_H

/* The work of a sweep: every set on every scene. A cell is one of these runs. */

#include "grid.h"
#include "scene.h"

struct cells {
        const struct scene *scenes;
        size_t n_scenes;
        const struct set *sets;
        size_t n_sets;
        struct figures **figures; /* [set * n_scenes + scene]; NULL: not done */
        size_t n_done;
};

/* @return 0 or -ENOMEM. Complains. */
int cells_init(struct cells *ret, const struct scene *scenes, size_t n_scenes, const struct grid *grid);
void cells_free(struct cells *cells);

size_t cells_count(const struct cells *cells);

/* Keeps a copy. @return 0 or -ENOMEM. Complains. */
int cells_keep(struct cells *cells, size_t cell, const struct figures *figures);

/* Runs a cell here and now. @return 0 or a negative errno. Complains. */
int cells_run(const struct cells *cells, size_t cell, struct figures *ret);

/* How a set has done: the worst of its scenes. */
struct standing {
        size_t set;
        struct score worst;
        size_t worst_scene;
        bool complete; /* on all scenes, as equal weights are */
};

struct standing cells_standing(const struct cells *cells, size_t set);

/* Of a cell that is done, on a scene on which equal weights are done too. */
struct score cells_score(const struct cells *cells, size_t set, size_t scene);

/* The complete ones, the best first. @return how many; *@ret is the caller's to free. -ENOMEM: complains. */
int cells_rank(const struct cells *cells, struct standing **ret);

#endif
