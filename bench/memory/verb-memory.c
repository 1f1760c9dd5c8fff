/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench memory: each scenario under its policies in turn, repeat by repeat, so that a slow minute of the machine
 * meets all of them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../verbs.h"
#include "report.h"

static const struct scenario *const scenarios[] = {&scenario_sandbox, &scenario_crowd, &scenario_leak, &scenario_wave};

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

struct bench {
        struct memory_options options;
        struct groups place;
        struct interrupt interrupt;
        size_t n;
        struct memory_result results[SCENARIOS];
};

static int take_policy(struct memory_result *result, const char *name)
{
        const struct memory_policy *policy = memory_policy_find(name);

        if (!policy)
                return complain(
                        -EINVAL, "--policy %s: there is equal, static, kubernetes, senpai, uresourced and cgburst", name);
        for (size_t i = 0; i < result->n_series; i++)
                if (result->series[i].policy == policy)
                        return complain(-EINVAL, "--policy %s: twice", name);
        result->series[result->n_series++].policy = policy;
        return 0;
}

static int take_policies(struct memory_result *result, const struct memory_options *options)
{
        char list[sizeof(options->policies)], *rest;
        int error = 0;

        strcpy(list, *options->policies ? options->policies : result->scenario->policies);
        for (char *name = strtok_r(list, ",", &rest); name && error >= 0; name = strtok_r(NULL, ",", &rest))
                error = take_policy(result, name);
        for (size_t i = 0; i < result->n_series && error >= 0; i++) {
                result->series[i].values = calloc(options->repeats, sizeof(*result->series[i].values));
                if (!result->series[i].values)
                        error = complain(-ENOMEM, "the list of runs");
        }
        return error;
}

static int take_scenario(struct bench *bench, const char *name)
{
        for (size_t i = 0; i < bench->n; i++)
                if (!strcmp(bench->results[i].scenario->name, name))
                        return complain(-EINVAL, "--scenario %s: twice", name);
        for (size_t i = 0; i < SCENARIOS; i++)
                if (!strcmp(scenarios[i]->name, name)) {
                        struct memory_result *result = &bench->results[bench->n++];

                        result->scenario = scenarios[i];
                        return take_policies(result, &bench->options);
                }
        return complain(-EINVAL, "--scenario %s: there is sandbox, crowd, leak and wave", name);
}

static int take_scenarios(struct bench *bench)
{
        char list[sizeof(bench->options.scenarios)], *rest;
        int error = 0;

        strcpy(list, bench->options.scenarios);
        for (char *name = strtok_r(list, ",", &rest); name && error >= 0; name = strtok_r(NULL, ",", &rest))
                error = take_scenario(bench, name);
        return error;
}

static void free_results(struct bench *bench)
{
        for (size_t i = 0; i < bench->n; i++)
                for (size_t k = 0; k < bench->results[i].n_series; k++)
                        free(bench->results[i].series[k].values);
}

static int run_once(struct scene *scene, struct memory_result *result, struct memory_series *series, size_t repeat)
{
        uint64_t begin = now_usec();
        int error;

        fprintf(stderr, "%s, repeat %zu of %u: %s ...", result->scenario->name, repeat + 1, scene->options->repeats,
                series->policy->name);
        error = result->scenario->run(scene, series->policy, series->values[series->n]);
        if (error >= 0)
                series->n++;
        fprintf(stderr, error < 0 ? " ended early\n" : " %.0f s\n", sec_of(now_usec() - begin));
        return error;
}

static int run_repeats(struct scene *scene, struct memory_result *result)
{
        for (size_t repeat = 0; repeat < scene->options->repeats; repeat++)
                for (size_t i = 0; i < result->n_series; i++) {
                        int error = run_once(scene, result, &result->series[i], repeat);

                        if (error < 0)
                                return error;
                }
        return 0;
}

static int run_scenario(struct bench *bench, struct memory_result *result)
{
        struct scene scene = {.options = &bench->options, .place = &bench->place, .interrupt = &bench->interrupt};
        const struct scenario *scenario = result->scenario;
        int error = scenario->prepare ? scenario->prepare(&scene) : 0;

        if (error >= 0 && scenario->describe)
                scenario->describe(&scene, result->setting, sizeof(result->setting));
        if (error >= 0)
                error = run_repeats(&scene, result);
        if (scenario->finish)
                scenario->finish(&scene);
        return error;
}

/* What was measured before a signal or a failure is reported too. */
static int measure(struct bench *bench)
{
        int error = 0, written = 0;

        for (size_t i = 0; i < bench->n && error >= 0; i++) {
                error = run_scenario(bench, &bench->results[i]);
                if (!bench->options.json) {
                        memory_report_print(&bench->results[i], stdout);
                        fflush(stdout);
                }
        }
        if (bench->options.json)
                written = memory_report_json(bench->results, bench->n, &bench->options, stdout);
        return error < 0 ? error : written;
}

static int find_place_and_measure(struct bench *bench)
{
        int error = groups_find(&bench->place, bench->options.mount, bench->options.parent, GROUPS_CPU_AND_MEMORY);

        if (error < 0 || bench->options.check)
                return error;
        error = interrupt_open(&bench->interrupt);
        if (error < 0)
                return error;
        error = measure(bench);
        interrupt_close(&bench->interrupt);
        if (error == -EINTR)
                fputs("cgburst-bench: interrupted; what was measured until then is told\n", stderr);
        return error;
}

int verb_memory(int argc, char **argv)
{
        struct bench bench = {0};
        int error = memory_options_parse(&bench.options, argc, argv);

        if (error)
                return error < 0 ? 2 : 0;
        error = take_scenarios(&bench);
        if (error >= 0)
                error = find_place_and_measure(&bench) < 0 ? 1 : 0;
        else
                error = 2;
        free_results(&bench);
        return error;
}
