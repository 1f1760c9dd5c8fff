/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench scale: what a step costs where most workspaces sleep, beside the step where there are no others than those
 * awake.
 */

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "../common/complain.h"
#include "../common/files.h"
#include "../kernel/usage.h"
#include "../verbs.h"
#include "cost.h"

static const char help[] =
        "usage: cgburst-bench scale [OPTION...]\n"
        "\n"
        "What sleepers cost: the library's step with many workspaces of which a few are active, over its step with only those few.\n"
        "Needs the right to make groups with the cpu controller; tests/vm/guest gives it to anyone.\n"
        "\n"
        "  --registered N         workspaces (10000)\n"
        "  --active N             of them, and all there are in the run that this is compared with (100)\n"
        "  --repeats N            of which the median is told (50)\n"
        "  --parent PATH          the group to make, below the mount (cgburst-bench)\n"
        "  --mount PATH           where cgroup v2 is mounted (found by itself)\n"
        "  --json FILE            write the figures there\n"
        "  --check                only tell whether it can be measured here, and why not\n"
        "\n"
        "example:\n"
        "  tests/vm/guest --fetch build/scale.json -- build/bench/cgburst-bench scale --json build/scale.json\n";

enum {
        FEW,
        MANY,
        CROWDS,
};

/* One load: the few, the many, and what the many cost more. */
static int measure_load(struct cost costs[CROWDS], const struct cost_options *options, enum crowd_load load,
        const struct groups *place, struct interrupt *interrupt)
{
        for (int i = 0; i < CROWDS; i++) {
                const struct crowd_plan plan = {
                        .registered = i == MANY ? options->registered : options->workspaces[0],
                        .active = options->workspaces[0],
                        .load = load,
                };
                int error = cost_measure(&costs[i], place, &plan, options->repeats, interrupt);

                if (error < 0)
                        return error;
                cost_print(stdout, &costs[i]);
        }
        printf("%10s %7s %-9s %10.2f times the step\n", "", "", crowd_load_to_string(load),
                costs[MANY].step_nsec / costs[FEW].step_nsec);
        return 0;
}

static int measure(
        struct cost costs[][CROWDS], size_t *ret_n, const struct cost_options *options, const struct groups *place)
{
        struct interrupt interrupt;
        int error = interrupt_open(&interrupt);

        if (error < 0)
                return error;
        cost_print_header(stdout);
        for (enum crowd_load load = CROWD_SETTLED; load <= CROWD_CHANGING && error >= 0; load++) {
                error = measure_load(costs[*ret_n], options, load, place, &interrupt);
                *ret_n += error >= 0;
        }
        interrupt_close(&interrupt);
        if (error == -EINTR)
                fputs("cgburst-bench: interrupted; what was measured until then is above\n", stderr);
        return error;
}

static int write_json(const char *path, struct cost costs[][CROWDS], size_t n)
{
        FILE *file = fopen(path, "we");
        struct utsname system;

        if (!file)
                return complain(-errno, "%s", path);
        uname(&system);
        fprintf(file, "{\"schema\":1,\"kernel\":\"%s\",\"cpus\":%u,\"runs\":[", system.release, count_cpus());
        for (size_t i = 0; i < n; i++) {
                fprintf(file, "%s\n{\"load\":\"%s\",\"many_to_few\":%.4f,\"few\":", i ? "," : "",
                        crowd_load_to_string(costs[i][FEW].plan.load), costs[i][MANY].step_nsec / costs[i][FEW].step_nsec);
                cost_write_json(file, &costs[i][FEW]);
                fputs(",\"many\":", file);
                cost_write_json(file, &costs[i][MANY]);
                fputs("}", file);
        }
        fputs("]}\n", file);
        return fclose(file) == EOF ? complain(-errno, "%s", path) : 0;
}

int verb_scale(int argc, char **argv)
{
        struct cost_options options = {.workspaces = {100}, .n_workspaces = 1, .registered = 10000, .repeats = 50};
        struct cost costs[2][CROWDS];
        struct groups place;
        size_t n = 0;
        int error = cost_options_parse(&options, argc, argv, true, help), written = 0;

        if (error)
                return error < 0 ? 2 : 0;
        if (!options.check && check_output(options.json) < 0)
                return 1;
        error = groups_find(&place, options.mount, options.parent, GROUPS_CPU);
        if (error < 0 || options.check)
                return error < 0;
        error = measure(costs, &n, &options, &place);
        if (options.json)
                written = write_json(options.json, costs, n);
        return error < 0 || written < 0;
}
