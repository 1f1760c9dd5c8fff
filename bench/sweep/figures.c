/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "figures.h"

static const struct {
        const char *name;
        size_t offset; /* in struct summary */
        bool counts_interactive;
        bool counts_batch;
} percentiles[FIGURES_PER_KIND] = {
        {"mean", offsetof(struct summary, mean), false, false},
        {"p50", offsetof(struct summary, p50), false, true},
        {"p95", offsetof(struct summary, p95), false, false},
        {"p99", offsetof(struct summary, p99), true, true},
        {"p99_9", offsetof(struct summary, p99_9), true, false},
};

static void add(struct figures *figures, const char *kind, const char *name, double value, bool counts)
{
        struct figure *figure = &figures->list[figures->n++];

        *figure = (struct figure){.value = value, .counts = counts};
        snprintf(figure->name, sizeof(figure->name), "%s%s%s", kind, *kind ? "." : "", name);
}

static void add_kind(struct figures *figures, const char *kind, const struct summary *slowdown)
{
        bool interactive = trace_kind_is_interactive(kind);

        for (size_t i = 0; i < FIGURES_PER_KIND; i++) {
                double value = *(const double *)((const char *)slowdown + percentiles[i].offset);

                add(figures, kind, percentiles[i].name, value,
                        interactive ? percentiles[i].counts_interactive : percentiles[i].counts_batch);
        }
}

/* The generator calls them gamerDUTY-PERIOD and honestDUTY-00. @return the honest one; or NULL */
static const struct workspace_result *honest_of(
        const struct trace *trace, const struct sim_result *result, const char *gamer)
{
        unsigned duty, period, other;

        if (sscanf(gamer, "gamer%u-%u", &duty, &period) != 2)
                return NULL;
        for (size_t i = 0; i < trace->n_workspaces; i++)
                if (sscanf(trace->workspaces[i], "honest%u-%u", &other, &period) == 2 && other == duty)
                        return &result->workspaces[i];
        return NULL;
}

/* @return 0 if nobody games */
static double gain_of(const struct trace *trace, const struct sim_result *result)
{
        double gain = 0;

        for (size_t i = 0; i < trace->n_workspaces; i++) {
                const struct workspace_result *honest = honest_of(trace, result, trace->workspaces[i]);

                if (honest && honest->used_sec > 0 && result->workspaces[i].used_sec / honest->used_sec > gain)
                        gain = result->workspaces[i].used_sec / honest->used_sec;
        }
        return gain;
}

void figures_of(struct figures *ret, const struct trace *trace, const struct sim_result *result)
{
        double gain = gain_of(trace, result);

        ret->n = 0;
        for (size_t i = 0; i < trace->n_kinds; i++)
                if (result->kinds[i].slowdown.n > 0)
                        add_kind(ret, trace->kinds[i], &result->kinds[i].slowdown);
        if (gain > 0)
                add(ret, "", "gain", gain, true);
        else if (ret->n == 0 && result->fairness.jain > 0)
                add(ret, "", "uneven", 1 / result->fairness.jain, true);
}

const struct figure *figures_find(const struct figures *figures, const char *name)
{
        for (size_t i = 0; i < figures->n; i++)
                if (!strcmp(figures->list[i].name, name))
                        return &figures->list[i];
        return NULL;
}

bool figure_is_of(const char *name, const struct trace *trace)
{
        const char *dot = strchr(name, '.');

        if (!dot)
                return !strcmp(name, "gain") || !strcmp(name, "uneven");
        for (size_t i = 0; i < trace->n_kinds; i++) {
                size_t n = strlen(trace->kinds[i]);

                if (n != (size_t)(dot - name) || memcmp(trace->kinds[i], name, n) != 0)
                        continue;
                for (size_t k = 0; k < FIGURES_PER_KIND; k++)
                        if (!strcmp(percentiles[k].name, dot + 1))
                                return true;
        }
        return false;
}
