/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "../kernel/run.h"
#include "summary.h"

#define COLUMN 26

static const char *const phase_names[N_PHASES] = {"alone", "beside builds", "the same with cgburst"};
static const char *const task_names[N_TASKS] = {"20 ms of work", "100 ms of work", "syntax check"};

static double per_minute(const struct phase_figures *phase, double amount)
{
        return phase->used.wall_usec ? amount * 60e6 / (double)phase->used.wall_usec : 0;
}

static double build_seconds_per_minute(const struct phase_figures *phase)
{
        return per_minute(phase, (double)usage_sum_from(&phase->used, FIRST_LOAD) / 1e6);
}

static double busy_percent(const struct phase_figures *phase)
{
        return 100 * (double)phase->used.parent_usec / usage_capacity_usec(&phase->used);
}

static void print_heading(FILE *file, size_t n)
{
        fprintf(file, "\n%-26s", "");
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%*s", COLUMN, phase_names[i]);
        fprintf(file, "\n%-26s", "response, ms");
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%*s%8s%6s", COLUMN - 14, "p50", "p99", "of");
        fputs("\n", file);
}

static void print_tasks(FILE *file, const struct phase_figures *phases, size_t n)
{
        for (size_t task = 0; task < N_TASKS; task++) {
                fprintf(file, "  %-24s", task_names[task]);
                for (size_t i = 0; i < n; i++) {
                        const struct percentiles *values = &phases[i].tasks[task];

                        fprintf(file, "%*.1f%8.1f%6zu", COLUMN - 14, (double)values->p50_usec / 1e3,
                                (double)values->p99_usec / 1e3, values->n);
                }
                fputs("\n", file);
        }
}

static void print_builds(FILE *file, const struct phase_figures *phases, size_t n)
{
        fprintf(file, "%-26s", "files compiled a minute");
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%*.0f", COLUMN, per_minute(&phases[i], phases[i].compiles));
        fprintf(file, "\n%-26s", "CPU s of builds a minute");
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%*.1f", COLUMN, build_seconds_per_minute(&phases[i]));
        fprintf(file, "\n%-26s", "CPU used, %");
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%*.1f", COLUMN, busy_percent(&phases[i]));
        fputs("\n\n", file);
}

static double ratio(uint64_t value, uint64_t base)
{
        return base ? (double)value / (double)base : 0;
}

static void print_sentences(FILE *file, const struct phase_figures *phases)
{
        const struct percentiles *alone = &phases[PHASE_ALONE].tasks[TASK_LONG],
                                 *equal = &phases[PHASE_EQUAL].tasks[TASK_LONG],
                                 *cgburst = &phases[PHASE_CGBURST].tasks[TASK_LONG];
        double equal_work = build_seconds_per_minute(&phases[PHASE_EQUAL]);

        fprintf(file,
                "An answer that takes 100 ms of CPU took %.1f times as long beside three builds as alone (at worst %.1f\n"
                "times); with cgburst it took %.2f times as long (at worst %.2f times). The builds had %.0f %% of the CPU\n"
                "time that they had without cgburst, and the CPUs were %.1f %% busy.\n",
                ratio(equal->p50_usec, alone->p50_usec), ratio(equal->max_usec, alone->p50_usec),
                ratio(cgburst->p50_usec, alone->p50_usec), ratio(cgburst->max_usec, alone->p50_usec),
                equal_work > 0 ? 100 * build_seconds_per_minute(&phases[PHASE_CGBURST]) / equal_work : 0,
                busy_percent(&phases[PHASE_CGBURST]));
}

void summary_print(FILE *file, const struct phase_figures *phases, size_t n)
{
        if (n == 0)
                return;
        print_heading(file, n);
        print_tasks(file, phases, n);
        print_builds(file, phases, n);
        if (n == N_PHASES)
                print_sentences(file, phases);
}
