/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench kernel: all policies in one boot, repeat by repeat, so that a slow minute of the machine meets all of them.
 */

#include <errno.h>
#include <stdlib.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "../common/interrupt.h"
#include "../verbs.h"
#include "converge.h"
#include "late.h"
#include "options.h"
#include "report.h"

/* An idle machine has nothing to warm up but caches. */
#define ALONE_WARMUP_USEC (2 * USEC_PER_SEC)

struct bench {
        const struct kernel_options *options;
        struct groups place;
        struct spinner spinner;
        struct interrupt interrupt;
        struct report report;
        struct converge_result *converge;
        FILE *late_file;
};

static int make_series(struct bench *bench)
{
        const struct kernel_options *options = bench->options;

        bench->report.series = calloc(options->n_policies * options->n_bursts, sizeof(struct series));
        bench->report.converge = bench->converge = calloc(options->n_policies, sizeof(struct converge_result));
        if (!bench->report.series || !bench->converge)
                return complain(-ENOMEM, "the list of runs");
        for (size_t i = 0; i < options->n_bursts * options->n_policies; i++) {
                struct series *series = &bench->report.series[bench->report.n_series++];

                series->policy = options->policies[i % options->n_policies];
                series->burst_usec = options->bursts_usec[i / options->n_policies];
                series->n_max = options->repeats;
                series->results = calloc(options->repeats, sizeof(struct run_result));
                if (!series->results)
                        return complain(-ENOMEM, "the list of runs");
        }
        return 0;
}

static void free_series(struct bench *bench)
{
        for (size_t i = 0; i < bench->report.n_series; i++) {
                struct series *series = &bench->report.series[i];

                for (size_t k = 0; k < series->n; k++)
                        free(series->results[k].responses);
                free(series->results);
        }
        free(bench->report.series);
        free(bench->converge);
}

/*
 * By default the pauses are those of somebody who works, two thirds of a second, and so long that the probe uses no more
 * than half of its group's fair share of the CPUs. Who uses more than its share has no credit, and would be measured as what
 * it is: not interactive.
 */
#define USUAL_THINK_USEC (650 * USEC_PER_MSEC)

static uint64_t usual_think_usec(const struct kernel_options *options, uint64_t burst_usec)
{
        uint64_t cycle = 2 * burst_usec * (options->hog_groups + 1) / count_cpus();

        return cycle > USUAL_THINK_USEC + burst_usec ? cycle - burst_usec : USUAL_THINK_USEC;
}

static struct probe_plan probe_of(const struct kernel_options *options, uint64_t burst_usec, size_t repeat)
{
        bool given = options->think_max_usec > 0;
        uint64_t usual = usual_think_usec(options, burst_usec);

        return (struct probe_plan){
                .burst_usec = burst_usec,
                .think_min_usec = given ? options->think_min_usec : usual * 2 / 5,
                .think_max_usec = given ? options->think_max_usec : usual * 8 / 5,
                .seed = repeat + 1, /* every policy meets the same pauses in one repeat */
        };
}

static struct run_plan plan_of(const struct bench *bench, const struct policy *policy, uint64_t burst_usec, size_t repeat)
{
        const struct kernel_options *options = bench->options;

        return (struct run_plan){
                .policy = policy,
                .place = &bench->place,
                .probe = probe_of(options, burst_usec, repeat),
                .warmup_usec = policy->kind == POLICY_ALONE ? ALONE_WARMUP_USEC : options->warmup_usec,
                .bursts = options->bursts,
                .hog_groups = options->hog_groups,
                .hogs_per_group = options->hogs_per_group,
                .reach_permille = options->reach_permille,
        };
}

