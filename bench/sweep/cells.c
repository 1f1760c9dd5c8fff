/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../sim/run.h"
#include "cells.h"

int cells_init(struct cells *ret, const struct scene *scenes, size_t n_scenes, const struct grid *grid)
{
        struct cells cells = {.scenes = scenes, .n_scenes = n_scenes, .sets = grid->sets, .n_sets = grid->n_sets};

        cells.figures = calloc(cells_count(&cells), sizeof(struct figures *));
        if (!cells.figures)
                return complain(-ENOMEM, "%zu runs", cells_count(&cells));
        *ret = cells;
        return 0;
}

void cells_free(struct cells *cells)
{
        for (size_t i = 0; cells->figures && i < cells_count(cells); i++)
                free(cells->figures[i]);
        free(cells->figures);
}

size_t cells_count(const struct cells *cells)
{
        return cells->n_sets * cells->n_scenes;
}

/* No more of the list than there is: thousands of these are kept. */
int cells_keep(struct cells *cells, size_t cell, const struct figures *figures)
{
        size_t size = offsetof(struct figures, list) + figures->n * sizeof(struct figure);

        if (cells->figures[cell])
                return 0;
        cells->figures[cell] = malloc(size);
        if (!cells->figures[cell])
                return complain(-ENOMEM, "the figures of a run");
        memcpy(cells->figures[cell], figures, size);
        cells->n_done++;
        return 0;
}

int cells_run(const struct cells *cells, size_t cell, struct figures *ret)
{
        const struct scene *scene = &cells->scenes[cell % cells->n_scenes];
        const struct set *set = &cells->sets[cell / cells->n_scenes];
        struct sim_plan plan = {
                .trace = &scene->trace,
                .choice = &set->choice,
                .cpus = scene->cpus,
                .hogs = scene->hogs,
                .lanes = scene->lanes,
                .step_usec = set->step_usec,
                .quiet = true,
        };
        struct sim_result result;
        int error = sim_run(&result, &plan);

        if (error < 0)
                return error;
        figures_of(ret, &scene->trace, &result);
        sim_result_free(&result);
        return 0;
}

struct score cells_score(const struct cells *cells, size_t set, size_t scene)
{
        const struct figures *equal = cells->figures[GRID_EQUAL * cells->n_scenes + scene];

        return scene_score(&cells->scenes[scene], cells->figures[set * cells->n_scenes + scene], equal);
}

struct standing cells_standing(const struct cells *cells, size_t set)
{
        struct standing standing = {.set = set, .complete = true};

        for (size_t i = 0; i < cells->n_scenes; i++) {
                struct score score;

                if (!cells->figures[set * cells->n_scenes + i] || !cells->figures[GRID_EQUAL * cells->n_scenes + i]) {
                        standing.complete = false;
                        continue;
                }
                score = cells_score(cells, set, i);
                if (score.score <= standing.worst.score)
                        continue;
                standing.worst = score;
                standing.worst_scene = i;
        }
        return standing;
}

/* Of equals, the one that was named first. */
static int compare(const void *a, const void *b)
{
        const struct standing *left = a, *right = b;

        if (left->worst.score != right->worst.score)
                return left->worst.score < right->worst.score ? -1 : 1;
        return left->set < right->set ? -1 : 1;
}

int cells_rank(const struct cells *cells, struct standing **ret)
{
        struct standing *ranked = calloc(cells->n_sets, sizeof(*ranked));
        size_t n = 0;

        if (!ranked)
                return complain(-ENOMEM, "the table");
        for (size_t i = 0; i < cells->n_sets; i++) {
                ranked[n] = cells_standing(cells, i);
                n += ranked[n].complete;
        }
        qsort(ranked, n, sizeof(*ranked), compare);
        *ret = ranked;
        return (int)n;
}
