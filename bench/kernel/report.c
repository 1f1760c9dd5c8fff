/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "late.h"
#include "report.h"

#define MSEC(usec) ((double)(usec) / 1000)
#define PERCENT(part) (100 * (part))

/* The median over the repeats of one field of their results, which lies @offset bytes into each. */
static uint64_t median_usec(const struct series *series, size_t offset)
{
        double values[series->n];

        for (size_t i = 0; i < series->n; i++) {
                uint64_t value;

                memcpy(&value, (const char *)&series->results[i] + offset, sizeof(value));
                values[i] = (double)value;
        }
        return (uint64_t)median(values, series->n);
}

static double median_part(const struct series *series, size_t offset)
{
        double values[series->n];

        for (size_t i = 0; i < series->n; i++)
                memcpy(&values[i], (const char *)&series->results[i] + offset, sizeof(values[i]));
        return median(values, series->n);
}

static size_t count_bursts(const struct series *series)
{
        size_t n = 0;

        for (size_t i = 0; i < series->n; i++)
                n += series->results[i].measured.n;
        return n;
}

static uint64_t *pool_responses(const struct series *series)
{
        size_t n = 0;
        uint64_t *pool;

        pool = calloc(count_bursts(series) + 1, sizeof(*pool));
        if (!pool) {
                complain(-ENOMEM, "the responses of all repeats");
                return NULL;
        }
        for (size_t i = 0; i < series->n; i++)
                for (size_t k = 0; k < series->results[i].measured.n; k++)
                        pool[n++] = series->results[i].responses[k].response_usec;
        return pool;
}

#define MEDIAN_USEC(series, field) median_usec((series), offsetof(struct run_result, field))
#define MEDIAN_PART(series, field) median_part((series), offsetof(struct run_result, field))

static struct percentiles median_cold(const struct series *series)
{
        struct percentiles cold = {
                .p50_usec = MEDIAN_USEC(series, cold.p50_usec),
                .p90_usec = MEDIAN_USEC(series, cold.p90_usec),
                .p99_usec = MEDIAN_USEC(series, cold.p99_usec),
        };

        for (size_t i = 0; i < series->n; i++) {
                cold.n += series->results[i].cold.n;
                if (series->results[i].cold.max_usec > cold.max_usec)
                        cold.max_usec = series->results[i].cold.max_usec;
        }
        return cold;
}

uint64_t report_alone_usec(const struct report *report, uint64_t burst_usec)
{
        for (size_t i = 0; i < report->n_series; i++) {
                const struct series *series = &report->series[i];

                if (series->policy.kind == POLICY_ALONE && series->burst_usec == burst_usec && count_bursts(series) > 0)
                        return MEDIAN_USEC(series, measured.p50_usec);
        }
        return burst_usec;
}

/* On a machine of its own it would have been in time. */
static bool is_late_by_machine(const struct response *response, uint64_t limit_usec)
{
        return response->response_usec <= limit_usec + response->machine_usec;
}

static void count_late(const struct series *series, struct figures *figures)
{
        for (size_t i = 0; i < series->n; i++)
                for (size_t k = 0; k < series->results[i].measured.n; k++) {
                        const struct response *response = &series->results[i].responses[k];

                        if (response->response_usec <= figures->late_above_usec)
                                continue;
                        figures->late++;
                        figures->late_by_machine += is_late_by_machine(response, figures->late_above_usec);
                }
}

int report_figures(const struct report *report, const struct series *series, struct figures *ret)
{
        struct figures figures = {.late_above_usec = report_alone_usec(report, series->burst_usec) * LATE_PERMILLE / 1000};
        uint64_t *pool;

        pool = pool_responses(series);
        if (!pool)
                return -ENOMEM;
        figures.measured = percentiles_of(pool, count_bursts(series));
        free(pool);
        count_late(series, &figures);
        figures.measured.p50_usec = MEDIAN_USEC(series, measured.p50_usec);
        figures.measured.p90_usec = MEDIAN_USEC(series, measured.p90_usec);
        figures.measured.p99_usec = MEDIAN_USEC(series, measured.p99_usec);
        figures.net.p50_usec = MEDIAN_USEC(series, net.p50_usec);
        figures.net.p99_usec = MEDIAN_USEC(series, net.p99_usec);
        figures.cold = median_cold(series);
        figures.others_used_of_left = MEDIAN_PART(series, others_used_of_left);
        figures.others_share_error = MEDIAN_PART(series, others_share_error);
        figures.cpu_used_of_all = MEDIAN_PART(series, cpu_used_of_all);
        figures.manager_used_of_all = MEDIAN_PART(series, manager_used_of_all);
        figures.weight_ratio = MEDIAN_PART(series, weight_ratio);
        figures.stalled_of_all = MEDIAN_PART(series, stalled_of_all);
        for (size_t i = 0; i < series->n; i++) {
                figures.weights_written += series->results[i].weights_written / series->n;
                if (series->results[i].longest_dispatch_usec > figures.longest_dispatch_usec)
                        figures.longest_dispatch_usec = series->results[i].longest_dispatch_usec;
        }
        *ret = figures;
        return 0;
}

