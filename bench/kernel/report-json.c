/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <sys/utsname.h>

#include "../common/complain.h"
#include "report.h"

static void write_percentiles(FILE *file, const struct percentiles *values)
{
        fprintf(file, "\"p50_usec\":%" PRIu64 ",\"p90_usec\":%" PRIu64 ",\"p99_usec\":%" PRIu64 ",\"max_usec\":%" PRIu64,
                values->p50_usec, values->p90_usec, values->p99_usec, values->max_usec);
}

static void write_figures(FILE *file, const struct series *series, const struct figures *figures)
{
        fprintf(file, "{\"policy\":\"%s\",\"burst_usec\":%" PRIu64 ",\"step_usec\":%" PRIu64 ",\"repeats\":%zu,",
                series->policy.name, series->burst_usec, series->policy.step_usec, series->n);
        write_percentiles(file, &figures->measured);
        fprintf(file,
                ",\"p999_usec\":%" PRIu64 ",\"net_p50_usec\":%" PRIu64 ",\"net_p99_usec\":%" PRIu64
                ",\"others_used_of_left\":%.4f,\"others_share_error\":%.4f,"
                "\"cpu_used_of_all\":%.4f,\"manager_used_of_all\":%.5f,\"weight_ratio\":%.3f,\"stalled_of_all\":%.4f,\"weights_written\":%" PRIu64
                ",\"longest_dispatch_usec\":%" PRIu64,
                figures->measured.p999_usec, figures->net.p50_usec, figures->net.p99_usec, figures->others_used_of_left,
                figures->others_share_error, figures->cpu_used_of_all, figures->manager_used_of_all, figures->weight_ratio,
                figures->stalled_of_all, figures->weights_written, figures->longest_dispatch_usec);
        fprintf(file, ",\"bursts\":%zu,\"late\":%zu,\"late_by_machine\":%zu,\"late_above_usec\":%" PRIu64 ",\"cold\":{",
                figures->measured.n, figures->late, figures->late_by_machine, figures->late_above_usec);
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
        fprintf(file,
                "{\"step_usec\":%" PRIu64 ",\"converged\":%s,\"converge_sec\":%zu,\"fair_share\":%.4f,\"floor\":%.4f,"
                "\"lowest_other\":%.4f,\"floor_kept\":%s,\"shares\":[",
                result->step_usec, result->converged ? "true" : "false", result->converge_sec, result->fair_share,
                result->floor, converge_lowest_other(result),
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
