/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From what was measured to what is reported. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "measure.h"

static double alone_sec(const struct measure *measure, size_t job)
{
        const struct trace_job *wanted = &measure->trace->jobs[job];

        return wanted->cpu_sec / fmin(wanted->parallelism, measure->layout->machine.cpus);
}

static double slowdown_of(const struct measure *measure, size_t job)
{
        return measure->response_sec[job] / alone_sec(measure, job);
}

static void summarise_kind(struct kind_result *ret, const struct measure *measure, uint32_t kind, double *spare)
{
        const struct trace *trace = measure->trace;
        size_t n = 0, n_beside = 0;

        for (size_t i = 0; i < trace->n_jobs; i++)
                if (trace->jobs[i].kind == kind && !isnan(measure->response_sec[i]))
                        spare[n++] = measure->response_sec[i];
        ret->response_sec = summary_of(spare, n);
        n = 0;
        for (size_t i = 0; i < trace->n_jobs; i++)
                if (trace->jobs[i].kind == kind && !isnan(measure->response_sec[i]))
                        spare[n++] = slowdown_of(measure, i);
        ret->slowdown = summary_of(spare, n);
        for (size_t i = 0; i < trace->n_jobs; i++)
                if (trace->jobs[i].kind == kind && measure->beside[i] && !isnan(measure->response_sec[i]))
                        spare[n_beside++] = slowdown_of(measure, i);
        ret->beside_slowdown = summary_of(spare, n_beside);
}

static void summarise_isolation(struct sim_result *ret, const struct measure *measure, double *spare)
{
        const struct trace *trace = measure->trace;
        struct summary isolation;
        double slowdowns = 0;
        size_t n = 0;

        for (size_t i = 0; i < trace->n_jobs; i++) {
                if (!trace_kind_is_interactive(trace->kinds[trace->jobs[i].kind]) || isnan(measure->response_sec[i]))
                        continue;
                slowdowns += slowdown_of(measure, i);
                spare[n++] = 1 / slowdown_of(measure, i);
        }
        isolation = summary_of(spare, n);
        ret->isolation_mean = isolation.mean;
        ret->isolation_p01 = isolation.p01;
        ret->latency_impact = n ? slowdowns / (double)n - 1 : 0;
}

static void summarise_workspaces(struct sim_result *ret, const struct measure *measure, double *spare)
{
        const struct trace *trace = measure->trace;
        bool endless = false;
        size_t n = 0;

        for (size_t i = 0; i < trace->n_jobs; i++)
                ret->workspaces[trace->jobs[i].workspace].wanted_sec += trace->jobs[i].cpu_sec;
        for (size_t i = trace->n_workspaces; i < ret->n_workspaces; i++)
                ret->workspaces[i].wanted_sec = INFINITY;
        for (size_t i = 0; i < ret->n_workspaces; i++)
                ret->workspaces[i].used_sec = measure->used_sec[i];
        for (size_t i = 0; i < trace->n_workspaces; i++)
                endless |= isinf(ret->workspaces[i].wanted_sec);
        for (size_t i = 0; i < trace->n_workspaces; i++) {
                const struct workspace_result *workspace = &ret->workspaces[i];

                if (workspace->wanted_sec > 0)
                        spare[n++] = workspace->used_sec / (endless ? 1 : workspace->wanted_sec);
        }
        ret->fairness = fairness_of(spare, n);
}

int measure_result(struct sim_result *ret, const struct measure *measure, const struct node *node)
{
        const struct trace *trace = measure->trace;
        size_t n_workspaces = trace->n_workspaces + measure->layout->hogs;
        double *spare = calloc(trace->n_jobs + n_workspaces + 1, sizeof(*spare));

        ret->n_workspaces = n_workspaces;
        ret->workspaces = calloc(n_workspaces + 1, sizeof(*ret->workspaces));
        if (!spare || !ret->workspaces || measure->error < 0) {
                free(spare);
                return -ENOMEM;
        }
        ret->cpu_used_of_wanted = node->wanted_sec > 0 ? node->used_sec / node->wanted_sec : 1;
        for (uint32_t kind = 0; kind < trace->n_kinds; kind++)
                summarise_kind(&ret->kinds[kind], measure, kind, spare);
        summarise_isolation(ret, measure, spare);
        summarise_workspaces(ret, measure, spare);
        ret->wakes = measure->wakes;
        ret->boost_sec = summary_of(measure->boosts.values, measure->boosts.n);
        ret->floor = summary_of(measure->floors.values, measure->floors.n);
        ret->end_sec = node->now_sec;
        free(spare);
        return 0;
}

void sim_result_free(struct sim_result *result)
{
        free(result->workspaces);
        timeline_free(&result->timeline);
        *result = (struct sim_result){0};
}
