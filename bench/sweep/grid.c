/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../sim/run.h"
#include "grid.h"

#define LAW "cgburst"
#define STEP "step"

/* Policies beside the grid. */
#define GIVEN_MAX 64

#define STEP_MIN_SEC 0.001
#define STEP_MAX_SEC 3600.0

static int parse_values(struct axis *axis, const char *text)
{
        for (const char *at = text;; at++) {
                char *end;
                double number = strtod(at, &end);

                if (end == at || (*end && *end != ',') || !isfinite(number) || axis->n == AXIS_VALUES_MAX)
                        return complain(-EINVAL, "--vary %s=%s: wants up to %d numbers with commas between them", axis->key,
                                text, AXIS_VALUES_MAX);
                if (!strcmp(axis->key, STEP) && (number < STEP_MIN_SEC || number > STEP_MAX_SEC))
                        return complain(-EINVAL, "--vary %s=%s: wants seconds from %g to %g", axis->key, text, STEP_MIN_SEC,
                                STEP_MAX_SEC);
                axis->values[axis->n++] = number;
                at = end;
                if (!*at)
                        return 0;
        }
}

int grid_add_axis(struct grid *grid, const char *text)
{
        struct axis *axis = &grid->axes[grid->n_axes];
        size_t key = strcspn(text, "=");

        if (grid->n_axes == AXES_MAX || key == 0 || key >= sizeof(axis->key) || !text[key])
                return complain(-EINVAL, "--vary %s: wants KEY=NUMBER,NUMBER,..., at most %d times", text, AXES_MAX);
        *axis = (struct axis){0};
        memcpy(axis->key, text, key);
        for (size_t i = 0; i < grid->n_axes; i++)
                if (!strcmp(grid->axes[i].key, axis->key))
                        return complain(
                                -EINVAL, "--vary %s: is there twice; put all of its values into one list", axis->key);
        grid->n_axes++;
        return parse_values(axis, text + key + 1);
}

static size_t grid_size(const struct grid *grid)
{
        size_t n = grid->n_axes > 0;

        for (size_t i = 0; i < grid->n_axes && n <= SETS_MAX; i++)
                n *= grid->axes[i].n;
        return n;
}

/* The last axis turns fastest. */
static int add_combination(struct grid *grid, size_t number)
{
        struct set *set = &grid->sets[grid->n_sets];
        char policy[AXES_MAX * (ARGUMENT_KEY_SIZE + 16)] = LAW;
        size_t one = 0;
        int error;

        set->step_usec = 0;
        for (size_t i = 0, below = grid_size(grid); i < grid->n_axes; i++) {
                const struct axis *axis = &grid->axes[i];
                size_t end = strlen(policy);
                double value;

                below /= axis->n;
                value = axis->values[number / below % axis->n];
                if (!strcmp(axis->key, STEP))
                        set->step_usec = (uint64_t)(value * 1e6 + 0.5);
                else
                        snprintf(policy + end, sizeof(policy) - end, "%c%s=%g", strchr(policy, ':') ? ',' : ':', axis->key,
                                value);
        }
        error = sim_choices_parse(&set->choice, &one, 1, policy);
        grid->n_sets += error == 0;
        return error;
}

static int add_given(struct grid *grid, const char *policies)
{
        struct sim_choice *choices = calloc(GIVEN_MAX, sizeof(*choices));
        size_t n = 0;
        int error = choices ? sim_choices_parse(choices, &n, GIVEN_MAX, policies) : complain(-ENOMEM, "the policies");

        for (size_t i = 0; i < n && error == 0; i++)
                grid->sets[grid->n_sets++].choice = choices[i];
        free(choices);
        return error;
}

/* A second of one job, so that an option out of its range is told before the work begins, and not in the midst of it. */
static int try_set(const struct set *set)
{
        struct trace_job job = {.cpu_sec = 1, .parallelism = 1, .stop_sec = INFINITY};
        char name[] = "trial", *workspace = name;
        struct trace trace = {.name = name,
                .jobs = &job,
                .n_jobs = 1,
                .workspaces = &workspace,
                .n_workspaces = 1,
                .kinds = {"build"},
                .n_kinds = 1};
        struct sim_plan plan = {
                .trace = &trace, .choice = &set->choice, .cpus = 1, .step_usec = set->step_usec, .quiet = true};
        struct sim_result result;
        int error = sim_run(&result, &plan);

        if (error == 0)
                sim_result_free(&result);
        return error;
}

int grid_make(struct grid *grid, const char *policies)
{
        size_t n = grid_size(grid), one = 0;
        int error;

        if (n > SETS_MAX)
                return complain(-E2BIG, "--vary: more than %d combinations", SETS_MAX);
        grid->sets = calloc(1 + GIVEN_MAX + n, sizeof(*grid->sets));
        if (!grid->sets)
                return complain(-ENOMEM, "%zu sets", n);
        error = sim_choices_parse(&grid->sets[GRID_EQUAL].choice, &one, 1, "equal");
        grid->n_sets = one;
        if (error == 0)
                error = add_given(grid, policies);
        for (size_t i = 0; i < n && error == 0; i++)
                error = add_combination(grid, i);
        for (size_t i = 0; i < grid->n_sets && error == 0; i++)
                error = try_set(&grid->sets[i]);
        return error;
}

void grid_free(struct grid *grid)
{
        free(grid->sets);
}
