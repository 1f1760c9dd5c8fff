/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench demo: four workspaces on one machine. In one somebody edits: short answers, longer answers, syntax checks,
 * with pauses for thought. In three others builds run. First the editor is alone, then beside the builds with equal weights,
 * then the same under cgburst. Nothing else changes between the second phase and the third.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/interrupt.h"
#include "../common/numbers.h"
#include "../kernel/run.h"
#include "../verbs.h"
#include "stage.h"
#include "summary.h"

/* Parts of the demo's whole time, in thousandths. What settles is shown and not counted: caches, and the first credits. */
struct phase {
        const char *name;
        unsigned settle_permille;
        unsigned measure_permille;
};

static const struct phase phases[N_PHASES] = {
        {"alone", 20, 160},
        {"beside builds", 40, 330},
        {"builds, cgburst", 100, 350},
};

struct demo {
        uint64_t length_usec;
        uint64_t started_usec;
        struct interrupt interrupt;
        struct stage stage;
};

static int enter(struct stage *stage, enum demo_phase phase)
{
        switch (phase) {
        case PHASE_ALONE:
                return stage_start_editor(stage);
        case PHASE_EQUAL:
                return stage_start_builds(stage);
        case PHASE_CGBURST:
                return stage_start_cgburst(stage);
        default:
                return -EINVAL;
        }
}

static double last_msec(const struct demo *demo, enum demo_task task)
{
        return (double)stage_last_response_usec(&demo->stage, task) / 1e3;
}

static void print_line(const struct demo *demo, const struct phase *phase, bool settling, const struct usage *used)
{
        printf("%4.0f s  %-16s%-2s 20 ms: %5.0f  100 ms: %5.0f  check: %5.0f   %4u compiled   CPU %.2f of %u   weights",
                (double)(now_usec() - demo->started_usec) / 1e6, phase->name, settling ? "~" : "",
                last_msec(demo, TASK_SHORT), last_msec(demo, TASK_LONG), last_msec(demo, TASK_CHECK),
                stage_count_compiles(&demo->stage), (double)used->parent_usec / (double)used->wall_usec, count_cpus());
        for (size_t i = 0; i < demo->stage.groups.n; i++)
                printf(" %u%s", groups_weight(&demo->stage.groups, i), i == INTERACTIVE ? " |" : "");
        printf("\n");
        fflush(stdout);
}

static int watch(struct demo *demo, const struct phase *phase, bool settling, unsigned permille)
{
        uint64_t ends = now_usec() + demo->length_usec * permille / 1000;
        struct usage before = usage_now(&demo->stage.groups, demo->stage.manager.pid);
        unsigned failures;

        while (now_usec() < ends) {
                int alive_fd = demo->stage.manager.pid ? demo->stage.manager.alive_fd : -1, error;
                uint64_t next = before.wall_usec + USEC_PER_SEC;
                struct usage now, used;

                error = wait_until(&demo->interrupt, alive_fd, -1, next < ends ? next : ends);
                if (error)
                        return error < 0 ? error : complain(-EPIPE, "cgburst has ended");
                now = usage_now(&demo->stage.groups, demo->stage.manager.pid);
                used = usage_between(&before, &now);
                print_line(demo, phase, settling, &used);
                before = now;
        }
        failures = stage_count_failures(&demo->stage);
        return failures ? complain(-EIO, "the compiler failed %u times", failures) : 0;
}

static int note_figures(const struct demo *demo, uint64_t from_usec, struct phase_figures *figures)
{
        uint64_t *responses = calloc(PROBE_BURSTS_MAX, sizeof(*responses));

        if (!responses)
                return complain(-ENOMEM, "the responses");
        for (unsigned task = 0; task < N_TASKS; task++)
                figures->tasks[task] = percentiles_of(responses, stage_responses(&demo->stage, task, from_usec, responses));
        free(responses);
        return 0;
}

