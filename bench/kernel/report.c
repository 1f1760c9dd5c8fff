/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "complain.h"
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
                        pool[n++] = series->results[i].responses_usec[k];
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

int report_figures(const struct report *report, const struct series *series, struct figures *ret)
{
        struct figures figures = {.late_above_usec = report_alone_usec(report, series->burst_usec) * LATE_PERMILLE / 1000};
        uint64_t *pool;

        pool = pool_responses(series);
        if (!pool)
                return -ENOMEM;
        figures.measured = percentiles_of(pool, count_bursts(series));
        for (size_t i = 0; i < figures.measured.n; i++)
                figures.late += pool[i] > figures.late_above_usec;
        free(pool);
        figures.measured.p50_usec = MEDIAN_USEC(series, measured.p50_usec);
        figures.measured.p90_usec = MEDIAN_USEC(series, measured.p90_usec);
        figures.measured.p99_usec = MEDIAN_USEC(series, measured.p99_usec);
        figures.cold = median_cold(series);
        figures.others_used_of_left = MEDIAN_PART(series, others_used_of_left);
        figures.others_share_error = MEDIAN_PART(series, others_share_error);
        figures.cpu_used_of_all = MEDIAN_PART(series, cpu_used_of_all);
        figures.manager_used_of_all = MEDIAN_PART(series, manager_used_of_all);
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
        fprintf(file, "%-16s %6s %5.0f", series->policy.name, step, MSEC(series->burst_usec));
}