static void print_percentiles(FILE *file, const struct percentiles *values)
{
        fprintf(file, " %6zu %8.1f %8.1f %8.1f %8.1f %8.1f", values->n, MSEC(values->p50_usec), MSEC(values->p90_usec),
                MSEC(values->p99_usec), MSEC(values->p999_usec), MSEC(values->max_usec));
}

static void print_name(FILE *file, const struct series *series)
{
        char step[16] = "";

        if (series->policy.step_usec)
                snprintf(step, sizeof(step), "%g s", (double)series->policy.step_usec / 1e6);
        fprintf(file, "%-17s %6s %5.0f", series->policy.name, step, MSEC(series->burst_usec));
}

static void print_series(const struct report *report, const struct series *series, FILE *file)
{
        struct figures figures;

        if (report_figures(report, series, &figures) < 0)
                return;
        print_name(file, series);
        print_percentiles(file, &figures.measured);
        fprintf(file, " %5zu %5zu", figures.late, figures.late_by_machine);
        if (series->policy.kind != POLICY_ALONE)
                fprintf(file, " %6.1f %6.1f", PERCENT(figures.others_used_of_left), PERCENT(figures.others_share_error));
        else
                fprintf(file, " %6s %6s", "", "");
        fprintf(file, " %6.1f %6.1f", PERCENT(figures.cpu_used_of_all), PERCENT(figures.stalled_of_all));
        if (series->policy.kind == POLICY_CGBURST)
                fprintf(file, " %6.2f %8.1f %6.1f", PERCENT(figures.manager_used_of_all), MSEC(figures.net.p99_usec),
                        figures.weight_ratio);
        else
                fprintf(file, " %6s %8.1f", "", MSEC(figures.net.p99_usec));
        fputs("\n", file);
}

static void print_cold(const struct report *report, FILE *file)
{
        fputs("\ncold start: the bursts of the warm-up\n", file);
        for (size_t i = 0; i < report->n_series; i++) {
                struct percentiles cold;

                if (report->series[i].n == 0)
                        continue;
                cold = median_cold(&report->series[i]);
                print_name(file, &report->series[i]);
                fprintf(file, " %6zu %8.1f %8.1f %8.1f %8s %8.1f\n", cold.n, MSEC(cold.p50_usec), MSEC(cold.p90_usec),
                        MSEC(cold.p99_usec), "", MSEC(cold.max_usec));
        }
}

static void print_converge(const struct report *report, FILE *file)
{
        for (size_t i = 0; i < report->n_converge; i++) {
                const struct converge_result *result = &report->converge[i];

                fprintf(file, "\nstep %g s: a probe that becomes a loop, its share second by second, %% (fair: %.1f):\n ",
                        (double)result->step_usec / 1e6, PERCENT(result->fair_share));
                for (size_t k = 0; k < result->n; k++)
                        fprintf(file, " %.1f", PERCENT(result->seconds[k].share));
                if (result->converged)
                        fprintf(file, "\n  within a tenth of its fair share in second %zu", result->converge_sec);
                else
                        fprintf(file, "\n  not within a tenth of its fair share in %zu s", result->n);
                fprintf(file, "; the others never below %.0f %% of theirs (promised: %.0f %%)\n",
                        PERCENT(converge_lowest_other(result)), PERCENT(result->floor));
        }
}

void report_print(const struct report *report, FILE *file)
{
        fprintf(file, "%-17s %6s %5s %6s %8s %8s %8s %8s %8s %5s %5s %6s %6s %6s %6s %6s %8s %6s\n", "policy", "step",
                "burst", "bursts", "p50", "p90", "p99", "p99.9", "max", "late", "host", "left", "uneven", "CPU", "still",
                "cost", "net p99", "ratio");
        fprintf(file, "%-17s %6s %5s %6s %8s %8s %8s %8s %8s %5s %5s %6s %6s %6s %6s %6s %8s\n", "", "", "ms", "", "ms",
                "ms", "ms", "ms", "ms", "", "", "%", "%", "%", "%", "%", "ms");
        for (size_t i = 0; i < report->n_series; i++)
                if (report->series[i].n > 0)
                        print_series(report, &report->series[i], file);
        print_cold(report, file);
        print_converge(report, file);
        fputs("\nlate: more than 1.5 times the median alone. host: those of them that were late because the machine itself\n"
              "stood still, as a virtual one does on a busy host. left: what the loops used of what the probe left them.\n"
              "uneven: the largest deviation of one group of loops from an equal share. CPU: used of all CPUs. still: part\n"
              "of it in which the machine stood still. cost: cgburst's own CPU time. net p99: each response without the time for\n"
              "which the machine stood still. ratio: the probe's weight over that of a group of loops, as the bursts met it.\n",
                file);
}
