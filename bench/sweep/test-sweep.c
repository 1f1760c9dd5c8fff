/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A sweep judges by bars, does all of the grid, and does nothing twice. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "progress.h"
#include "workers.h"

static void put(struct figures *figures, const char *name, double value, bool counts)
{
        struct figure *figure = &figures->list[figures->n++];

        snprintf(figure->name, sizeof(figure->name), "%s", name);
        figure->value = value;
        figure->counts = counts;
}

static void a_figure_without_a_bar_is_held_against_equal_weights(void **state)
{
        struct figures law = {0}, equal = {0};
        struct score score;
        struct scene scene;

        (void)state;
        assert_int_equal(scene_open(&scene, "gen:herd"), 0);
        put(&law, "edit.p99", 3, true);
        put(&law, "build.p50", 5, true);
        put(&law, "edit.mean", 100, false);
        put(&equal, "edit.p99", 2, true);
        put(&equal, "build.p50", 4, true);
        put(&equal, "edit.mean", 1, false);
        score = scene_score(&scene, &law, &equal);
        assert_true(score.score == 1.5);
        assert_string_equal(score.figure, "edit.p99");
        scene_close(&scene);
}

static void a_bar_is_a_number_or_times_equal_weights_and_makes_any_figure_count(void **state)
{
        struct figures law = {0}, equal = {0};
        struct score score;
        struct scene scene;

        (void)state;
        assert_int_equal(scene_open(&scene, "gen:herd,edit.p99=6,build.p50=1.25x,edit.mean=40"), 0);
        put(&law, "edit.p99", 3, true);     /* of 6: .5 */
        put(&law, "build.p50", 5, true);    /* of 1.25 * 4: 1 */
        put(&law, "edit.mean", 100, false); /* of 40: 2.5 */
        put(&equal, "build.p50", 4, true);
        score = scene_score(&scene, &law, &equal);
        assert_true(score.score == 2.5);
        assert_string_equal(score.figure, "edit.mean");
        scene_close(&scene);
}

static void the_bar_of_all_is_for_those_that_have_none_of_their_own(void **state)
{
        struct figures law = {0}, equal = {0};
        struct scene scene;

        (void)state;
        assert_int_equal(scene_open(&scene, "gen:herd,edit.p99=8,all=2x"), 0);
        put(&law, "edit.p99", 2, true);
        put(&law, "edit.mean", 3, false);
        put(&equal, "edit.p99", 1, true);
        put(&equal, "edit.mean", 1, false);
        assert_true(scene_score(&scene, &law, &equal).score == 1.5);
        scene_close(&scene);
}

static void a_scene_that_cannot_be_is_refused(void **state)
{
        static const char *const wrong[] = {"gen:herd,cpus=0", "gen:herd,lanes=both", "gen:herd,hogs", "gen:herd,game.p99=1",
                "gen:herd,edit.p98=1", "gen:herd,edit.p99=-1", "gen:herd,edit.p99=1y", "gen:nobody"};
        struct scene scene;

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                assert_true(scene_open(&scene, wrong[i]) < 0);
}

/* Of the four workspaces the best gamer had 30 s where the honest one of its duty had 20, the other 9 where 10. */
static void the_gain_is_that_of_the_best_gamer_over_the_honest_one_of_its_duty(void **state)
{
        char *workspaces[] = {(char *)"honest50-00", (char *)"gamer50-02", (char *)"honest12-00", (char *)"gamer12-60"};
        struct trace trace = {.workspaces = workspaces, .n_workspaces = 4};
        struct workspace_result used[] = {{.used_sec = 20}, {.used_sec = 30}, {.used_sec = 10}, {.used_sec = 9}};
        struct sim_result result = {.workspaces = used, .n_workspaces = 4};
        struct figures figures;

        (void)state;
        figures_of(&figures, &trace, &result);
        assert_int_equal(figures.n, 1);
        assert_string_equal(figures.list[0].name, "gain");
        assert_true(figures.list[0].value == 1.5);
}

static void the_grid_has_every_combination_behind_equal_weights_and_the_given(void **state)
{
        struct grid grid = {0};

        (void)state;
        assert_int_equal(grid_add_axis(&grid, "fast=3,15"), 0);
        assert_int_equal(grid_add_axis(&grid, "step=0.25,1,5"), 0);
        assert_int_equal(grid_make(&grid, "cgburst,karma"), 0);
        assert_int_equal(grid.n_sets, 3 + 6);
        assert_string_equal(grid.sets[GRID_EQUAL].choice.name, "equal");
        assert_string_equal(grid.sets[2].choice.name, "karma");
        assert_string_equal(grid.sets[3].choice.name, "cgburst:fast=3");
        assert_int_equal(grid.sets[3].step_usec, 250000);
        assert_string_equal(grid.sets[8].choice.name, "cgburst:fast=15");
        assert_int_equal(grid.sets[8].step_usec, 5000000);
        grid_free(&grid);
}

static void an_option_out_of_range_is_told_before_the_work(void **state)
{
        struct grid floor = {0}, unknown = {0}, twice = {0};

        (void)state;
        assert_int_equal(grid_add_axis(&floor, "floor=0.1,1.5"), 0);
        assert_int_equal(grid_make(&floor, "cgburst"), -EINVAL);
        grid_free(&floor);
        assert_int_equal(grid_add_axis(&unknown, "colour=1"), 0);
        assert_int_equal(grid_make(&unknown, "cgburst"), -EINVAL);
        grid_free(&unknown);
        assert_int_equal(grid_add_axis(&twice, "fast=1"), 0);
        assert_int_equal(grid_add_axis(&twice, "fast=2"), -EINVAL);
}

