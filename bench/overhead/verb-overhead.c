/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench overhead: what a step costs, beside the system calls that it cannot do without, and what the law alone
 * costs.
 */

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "../common/complain.h"
#include "../kernel/usage.h"
#include "../verbs.h"
#include "cost.h"

static const char help[] =
        "usage: cgburst-bench overhead [OPTION...]\n"
        "\n"
        "What the library's step costs with so many active workspaces, beside the bare system calls that it cannot do without (pread of\n"
        "every cpu.stat, pwrite of every weight that changes, on fds that stay open), in one run and by turns; and what the law alone\n"
        "costs, without a kernel. Two loads: settled, in which no weight changes, and changing, in which nearly all do in each step.\n"
        "\n"
        "The step needs the right to make groups with the cpu controller; tests/vm/guest gives it to anyone. The law is best\n"
        "measured on the machine itself.\n"
        "\n"
        "  --workspaces LIST      active ones (100,1000,4000)\n"
        "  --repeats N            of which the median is told (30; of the law ten times as many)\n"
        "  --only law|step        one part alone\n"
        "  --parent PATH          the group to make, below the mount (cgburst-bench)\n"
        "  --mount PATH           where cgroup v2 is mounted (found by itself)\n"
        "  --json FILE            write the figures there\n"
        "  --check                only tell whether the step can be measured here, and why not\n"
        "\n"
        "examples:\n"
        "  cgburst-bench overhead --only law\n"
        "  tests/vm/guest --fetch build/overhead.json -- build/bench/cgburst-bench overhead --only step --json build/overhead.json\n";

#define LAW_REPEATS_FACTOR 10

struct overhead {
        const struct cost_options *options;
        FILE *json;
        size_t n_json;
};

static void next_json(struct overhead *overhead)
{
        fputs(overhead->n_json++ ? ",\n" : "\n", overhead->json);
}

static int measure_law(struct overhead *overhead)
{
        const struct cost_options *options = overhead->options;

        printf("%10s %-9s %17s %16s\n", "workspaces", "load", "law, ns/workspace", "writes per round");
        for (size_t i = 0; i < options->n_workspaces; i++)
                for (enum crowd_load load = CROWD_SETTLED; load <= CROWD_CHANGING; load++) {
                        size_t n = options->workspaces[i];
                        struct law_cost cost;
                        int error = law_cost(&cost, n, load, options->repeats * LAW_REPEATS_FACTOR);

                        if (error < 0)
                                return error;
                        printf("%10zu %-9s %17.1f %16.1f\n", n, crowd_load_to_string(load), cost.nsec_per_workspace,
                                cost.writes_per_round);
                        if (!overhead->json)
                                continue;
                        next_json(overhead);
                        fprintf(overhead->json,
                                "{\"what\":\"law\",\"active\":%zu,\"load\":\"%s\",\"nsec_per_workspace\":%.2f,\"writes\":%.2f}",
                                n, crowd_load_to_string(load), cost.nsec_per_workspace, cost.writes_per_round);
                }
        return 0;
}

static int measure_step(struct overhead *overhead, const struct groups *place, struct interrupt *interrupt)
{
        const struct cost_options *options = overhead->options;

        cost_print_header(stdout);
        for (size_t i = 0; i < options->n_workspaces; i++)
                for (enum crowd_load load = CROWD_SETTLED; load <= CROWD_CHANGING; load++) {
                        size_t n = options->workspaces[i];
                        const struct crowd_plan plan = {.registered = n, .active = n, .load = load};
                        struct cost cost;
                        int error = cost_measure(&cost, place, &plan, options->repeats, interrupt);

                        if (error < 0)
                                return error;
                        cost_print(stdout, &cost);
                        if (!overhead->json)
                                continue;
                        next_json(overhead);
                        cost_write_json(overhead->json, &cost);
                }
        return 0;
}

static int measure_all(struct overhead *overhead, const struct groups *place)
{
        struct interrupt interrupt;
        int error = overhead->options->law ? measure_law(overhead) : 0;

        if (error < 0 || !overhead->options->step)
                return error;
        error = interrupt_open(&interrupt);
        if (error < 0)
                return error;
        error = measure_step(overhead, place, &interrupt);
        interrupt_close(&interrupt);
        if (error == -EINTR)
                fputs("cgburst-bench: interrupted; what was measured until then is above\n", stderr);
        return error;
}

static int measure_into(struct overhead *overhead, const struct groups *place)
{
        struct utsname system;
        int error;

        if (!overhead->options->json)
                return measure_all(overhead, place);
        overhead->json = fopen(overhead->options->json, "we");
        if (!overhead->json)
                return complain(-errno, "%s", overhead->options->json);
        uname(&system);
        fprintf(overhead->json, "{\"schema\":1,\"kernel\":\"%s\",\"cpus\":%u,\"runs\":[", system.release, count_cpus());
        error = measure_all(overhead, place);
        fputs("]}\n", overhead->json);
        if (fclose(overhead->json) == EOF && error >= 0)
                error = complain(-errno, "%s", overhead->options->json);
        return error;
}

int verb_overhead(int argc, char **argv)
{
        struct cost_options options = {
                .workspaces = {100, 1000, 4000}, .n_workspaces = 3, .repeats = 30, .law = true, .step = true};
        struct overhead overhead = {.options = &options};
        struct groups place = {0};
        int error = cost_options_parse(&options, argc, argv, false, help);

        if (error)
                return error < 0 ? 2 : 0;
        if (options.step || options.check)
                error = groups_find(&place, options.mount, options.parent, GROUPS_CPU);
        if (error < 0 || options.check)
                return error < 0;
        return measure_into(&overhead, &place) < 0;
}