static void tell_progress(const struct series *series, size_t repeat)
{
        const struct run_result *result = &series->results[series->n - 1];
        const struct percentiles *values = result->measured.n ? &result->measured : &result->cold;

        fprintf(stderr, "repeat %zu: %s", repeat + 1, series->policy.name);
        if (series->policy.step_usec)
                fprintf(stderr, ", step %g s", (double)series->policy.step_usec / 1e6);
        fprintf(stderr, ": burst %g ms: p50 %.1f, p99 %.1f, max %.1f ms of %zu\n", (double)series->burst_usec / 1e3,
                (double)values->p50_usec / 1e3, (double)values->p99_usec / 1e3, (double)values->max_usec / 1e3, values->n);
}

static int run_once(struct bench *bench, struct series *series, size_t repeat)
{
        struct run_plan plan = plan_of(bench, &series->policy, series->burst_usec, repeat);
        struct run run;
        int error;

        error = run_begin(&run, &plan, &bench->interrupt, &bench->spinner);
        if (error < 0)
                return error;
        error = run_measure(&run, &series->results[series->n]);
        if (error >= 0) {
                series->n++;
                tell_progress(series, repeat);
                if (bench->late_file)
                        late_write(bench->late_file, &run, repeat, report_alone_usec(&bench->report, series->burst_usec));
        }
        run_end(&run);
        return error;
}

static int run_all(struct bench *bench)
{
        for (size_t repeat = 0; repeat < bench->options->repeats; repeat++)
                for (size_t i = 0; i < bench->report.n_series; i++) {
                        int error = run_once(bench, &bench->report.series[i], repeat);

                        if (error < 0)
                                return error;
                }
        return 0;
}

static int converge_all(struct bench *bench)
{
        const struct kernel_options *options = bench->options;

        for (size_t i = 0; i < options->n_policies && options->converge; i++) {
                struct run_plan plan = plan_of(bench, &options->policies[i], options->bursts_usec[0], 0);
                int error;

                if (options->policies[i].kind != POLICY_CGBURST)
                        continue;
                error = converge(&plan, &bench->interrupt, &bench->spinner, &bench->converge[bench->report.n_converge]);
                if (error < 0)
                        return error;
                fprintf(stderr, "converge, step %g s: done\n", (double)options->policies[i].step_usec / 1e6);
                bench->report.n_converge++;
        }
        return 0;
}

static int open_late_file(struct bench *bench)
{
        if (!bench->options->late_trace)
                return 0;
        bench->late_file = fopen(bench->options->late_trace, "we");
        return bench->late_file ? 0 : complain(-errno, "%s", bench->options->late_trace);
}

/* What was measured before a signal or a failure is reported too. */
static int measure(struct bench *bench)
{
        int error, written = 0;

        spinner_calibrate(&bench->spinner);
        error = open_late_file(bench);
        if (error >= 0)
                error = make_series(bench);
        if (error >= 0)
                error = run_all(bench);
        if (error >= 0)
                error = converge_all(bench);
        report_print(&bench->report, stdout);
        if (bench->options->json)
                written = report_write_json(&bench->report, bench->options->json);
        if (bench->late_file)
                fclose(bench->late_file);
        free_series(bench);
        return error < 0 ? error : written;
}

int verb_kernel(int argc, char **argv)
{
        struct kernel_options options;
        struct bench bench = {.options = &options};
        int error;

        error = options_parse(&options, argc, argv);
        if (error)
                return error < 0 ? 2 : 0;
        if (!options.check && check_output(options.json) < 0)
                return 1;
        error = groups_find(&bench.place, options.mount, options.units ? NULL : options.parent, GROUPS_CPU);
        if (error >= 0 && options.units)
                error = groups_use_units(&bench.place, options.parent);
        if (error < 0 || options.check)
                return error < 0;
        error = interrupt_open(&bench.interrupt);
        if (error < 0)
                return 1;
        error = measure(&bench);
        interrupt_close(&bench.interrupt);
        if (error == -EINTR)
                fputs("cgburst-bench: interrupted; what was measured until then is above\n", stderr);
        return error < 0;
}
