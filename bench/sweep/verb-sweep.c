/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cgburst-bench sweep: constants of the law, chosen by what they do at worst. */

#include <errno.h>
#include <stdlib.h>

#include "../common/complain.h"
#include "../verbs.h"
#include "options.h"
#include "report.h"
#include "workers.h"

struct sweep {
        struct sweep_options options;
        struct scene *scenes;
        size_t n_scenes;
        struct cells cells;
        struct state state;
        struct interrupt interrupt;
};

static int prepare(struct sweep *sweep)
{
        const struct sweep_options *options = &sweep->options;
        int error = grid_make(&sweep->options.grid, options->policies);

        sweep->scenes = calloc(options->n_scenes, sizeof(*sweep->scenes));
        if (!sweep->scenes)
                return complain(-ENOMEM, "the scenes");
        for (size_t i = 0; i < options->n_scenes && error == 0; i++) {
                error = scene_open(&sweep->scenes[i], options->scenes[i]);
                sweep->n_scenes += error == 0;
        }
        if (error == 0)
                error = cells_init(&sweep->cells, sweep->scenes, sweep->n_scenes, &options->grid);
        return error < 0 ? error : state_open(&sweep->state, options->state, &sweep->cells);
}

static int report(const struct sweep *sweep)
{
        const struct sweep_options *options = &sweep->options;

        if (options->json)
                return sweep_report_json(&sweep->cells, stdout);
        return sweep_report_print(&sweep->cells, options->top, options->figures, stdout);
}

static void tell_interrupted(const struct sweep *sweep)
{
        fprintf(stderr, "cgburst-bench: interrupted after %zu of %zu runs; ", sweep->cells.n_done,
                cells_count(&sweep->cells));
        if (sweep->options.state)
                fprintf(stderr, "the same command goes on from there, as %s has them\n", sweep->options.state);
        else
                fputs("--state FILE would have kept them\n", stderr);
}

/* What was finished before a signal is ranked too, as far as whole sets go. */
static int run(struct sweep *sweep)
{
        int error = prepare(sweep), reported = 0;

        if (error == 0) {
                error = workers_run(&sweep->cells, &sweep->state, sweep->options.workers, &sweep->interrupt);
                reported = error == 0 || error == -EINTR ? report(sweep) : 0;
        }
        if (error == -EINTR)
                tell_interrupted(sweep);
        state_close(&sweep->state);
        cells_free(&sweep->cells);
        for (size_t i = 0; i < sweep->n_scenes; i++)
                scene_close(&sweep->scenes[i]);
        free(sweep->scenes);
        grid_free(&sweep->options.grid);
        return error < 0 ? error : reported;
}

int verb_sweep(int argc, char **argv)
{
        struct sweep sweep = {0};
        int error = sweep_options_parse(&sweep.options, argc, argv);

        if (error)
                return error < 0 ? 2 : 0;
        error = interrupt_open(&sweep.interrupt);
        if (error < 0)
                return 1;
        error = run(&sweep);
        interrupt_close(&sweep.interrupt);
        return error < 0;
}