static void print_series(const struct report *report, const struct series *series, FILE *file)
{
        struct figures figures;

        if (report_figures(report, series, &figures) < 0)
                return;
        print_name(file, series);
        print_percentiles(file, &figures.measured);
        fprintf(file, " %5zu", figures.late);
        if (series->policy.kind != POLICY_ALONE)
                fprintf(file, " %6.1f %6.1f", PERCENT(figures.others_used_of_left), PERCENT(figures.others_share_error));
        else
                fprintf(file, " %6s %6s", "", "");
        fprintf(file, " %6.1f", PERCENT(figures.cpu_used_of_all));
        if (series->policy.kind == POLICY_CGBURST)
                fprintf(file, " %6.2f", PERCENT(figures.manager_used_of_all));
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

                fprintf(file, "\nstep %g s: an interactive group that becomes a loop, share in %% of a fair %.1f, by the second:\n ",
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
        fprintf(file, "%-16s %6s %5s %6s %8s %8s %8s %8s %8s %5s %6s %6s %6s %6s\n", "policy", "step", "burst", "bursts", "p50",
                "p90", "p99", "p99.9", "max", "late", "left", "uneven", "CPU", "cost");
        fprintf(file, "%-16s %6s %5s %6s %8s %8s %8s %8s %8s %5s %6s %6s %6s %6s\n", "", "", "ms", "", "ms", "ms", "ms", "ms",
                "ms", "", "%", "%", "%", "%");
        for (size_t i = 0; i < report->n_series; i++)
                if (report->series[i].n > 0)
                        print_series(report, &report->series[i], file);
        print_cold(report, file);
        print_converge(report, file);
        fputs("\nlate: more than 1.5 times the median alone. left: what the loops used of what the probe left them. uneven: the\n"
              "largest deviation of one group of loops from an equal share. CPU: used of all CPUs. cost: cgburst's own CPU time.\n",
                file);
}

static void write_percentiles(FILE *file, const struct percentiles *values)
{
        fprintf(file, "\"p50_usec\":%" PRIu64 ",\"p90_usec\":%" PRIu64 ",\"p99_usec\":%" PRIu64 ",\"max_usec\":%" PRIu64,
                values->p50_usec, values->p90_usec, values->p99_usec, values->max_usec);
}

static void write_figures(FILE *file, const struct series *series, const struct figures *figures)
{
        fprintf(file, "{\"policy\":\"%s\",\"burst_usec\":%" PRIu64 ",\"step_usec\":%" PRIu64 ",\"repeats\":%zu,", series->policy.name,
                series->burst_usec, series->policy.step_usec, series->n);
        write_percentiles(file, &figures->measured);
        fprintf(file, ",\"p999_usec\":%" PRIu64 ",\"others_used_of_left\":%.4f,\"others_share_error\":%.4f,"
                "\"cpu_used_of_all\":%.4f,\"manager_used_of_all\":%.5f,\"weights_written\":%" PRIu64 ",\"longest_dispatch_usec\":%"
                PRIu64, figures->measured.p999_usec, figures->others_used_of_left, figures->others_share_error,
                figures->cpu_used_of_all, figures->manager_used_of_all, figures->weights_written, figures->longest_dispatch_usec);
        fprintf(file, ",\"bursts\":%zu,\"late\":%zu,\"late_above_usec\":%" PRIu64 ",\"cold\":{", figures->measured.n, figures->late,
                figures->late_above_usec);
        write_percentiles(file, &figures->cold);
        fprintf(file, ",\"bursts\":%zu}}", figures->cold.n);
}

static int write_runs(const struct report *report, FILE *file)
{
        const char *separator = "";

        fputs(",\"runs\":[", file);
        for (size_t i = 0; i < report->n_series; i++) {
                struct figures figures;
                int error;

                if (report->series[i].n == 0)
                        continue;
                error = report_figures(report, &report->series[i], &figures);
                if (error < 0)
                        return error;
                fprintf(file, "%s\n", separator);
                write_figures(file, &report->series[i], &figures);
                separator = ",";
        }
        fputs("]", file);
        return 0;
}

static void write_convergence(FILE *file, const struct converge_result *result)
{
        fprintf(file, "{\"step_usec\":%" PRIu64 ",\"converged\":%s,\"converge_sec\":%zu,\"fair_share\":%.4f,\"floor\":%.4f,"
                "\"lowest_other\":%.4f,\"floor_kept\":%s,\"shares\":[", result->step_usec, result->converged ? "true" : "false",
                result->converge_sec, result->fair_share, result->floor, converge_lowest_other(result),
                converge_lowest_other(result) >= result->floor ? "true" : "false");
        for (size_t i = 0; i < result->n; i++)
                fprintf(file, "%s%.4f", i ? "," : "", result->seconds[i].share);
        fputs("]}", file);
}

/* The worst of the steps stands for all. */
static void write_converge(const struct report *report, FILE *file)
{
        bool converged = true, kept = true;
        size_t slowest = 0;

        for (size_t i = 0; i < report->n_converge; i++) {
                const struct converge_result *result = &report->converge[i];

                converged = converged && result->converged;
                kept = kept && converge_lowest_other(result) >= result->floor;
                if (result->converge_sec > slowest)
                        slowest = result->converge_sec;
        }
        fprintf(file, ",\"converge\":{\"converged\":%s,\"converge_sec\":%zu,\"floor_kept\":%s,\"runs\":[",
                converged ? "true" : "false", slowest, kept ? "true" : "false");
        for (size_t i = 0; i < report->n_converge; i++) {
                fputs(i ? ",\n" : "\n", file);
                write_convergence(file, &report->converge[i]);
        }
        fputs("]}", file);
}

static int write_all(const struct report *report, FILE *file)
{
        struct utsname system;
        int error;

        uname(&system);
        fprintf(file, "{\"schema\":1,\"kernel\":\"%s\",\"cpus\":%u", system.release, count_cpus());
        error = write_runs(report, file);
        if (report->n_converge > 0)
                write_converge(report, file);
        fputs("}\n", file);
        return error;
}

int report_write_json(const struct report *report, const char *path)
{
        FILE *file = fopen(path, "we");
        int error;

        if (!file)
                return complain(-errno, "%s", path);
        error = write_all(report, file);
        if (fclose(file) == EOF && error >= 0)
                error = complain(-errno, "%s", path);
        return error;
}
