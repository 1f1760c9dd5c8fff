/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "html.h"
#include "look.h"
#include "page.h"

static const char *const percentile_names[] = {"p50", "p95", "p99", "p99.9", "max"};
static const char *const percentile_paths[] = {
        "slowdown.p50", "slowdown.p95", "slowdown.p99", "slowdown.p99_9", "slowdown.max"};

/* The same trace on the same node, under another policy. */
static bool is_same_setup(struct json_object *run, struct json_object *other)
{
        return !strcmp(look_text(run, "trace"), look_text(other, "trace")) &&
               !strcmp(look_text(run, "lanes"), look_text(other, "lanes")) &&
               look_number(run, "cpus") == look_number(other, "cpus") &&
               look_number(run, "hogs") == look_number(other, "hogs");
}

/* @return an array; empty if an earlier run has the same setup, and was taken with it */
static struct json_object *take_setup(struct json_object *runs, size_t first)
{
        struct json_object *taken = json_object_new_array(), *run = json_object_array_get_idx(runs, first);

        for (size_t i = 0; i < first; i++)
                if (is_same_setup(json_object_array_get_idx(runs, i), run))
                        return taken;
        for (size_t i = first; i < json_object_array_length(runs); i++)
                if (is_same_setup(json_object_array_get_idx(runs, i), run))
                        json_object_array_add(taken, json_object_get(json_object_array_get_idx(runs, i)));
        return taken;
}

/* Kinds are names of the trace, and no part of a path: a row for each, with what the table and the plot look at. */
static struct json_object *rows_of_kinds(struct json_object *runs, const char *only)
{
        struct json_object *rows = json_object_new_array();

        for (size_t i = 0; i < json_object_array_length(runs); i++) {
                struct json_object *run = json_object_array_get_idx(runs, i), *kinds = look_at(run, "kinds");

                if (!json_object_is_type(kinds, json_type_object))
                        continue;
                json_object_object_foreach(kinds, kind, figures) {
                        struct json_object *row = json_object_new_object();

                        json_object_object_add(row, "policy", json_object_get(look_at(run, "policy")));
                        json_object_object_add(row, "step_usec", json_object_get(look_at(run, "step_usec")));
                        json_object_object_add(row, "kind", json_object_new_string(kind));
                        json_object_object_add(row, "n", json_object_get(look_at(figures, "n")));
                        json_object_object_add(row, "slowdown", json_object_get(look_at(figures, "slowdown")));
                        json_object_object_add(row, "response_sec", json_object_get(look_at(figures, "response_sec")));
                        if (!only || !strcmp(kind, only))
                                json_object_array_add(rows, row);
                        else
                                json_object_put(row);
                }
        }
        return rows;
}

static void table_of_kinds(FILE *html, struct json_object *rows)
{
        static const struct html_column columns[] = {
                {"policy", "policy", 0},
                {"step, s", "step_usec", 1e-6},
                {"kind", "kind", 0},
                {"jobs", "n", 0},
                {"slowdown, mean", "slowdown.mean", 0},
                {"p50", "slowdown.p50", 0},
                {"p95", "slowdown.p95", 0},
                {"p99", "slowdown.p99", 0},
                {"p99.9", "slowdown.p99_9", 0},
                {"max", "slowdown.max", 0},
                {"response, s, p50", "response_sec.p50", 0},
                {"p99", "response_sec.p99", 0},
        };

        html_table(html, "Slowdown and response by kind of job", rows, columns, sizeof(columns) / sizeof(columns[0]));
}

static void table_of_runs(FILE *html, struct json_object *runs)
{
        static const struct html_column columns[] = {
                {"policy", "policy", 0},
                {"step, s", "step_usec", 1e-6},
                {"CPU used of wanted, %", "cpu_used_of_wanted", 100},
                {"Jain", "fairness.jain", 0},
                {"min/max", "fairness.min_max", 0},
                {"median/min", "fairness.median_min", 0},
                {"max/median", "fairness.max_median", 0},
                {"wakes", "boost.wakes", 0},
                {"boosted", "boost.boosted", 0},
                {"after, s, p99", "boost.sec.p99", 0},
                {"floor, worst hundredth", "floor.p01", 0},
                {"isolation, %", "isolation_percent_mean", 0},
                {"worst hundredth", "isolation_percent_p01", 0},
                {"latency impact, %", "latency_impact_percent", 0},
                {"writes", "writes", 0},
        };

        html_table(html, "The whole of each run", runs, columns, sizeof(columns) / sizeof(columns[0]));
}

/* What people wait for most, or else the first kind that there is. @return NULL if no job of any kind has ended */
static const char *kind_to_plot(struct json_object *rows)
{
        const char *first = NULL;

        for (size_t i = 0; i < json_object_array_length(rows); i++) {
                const char *kind = look_text(json_object_array_get_idx(rows, i), "kind");

                if (!strcmp(kind, "edit"))
                        return kind;
                first = first ? first : kind;
        }
        return first;
}

static int plot_kind(FILE *html, struct json_object *runs, const char *kind)
{
        const struct curves curves = {
                .names = percentile_names, .paths = percentile_paths, .n = 5, .scale = 1, .y_label = "slowdown"};
        struct json_object *rows = rows_of_kinds(runs, kind), *run = json_object_array_get_idx(runs, 0);
        char title[192];
        int error;

        snprintf(title, sizeof(title), "Slowdown of jobs of kind %s: %s, %.0f CPUs, %.0f hogs, lanes %s", kind,
                look_text(run, "trace"), look_number(run, "cpus"), look_number(run, "hogs"), look_text(run, "lanes"));
        error = plot_curves(html, title, "1 is as fast as alone on the empty node. The axis is logarithmic.", rows, &curves);
        json_object_put(rows);
        return error;
}

static int write_setup(FILE *html, struct json_object *runs)
{
        struct json_object *run = json_object_array_get_idx(runs, 0), *rows;
        const char *kind;
        int error = 0;

        if (!run)
                return 0;
        html_element(html, "h3", "%s: %.0f CPUs, %.0f hogs, lanes %s", look_text(run, "trace"), look_number(run, "cpus"),
                look_number(run, "hogs"), look_text(run, "lanes"));
        rows = rows_of_kinds(runs, NULL);
        kind = kind_to_plot(rows);
        if (kind) {
                table_of_kinds(html, rows);
                error = plot_kind(html, runs, kind);
        }
        json_object_put(rows);
        table_of_runs(html, runs);
        return error < 0 ? error : section_series(html, runs);
}

int section_sim(FILE *html, const struct inputs *inputs)
{
        struct json_object *runs = inputs_join(inputs, "sim", "runs");
        int error = 0;

        for (size_t i = 0; i < json_object_array_length(runs) && error == 0; i++) {
                struct json_object *setup = take_setup(runs, i);

                error = write_setup(html, setup);
                json_object_put(setup);
        }
        json_object_put(runs);
        return error;
}