static void time_left_is_by_what_was_done_here(void **state)
{
        (void)state;
        assert_true(isnan(progress_left_sec(40, 40, 100, 1)));
        assert_true(progress_left_sec(40, 50, 100, 20) == 100); /* ten in 20 s, fifty left */
}

/* Two scenes, three sets: equal weights, the defaults, and one of the grid. */
struct work {
        char path[32];
        struct interrupt interrupt;
        struct grid grid;
        struct scene scenes[2];
        struct cells cells;
        struct state state;
};

static void begin_work(struct work *work)
{
        assert_int_equal(grid_add_axis(&work->grid, "fast=15"), 0);
        assert_int_equal(grid_make(&work->grid, "cgburst"), 0);
        assert_int_equal(scene_open(&work->scenes[0], "gen:gamers"), 0);
        assert_int_equal(scene_open(&work->scenes[1], "gen:one-against-many"), 0);
        assert_int_equal(cells_init(&work->cells, work->scenes, 2, &work->grid), 0);
}

static void end_work(struct work *work)
{
        state_close(&work->state);
        cells_free(&work->cells);
        scene_close(&work->scenes[0]);
        scene_close(&work->scenes[1]);
        grid_free(&work->grid);
        work->grid = (struct grid){0};
}

static int set_up(void **state)
{
        struct work *work = calloc(1, sizeof(*work));
        int fd;

        strcpy(work->path, "/tmp/sweep-XXXXXX");
        fd = mkstemp(work->path);
        close(fd);
        interrupt_open(&work->interrupt);
        *state = work;
        return fd < 0;
}

static int tear_down(void **state)
{
        struct work *work = *state;

        interrupt_close(&work->interrupt);
        unlink(work->path);
        free(work);
        return 0;
}

static void workers_find_what_one_process_finds(void **state)
{
        struct work *work = *state;

        begin_work(work);
        assert_int_equal(state_open(&work->state, NULL, &work->cells), 0);
        assert_int_equal(workers_run(&work->cells, &work->state, 3, &work->interrupt), 0);
        assert_int_equal(work->cells.n_done, 6);
        for (size_t i = 0; i < 6; i++) {
                struct figures figures;

                assert_int_equal(cells_run(&work->cells, i, &figures), 0);
                assert_int_equal(figures.n, work->cells.figures[i]->n);
                for (size_t k = 0; k < figures.n; k++)
                        assert_true(figures.list[k].value == work->cells.figures[i]->list[k].value);
        }
        end_work(work);
}

static void what_is_in_the_state_file_is_not_done_again_and_says_the_same(void **state)
{
        struct work *work = *state;
        double value;

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        assert_int_equal(workers_run(&work->cells, &work->state, 2, &work->interrupt), 0);
        value = work->cells.figures[5]->list[0].value;
        end_work(work);

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        assert_int_equal(work->cells.n_done, 6);
        assert_true(work->cells.figures[5]->list[0].value == value);
        end_work(work);
}

static void a_line_torn_by_a_kill_costs_that_cell_alone(void **state)
{
        struct work *work = *state;

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        assert_int_equal(workers_run(&work->cells, &work->state, 2, &work->interrupt), 0);
        assert_int_equal(ftruncate(fileno(work->state.file), ftell(work->state.file) - 10), 0);
        end_work(work);

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        assert_int_equal(work->cells.n_done, 5);
        assert_int_equal(workers_run(&work->cells, &work->state, 2, &work->interrupt), 0);
        end_work(work);

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        assert_int_equal(work->cells.n_done, 6);
        end_work(work);
}

static void a_signal_ends_the_work_and_the_state_file_is_whole(void **state)
{
        struct work *work = *state;
        struct signalfd_siginfo taken;

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        raise(SIGINT); /* blocked; it waits in the file descriptor */
        assert_int_equal(workers_run(&work->cells, &work->state, 2, &work->interrupt), -EINTR);
        assert_int_equal(read(work->interrupt.signal_fd, &taken, sizeof(taken)), sizeof(taken));
        end_work(work);

        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), 0);
        end_work(work);
}

static void a_file_that_is_not_of_a_sweep_is_refused_and_left_alone(void **state)
{
        struct work *work = *state;
        char text[16] = "";
        FILE *file = fopen(work->path, "w+");

        assert_non_null(file);
        fputs("not of us", file);
        fflush(file);
        begin_work(work);
        assert_int_equal(state_open(&work->state, work->path, &work->cells), -EBADMSG);
        rewind(file);
        assert_non_null(fgets(text, sizeof(text), file));
        assert_string_equal(text, "not of us");
        fclose(file);
        end_work(work);
}

#define with_work(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_figure_without_a_bar_is_held_against_equal_weights),
                cmocka_unit_test(a_bar_is_a_number_or_times_equal_weights_and_makes_any_figure_count),
                cmocka_unit_test(the_bar_of_all_is_for_those_that_have_none_of_their_own),
                cmocka_unit_test(a_scene_that_cannot_be_is_refused),
                cmocka_unit_test(the_gain_is_that_of_the_best_gamer_over_the_honest_one_of_its_duty),
                cmocka_unit_test(the_grid_has_every_combination_behind_equal_weights_and_the_given),
                cmocka_unit_test(an_option_out_of_range_is_told_before_the_work),
                cmocka_unit_test(time_left_is_by_what_was_done_here),
                with_work(workers_find_what_one_process_finds),
                with_work(what_is_in_the_state_file_is_not_done_again_and_says_the_same),
                with_work(a_line_torn_by_a_kill_costs_that_cell_alone),
                with_work(a_signal_ends_the_work_and_the_state_file_is_whole),
                with_work(a_file_that_is_not_of_a_sweep_is_refused_and_left_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