static int run_phase(struct demo *demo, enum demo_phase number, struct phase_figures *figures)
{
        const struct phase *phase = &phases[number];
        struct usage start, end;
        unsigned compiles;
        int error;

        error = enter(&demo->stage, number);
        if (error >= 0)
                error = watch(demo, phase, true, phase->settle_permille);
        if (error < 0)
                return error;
        compiles = stage_count_compiles(&demo->stage);
        start = usage_now(&demo->stage.groups, demo->stage.manager.pid);
        error = watch(demo, phase, false, phase->measure_permille);
        if (error < 0)
                return error;
        end = usage_now(&demo->stage.groups, demo->stage.manager.pid);
        figures->used = usage_between(&start, &end);
        figures->compiles = stage_count_compiles(&demo->stage) - compiles;
        return note_figures(demo, start.wall_usec, figures);
}

static void introduce(const struct demo *demo)
{
        printf("One editor and three builds of %u jobs each, in four control groups on %u CPUs; %.0f seconds.\n"
               "ms: the last response of each kind. ~: settling, not counted. weights: the editor's | the builds'.\n\n",
                demo->stage.n_jobs / N_BUILDS, count_cpus(), (double)demo->length_usec / 1e6);
        fflush(stdout);
}

static int play(struct demo *demo)
{
        struct phase_figures figures[N_PHASES] = {0};
        size_t done = 0;
        int error;

        error = stage_set(&demo->stage);
        if (error >= 0)
                introduce(demo);
        demo->started_usec = now_usec();
        for (unsigned i = 0; i < N_PHASES && error >= 0; i++) {
                error = run_phase(demo, i, &figures[i]);
                done += error >= 0;
        }
        stage_clear(&demo->stage);
        summary_print(stdout, figures, done);
        return error;
}

struct demo_options {
        const char *mount;
        const char *parent;
        uint64_t length_usec;
        bool check;
};

static const char help[] =
        "usage: cgburst-bench demo [OPTION...]\n"
        "\n"
        "Shows what cgburst does for somebody who edits beside three builds. Needs gcc, this project's sources where they\n"
        "were built, and the right to make groups with the cpu controller; bench/demo.sh finds a place that has them.\n"
        "\n"
        "  --seconds N      how long it takes (120; less than 60 tells little)\n"
        "  --parent PATH    the group to make, below the mount (cgburst-bench)\n"
        "  --mount PATH     where cgroup v2 is mounted (found by itself)\n"
        "  --check          only tell whether it can be shown here, and why not\n";

/* @options: holds the defaults. @return 0; 1 after --help; -EINVAL. Complains. */
static int parse_options(struct demo_options *options, int argc, char **argv)
{
        static const struct option known[] = {
                {"seconds", required_argument, NULL, 's'},
                {"parent", required_argument, NULL, 'p'},
                {"mount", required_argument, NULL, 'm'},
                {"check", no_argument, NULL, 'c'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        int option;

        while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1)
                switch (option) {
                case 's':
                        if (parse_seconds("seconds", optarg, 10, 3600, &options->length_usec) < 0)
                                return -EINVAL;
                        break;
                case 'p':
                        options->parent = optarg;
                        break;
                case 'm':
                        options->mount = optarg;
                        break;
                case 'c':
                        options->check = true;
                        break;
                case 'h':
                        fputs(help, stdout);
                        return 1;
                default:
                        return -EINVAL;
                }
        if (optind < argc)
                return complain(-EINVAL, "%s: not an option; see --help", argv[optind]);
        return 0;
}

int verb_demo(int argc, char **argv)
{
        struct demo_options options = {.length_usec = 120 * USEC_PER_SEC};
        struct demo demo = {0};
        int error;

        error = parse_options(&options, argc, argv);
        if (error)
                return error < 0 ? 2 : 0;
        error = groups_find(&demo.stage.groups, options.mount, options.parent, GROUPS_CPU);
        if (error < 0 || options.check)
                return error < 0;
        error = interrupt_open(&demo.interrupt);
        if (error < 0)
                return 1;
        demo.length_usec = options.length_usec;
        error = play(&demo);
        interrupt_close(&demo.interrupt);
        return error < 0;
}
