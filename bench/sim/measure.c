/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "measure.h"

#define VALUES_ROOM 1024

/* As fast as it wants, but for rounding. */
#define ROUNDING 1e-9

int measure_init(struct measure *ret, const struct trace *trace, const struct layout *layout)
{
        struct measure measure = {.trace = trace, .layout = layout};

        measure.response_sec = calloc(trace->n_jobs + 1, sizeof(*measure.response_sec));
        measure.beside = calloc(trace->n_jobs + 1, sizeof(*measure.beside));
        measure.batch_unfinished = calloc(trace->n_workspaces + 1, sizeof(*measure.batch_unfinished));
        measure.used_sec = calloc(trace->n_workspaces + layout->hogs + 1, sizeof(*measure.used_sec));
        measure.groups = calloc(layout->machine.n_groups, sizeof(*measure.groups));
        if (!measure.response_sec || !measure.beside || !measure.batch_unfinished || !measure.used_sec || !measure.groups) {
                measure_free(&measure);
                return -ENOMEM;
        }
        for (size_t i = 0; i < trace->n_jobs; i++)
                measure.response_sec[i] = NAN;
        for (uint32_t i = 0; i < layout->machine.n_groups; i++)
                measure.groups[i].awake_since_sec = INFINITY;
        *ret = measure;
        return 0;
}

void measure_free(struct measure *measure)
{
        free(measure->response_sec);
        free(measure->beside);
        free(measure->batch_unfinished);
        free(measure->used_sec);
        free(measure->groups);
        free(measure->boosts.values);
        free(measure->floors.values);
        *measure = (struct measure){0};
}

static void add_value(struct measure *measure, struct measure_values *values, double value)
{
        if (values->n == values->room) {
                size_t room = values->room ? 2 * values->room : VALUES_ROOM;
                double *larger = reallocarray(values->values, room, sizeof(*larger));

                if (!larger) {
                        measure->error = -ENOMEM;
                        return;
                }
                values->values = larger;
                values->room = room;
        }
        values->values[values->n++] = value;
}

static bool is_interactive(const struct measure *measure, size_t job)
{
        return trace_kind_is_interactive(measure->trace->kinds[measure->trace->jobs[job].kind]);
}

void measure_arrival(struct measure *measure, size_t job)
{
        uint32_t workspace = measure->trace->jobs[job].workspace;

        if (is_interactive(measure, job))
                measure->beside[job] = measure->batch_unfinished[workspace] > 0;
        else
                measure->batch_unfinished[workspace]++;
}

void measure_completion(struct measure *measure, size_t job, double now_sec, bool finished)
{
        if (!is_interactive(measure, job))
                measure->batch_unfinished[measure->trace->jobs[job].workspace]--;
        if (finished)
                measure->response_sec[job] = now_sec - measure->trace->jobs[job].arrival_sec;
}

/* Somebody's own workspace, not one of the hogs beside the trace. */
static bool is_watched(const struct measure *measure, const struct node *node, uint32_t group)
{
        return node->groups[group].is_leaf && node->machine->groups[group].workspace < measure->trace->n_workspaces;
}

void measure_rates(struct measure *measure, const struct node *node)
{
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                const struct node_group *group = &node->groups[i];
                struct measure_group *seen = &measure->groups[i];

                if (group->threads == 0) {
                        seen->awake_since_sec = INFINITY;
                        seen->awake_all = false;
                        continue;
                }
                seen->awake_some = true;
                if (isinf(seen->awake_since_sec)) {
                        seen->awake_since_sec = node->now_sec;
                        seen->boosted = !is_watched(measure, node, i);
                        measure->wakes += !seen->boosted;
                }
                if (seen->boosted || group->rate < fmin(group->threads, node->machine->cpus) - ROUNDING)
                        continue;
                seen->boosted = true;
                add_value(measure, &measure->boosts, node->now_sec - seen->awake_since_sec);
        }
}

/* The part of the CPUs that is fair for a group, over all levels: its share among its siblings that were awake. */
static double fair_part(const struct measure *measure, const struct node *node, uint32_t number)
{
        double part = 1;

        for (uint32_t i = number; i != SIM_ROOT; i = node->groups[i].parent)
                part *= node->machine->groups[i].share_permille / measure->groups[node->groups[i].parent].shares_awake;
        return part;
}

static void add_shares(struct measure *measure, const struct node *node)
{
        for (uint32_t i = 0; i < node->machine->n_groups; i++)
                measure->groups[i].shares_awake = 0;
        for (uint32_t i = 1; i < node->machine->n_groups; i++)
                if (measure->groups[i].awake_some)
                        measure->groups[node->groups[i].parent].shares_awake += node->machine->groups[i].share_permille;
}

void measure_window(struct measure *measure, const struct node *node, double window_sec)
{
        add_shares(measure, node);
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                const struct node_group *group = &node->groups[i];
                struct measure_group *seen = &measure->groups[i];
                double cpus = node->machine->cpus;

                if (seen->awake_all && seen->awake_before && group->is_leaf) {
                        double fair = fmin(fmin(group->threads, cpus), cpus * fair_part(measure, node, i));

                        add_value(measure, &measure->floors,
                                fmin((group->usage_sec - seen->usage_sec) / (fair * window_sec), 1));
                }
                seen->awake_before = seen->awake_all;
                seen->awake_all = seen->awake_some = group->threads > 0;
                seen->usage_sec = group->usage_sec;
        }
}

void measure_totals(struct measure *measure, const struct node *node)
{
        for (uint32_t i = 0; i < node->machine->n_groups; i++)
                if (node->groups[i].is_leaf)
                        measure->used_sec[node->machine->groups[i].workspace] += node->groups[i].usage_sec;
}
