/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "report.h"

#define PERCENT(part) (100 * (part))

/* Wide enough for most names with their arguments. */
#define NAME_WIDTH 24

/* Three digits, or all that lie before the point. NAN: there is none. */
static void print_number(FILE *file, double number)
{
        if (isnan(number))
                fprintf(file, " %8s", "-");
        else if (number >= 100)
                fprintf(file, " %8.0f", number);
        else if (number >= 10)
                fprintf(file, " %8.1f", number);
        else
                fprintf(file, " %8.3f", number);
}

static void print_step(FILE *file, const struct sim_plan *plan)
{
        uint64_t step_usec = sim_step_usec(plan);

        if (step_usec > 0)
                fprintf(file, " %6g", (double)step_usec / 1e6);
        else
                fprintf(file, " %6s", "-");
}

static void print_summary(FILE *file, const struct sim_row *row, const char *kind, const struct summary *slowdown,
        const struct summary *response_sec)
{
        fprintf(file, "%-*s", NAME_WIDTH, row->plan.choice->name);
        print_step(file, &row->plan);
        fprintf(file, "  %-13s %7zu", kind, slowdown->n);
        print_number(file, slowdown->mean);
        print_number(file, slowdown->p50);
        print_number(file, slowdown->p95);
        print_number(file, slowdown->p99);
        print_number(file, slowdown->p99_9);
        if (response_sec) {
                fputs("  ", file);
                print_number(file, response_sec->p50);
                print_number(file, response_sec->p99);
        }
        fputc('\n', file);
}

static void print_kinds(FILE *file, const struct sim_row *row)
{
        const struct trace *trace = row->plan.trace;

        for (size_t kind = 0; kind < trace->n_kinds; kind++) {
                const struct kind_result *result = &row->result.kinds[kind];
                char name[TRACE_KIND_SIZE + 8];

                if (result->slowdown.n > 0)
                        print_summary(file, row, trace->kinds[kind], &result->slowdown, &result->response_sec);
                snprintf(name, sizeof(name), "%s beside", trace->kinds[kind]);
                if (result->beside_slowdown.n > 0)
                        print_summary(file, row, name, &result->beside_slowdown, NULL);
        }
}

static void print_run(FILE *file, const struct sim_row *row)
{
        const struct sim_result *result = &row->result;
        double boosted = result->wakes ? (double)result->boost_sec.n / (double)result->wakes : 0;

        fprintf(file, "%-*s", NAME_WIDTH, row->plan.choice->name);
        print_step(file, &row->plan);
        fprintf(file, "  %8.2f  %6.4f", PERCENT(result->cpu_used_of_wanted), result->fairness.jain);
        print_number(file, result->fairness.min_max);
        print_number(file, result->fairness.median_min);
        print_number(file, result->fairness.max_median);
        fprintf(file, "  %7.1f", PERCENT(boosted));
        print_number(file, result->boost_sec.p99);
        print_number(file, result->floor.n ? result->floor.p01 : NAN);
        fprintf(file, "  %6.1f %6.1f", PERCENT(result->isolation_mean), PERCENT(result->isolation_p01));
        print_number(file, PERCENT(result->latency_impact));
        fprintf(file, "  %9llu %7.2f\n", (unsigned long long)result->writes, result->elapsed_sec);
}

static void print_legend(FILE *file)
{
        fputs("beside: came while other work of its own workspace was unfinished. Slowdown: response over response alone.\n"
              "CPU used: of what could have been. Jain to max/med: over workspaces, used over wanted. Boosted: wakes that "
              "came to run as\n"
              "fast as they wanted, and when. Floor: of the fair share, in the worst hundredth of windows. Isol and lat: as "
              "resctl-bench.\n",
                file);
}

void sim_report_print(const struct sim_row *rows, size_t n, FILE *file)
{
        const struct sim_plan *plan = &rows[0].plan;

        fprintf(file, "%s: %u CPUs, %u hogs, lanes %s, %zu jobs of %zu workspaces in %.0f s\n\n", plan->trace->name,
                plan->cpus, plan->hogs, lanes_name(plan->lanes), plan->trace->n_jobs, plan->trace->n_workspaces,
                plan->trace->span_sec);
        fprintf(file, "%-*s %6s  %-13s %7s %8s %8s %8s %8s %8s   %8s %8s\n", NAME_WIDTH, "", "step", "", "", "slowdown", "",
                "", "", "", "response", "s");
        fprintf(file, "%-*s %6s  %-13s %7s %8s %8s %8s %8s %8s   %8s %8s\n", NAME_WIDTH, "policy", "s", "kind", "n", "mean",
                "p50", "p95", "p99", "p99.9", "p50", "p99");
        for (size_t i = 0; i < n; i++)
                print_kinds(file, &rows[i]);
        fprintf(file, "\n%-*s %6s  %8s  %6s %8s %8s %8s  %7s %8s %8s  %6s %6s %8s  %9s %7s\n", NAME_WIDTH, "policy",
                "step s", "CPU used", "Jain", "min/max", "med/min", "max/med", "boosted", "p99 s", "floor", "isol %", "p01",
                "lat %", "writes", "real s");
        for (size_t i = 0; i < n; i++)
                print_run(file, &rows[i]);
        fputc('\n', file);
        print_legend(file);
}
