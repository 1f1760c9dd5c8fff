/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* json-c quotes the names, which come from files. */

#include <json-c/json.h>
#include <math.h>

#include "json.h"
#include "report.h"

#define SCHEMA 1

static struct json_object *summary_object(const struct summary *summary)
{
        struct json_object *object = json_object_new_object();

        json_add_double(object, "mean", summary->mean);
        json_add_double(object, "p50", summary->p50);
        json_add_double(object, "p95", summary->p95);
        json_add_double(object, "p99", summary->p99);
        json_add_double(object, "p99_9", summary->p99_9);
        json_add_double(object, "max", summary->max);
        return object;
}

static struct json_object *kind_object(const struct kind_result *result)
{
        struct json_object *object = json_object_new_object(), *beside;

        json_add_count(object, "n", result->slowdown.n);
        json_object_object_add(object, "slowdown", summary_object(&result->slowdown));
        json_object_object_add(object, "response_sec", summary_object(&result->response_sec));
        if (result->beside_slowdown.n == 0)
                return object;
        beside = json_object_new_object();
        json_add_count(beside, "n", result->beside_slowdown.n);
        json_object_object_add(beside, "slowdown", summary_object(&result->beside_slowdown));
        json_object_object_add(object, "beside_own_work", beside);
        return object;
}

static struct json_object *kinds_object(const struct sim_row *row)
{
        struct json_object *object = json_object_new_object();

        for (size_t i = 0; i < row->plan.trace->n_kinds; i++)
                if (row->result.kinds[i].slowdown.n > 0)
                        json_object_object_add(object, row->plan.trace->kinds[i], kind_object(&row->result.kinds[i]));
        return object;
}

static struct json_object *fairness_object(const struct fairness *fairness)
{
        struct json_object *object = json_object_new_object();

        json_add_double(object, "jain", fairness->jain);
        json_add_double(object, "min_max", fairness->min_max);
        json_add_double(object, "median_min", fairness->median_min);
        json_add_double(object, "max_median", fairness->max_median);
        return object;
}

static struct json_object *boost_object(const struct sim_result *result)
{
        struct json_object *object = json_object_new_object();

        json_add_count(object, "wakes", result->wakes);
        json_add_count(object, "boosted", result->boost_sec.n);
        json_object_object_add(object, "sec", summary_object(&result->boost_sec));
        return object;
}

static struct json_object *floor_object(const struct summary *floor)
{
        struct json_object *object = json_object_new_object();

        json_add_count(object, "windows", floor->n);
        json_add_double(object, "p01", floor->n ? floor->p01 : NAN);
        json_add_double(object, "p50", floor->n ? floor->p50 : NAN);
        return object;
}

static struct json_object *workspaces_object(const struct sim_row *row)
{
        const struct trace *trace = row->plan.trace;
        struct json_object *object = json_object_new_object();

        for (size_t i = 0; i < row->result.n_workspaces; i++) {
                struct json_object *workspace = json_object_new_object();
                char hog[32];

                snprintf(hog, sizeof(hog), "hog%zu", i + 1 - trace->n_workspaces);
                json_add_double(workspace, "wanted_sec", row->result.workspaces[i].wanted_sec);
                json_add_double(workspace, "used_sec", row->result.workspaces[i].used_sec);
                json_object_object_add(object, i < trace->n_workspaces ? trace->workspaces[i] : hog, workspace);
        }
        return object;
}

static void add_point(struct json_object *array, double number)
{
        json_object_array_add(array, json_rounded(number));
}

static struct json_object *series_of_group(const struct timeline *timeline, size_t group)
{
        struct json_object *object = json_object_new_object();
        struct json_object *weight = json_object_new_array(), *slow = json_object_new_array(),
                           *fast = json_object_new_array();

        for (size_t i = 0; i < timeline->n; i++) {
                const struct timeline_point *point = &timeline->points[i * timeline->n_groups + group];

                add_point(weight, point->weight > 0 ? (double)point->weight : (double)NAN);
                add_point(slow, point->credit.slow);
                add_point(fast, point->credit.fast);
        }
        json_object_object_add(object, "weight", weight);
        json_object_object_add(object, "slow", slow);
        json_object_object_add(object, "fast", fast);
        return object;
}

static struct json_object *series_object(const struct timeline *timeline)
{
        struct json_object *object = json_object_new_object(), *groups = json_object_new_object();

        json_add_double(object, "every_sec", (double)timeline->every_usec / 1e6);
        for (size_t i = 0; i < timeline->n_groups; i++)
                json_object_object_add(groups, timeline->names[i], series_of_group(timeline, i));
        json_object_object_add(object, "groups", groups);
        return object;
}

static struct json_object *run_object(const struct sim_row *row)
{
        const struct sim_plan *plan = &row->plan;
        const struct sim_result *result = &row->result;
        struct json_object *object = json_object_new_object();

        json_object_object_add(object, "policy", json_object_new_string(plan->choice->name));
        json_object_object_add(object, "trace", json_object_new_string(plan->trace->name));
        json_add_count(object, "cpus", plan->cpus);
        json_add_count(object, "hogs", plan->hogs);
        json_object_object_add(object, "lanes", json_object_new_string(lanes_name(plan->lanes)));
        json_add_count(object, "step_usec", sim_step_usec(plan));
        json_add_double(object, "cpu_used_of_wanted", result->cpu_used_of_wanted);
        json_object_object_add(object, "kinds", kinds_object(row));
        json_object_object_add(object, "fairness", fairness_object(&result->fairness));
        json_object_object_add(object, "boost", boost_object(result));
        json_object_object_add(object, "floor", floor_object(&result->floor));
        json_add_double(object, "isolation_percent_mean", 100 * result->isolation_mean);
        json_add_double(object, "isolation_percent_p01", 100 * result->isolation_p01);
        json_add_double(object, "latency_impact_percent", 100 * result->latency_impact);
        json_object_object_add(object, "workspaces", workspaces_object(row));
        if (result->timeline.every_usec > 0)
                json_object_object_add(object, "series", series_object(&result->timeline));
        json_add_count(object, "steps", result->steps);
        json_add_count(object, "writes", result->writes);
        json_add_double(object, "simulated_sec", result->end_sec);
        json_add_double(object, "elapsed_sec", result->elapsed_sec);
        return object;
}

int sim_report_json(const struct sim_row *rows, size_t n, FILE *file)
{
        struct json_object *root = json_object_new_object(), *runs = json_object_new_array();

        json_add_count(root, "schema", SCHEMA);
        json_object_object_add(root, "runs", runs);
        for (size_t i = 0; i < n; i++)
                json_object_array_add(runs, run_object(&rows[i]));
        return json_write(root, file);
}
