/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cgburst-bench sim-memory: made-up days of a node's memory, under one policy after the other. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../common/numbers.h"
#include "../verbs.h"
#include "run.h"

#define LIST_MAX 16

static const char help[] =
        "usage: cgburst-bench sim-memory [OPTION...] SCENARIO...\n"
        "\n"
        "Plays scenarios on a node whose memory is computed: working sets, cold pages, reclaim, what it costs to bring a page back, and the\n"
        "kernel's delay above memory.high. The same command gives the same figures always. Scenarios:\n"
        "\n"
        "%s"
        "\n"
        "  --policy LIST          all are the default:\n"
        "%s"
        "  --refault USEC         what it costs to bring one page back from swap (100: a solid-state disk)\n"
        "  --reclaim USEC         ... and to put one there (20)\n"
        "  --no-swap              nothing can be reclaimed\n"
        "  --seed N               of the scenario (1)\n"
        "  --json                 the same as JSON, see docs/bench.md\n"
        "\n"
        "examples:\n"
        "  cgburst-bench sim-memory sleepers wave leak\n"
        "  cgburst-bench sim-memory wave --policy none,static,cgburst --no-swap --json\n";

struct options {
        const struct mem_policy *policies[LIST_MAX];
        size_t n_policies;
        struct mem_costs costs;
        uint64_t seed;
        bool no_swap;
        bool json;
};

enum {
        OPTION_POLICY = 256,
        OPTION_REFAULT,
        OPTION_RECLAIM,
        OPTION_NO_SWAP,
        OPTION_SEED,
        OPTION_JSON,
        OPTION_HELP,
};

static const struct option long_options[] = {
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"refault", required_argument, NULL, OPTION_REFAULT},
        {"reclaim", required_argument, NULL, OPTION_RECLAIM},
        {"no-swap", no_argument, NULL, OPTION_NO_SWAP},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

static void print_help(void)
{
        char policies[2048] = "";

        for (const struct mem_policy *const *policy = mem_policies; *policy; policy++) {
                size_t used = strlen(policies);

                snprintf(policies + used, sizeof(policies) - used, "      %-11s %s\n", (*policy)->name, (*policy)->summary);
        }
        printf(help, mem_scenario_help, policies);
}

static int parse_policies(char *text, struct options *options)
{
        char *rest;

        options->n_policies = 0;
        for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
                const struct mem_policy *policy = mem_policy_find(name);

                if (!policy || options->n_policies == LIST_MAX)
                        return complain(-EINVAL, "--policy %s: no such policy, or too many; see --help", name);
                options->policies[options->n_policies++] = policy;
        }
        return options->n_policies > 0 ? 0 : complain(-EINVAL, "--policy: wants at least one");
}

static int parse_usec(const char *name, const char *text, double *ret_sec)
{
        double usec = 0;
        int error = parse_number(name, text, 0, 1e6, &usec);

        if (error >= 0)
                *ret_sec = usec / 1e6;
        return error;
}

static int parse_seed(const char *text, struct options *options)
{
        char *end;

        options->seed = strtoull(text, &end, 10);
        return end == text || *end || *text == '-' ? complain(-EINVAL, "--seed %s: wants a number", text) : 0;
}

static int parse_one(int option, const char *name, char *text, struct options *options)
{
        switch (option) {
        case OPTION_POLICY:
                return parse_policies(text, options);
        case OPTION_REFAULT:
                return parse_usec(name, text, &options->costs.refault_sec);
        case OPTION_RECLAIM:
                return parse_usec(name, text, &options->costs.reclaim_sec);
        case OPTION_NO_SWAP:
                options->no_swap = true;
                return 0;
        case OPTION_SEED:
                return parse_seed(text, options);
        case OPTION_JSON:
                options->json = true;
                return 0;
        case OPTION_HELP:
        case 'h':
                print_help();
                return 1;
        default: /* getopt has complained */
                return -EINVAL;
        }
}

static int parse(struct options *options, int argc, char **argv)
{
        int option, index = 0;

        *options = (struct options){.costs = {.refault_sec = 100e-6, .reclaim_sec = 20e-6}, .seed = 1};
        for (const struct mem_policy *const *policy = mem_policies; *policy; policy++)
                options->policies[options->n_policies++] = *policy;
        while ((option = getopt_long(argc, argv, "h", long_options, &index)) != -1) {
                int error = parse_one(option, long_options[index].name, optarg, options);

                if (error)
                        return error;
        }
        return optind < argc ? 0 : complain(-EINVAL, "sim-memory: wants a scenario; see --help");
}

static void print_header(const struct mem_scenario *scenario)
{
        printf("%s: %.0f s, %llu MiB, %llu MiB of swap, %zu workspaces\n", scenario->name, scenario->span_sec,
                (unsigned long long)(scenario->size_pages / MEM_MIB_PAGES),
                (unsigned long long)(scenario->swap_pages / MEM_MIB_PAGES), scenario->n);
        printf("%-11s %9s %9s %9s %9s %9s %9s %9s %9s %9s %6s %9s\n", "policy", "edit p50", "p99", "back p50", "p99",
                "build p50", "p99", "stall, s", "high, s", "back, MiB", "kills", "res., MiB");
}

static void print_row(const struct mem_policy *policy, const struct mem_result *result)
{
        printf("%-11s", policy->name);
        for (int kind = 0; kind < MEM_KINDS; kind++) {
                const struct summary *slowdown = &result->kinds[kind].slowdown;

                if (slowdown->n > 0)
                        printf(" %9.2f %9.2f", slowdown->p50, slowdown->p99);
                else
                        printf(" %9s %9s", "-", "-");
        }
        printf(" %9.1f %9.1f %9llu %6llu %9llu\n", result->stall_sec, result->delayed_sec,
                (unsigned long long)(result->refaulted_bytes >> 20), (unsigned long long)result->oom_kills,
                (unsigned long long)(result->mean_resident_bytes >> 20));
}

static void print_summary(const char *name, const struct summary *summary)
{
        printf("\"%s\":{\"mean\":%.6g,\"p50\":%.6g,\"p95\":%.6g,\"p99\":%.6g,\"p99_9\":%.6g,\"max\":%.6g}", name,
                summary->mean, summary->p50, summary->p95, summary->p99, summary->p99_9, summary->max);
}

static void print_json(const struct mem_scenario *scenario, const struct mem_policy *policy, const struct mem_result *result)
{
        const char *separator = "";

        printf("{\"policy\":\"%s\",\"scenario\":\"%s\",\"swap_bytes\":%llu,\"kinds\":{", policy->name, scenario->name,
                (unsigned long long)(scenario->swap_pages * MEM_PAGE_BYTES));
        for (int kind = 0; kind < MEM_KINDS; kind++) {
                const struct mem_kind_result *of = &result->kinds[kind];

                if (of->slowdown.n == 0)
                        continue;
                printf("%s\"%s\":{\"n\":%zu,\"unfinished\":%zu,", separator, mem_kind_to_string((enum mem_kind)kind),
                        of->slowdown.n, of->unfinished);
                print_summary("slowdown", &of->slowdown);
                printf(",");
                print_summary("response_sec", &of->response_sec);
                printf("}");
                separator = ",";
        }
        printf("},\"stall_sec\":%.3f,\"high_delay_sec\":%.3f,\"refaulted_bytes\":%llu,\"oom_kills\":%llu,\"writes\":%llu,\"mean_resident_bytes\":%llu}",
                result->stall_sec, result->delayed_sec, (unsigned long long)result->refaulted_bytes,
                (unsigned long long)result->oom_kills, (unsigned long long)result->writes,
                (unsigned long long)result->mean_resident_bytes);
}

static int run_scenario(const struct options *options, const char *name, size_t *n_json)
{
        struct mem_scenario scenario;
        int error = mem_scenario_make(&scenario, name, options->seed, !options->no_swap);

        if (error < 0)
                return error;
        if (!options->json)
                print_header(&scenario);
        for (size_t i = 0; i < options->n_policies && error >= 0; i++) {
                struct mem_result result;

                error = mem_run(&result, &scenario, options->policies[i], &options->costs);
                if (error < 0)
                        break;
                if (!options->json) {
                        print_row(options->policies[i], &result);
                        continue;
                }
                printf("%s\n", (*n_json)++ ? "," : "");
                print_json(&scenario, options->policies[i], &result);
        }
        mem_scenario_free(&scenario);
        return error;
}

int verb_sim_memory(int argc, char **argv)
{
        struct options options;
        size_t n_json = 0;
        int error = parse(&options, argc, argv);

        if (error)
                return error < 0 ? 2 : 0;
        if (options.json)
                printf("{\"schema\":1,\"runs\":[");
        for (int i = optind; i < argc && error >= 0; i++)
                error = run_scenario(&options, argv[i], &n_json);
        if (options.json)
                printf("]}\n");
        return error == -EINVAL ? 2 : error < 0;
}
