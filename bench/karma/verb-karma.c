/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cgburst-bench karma: rules that keep credit, and rules that do not, on the made-up trace of credit-trace.c. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../common/numbers.h"
#include "../verbs.h"
#include "rules.h"

#define SEEDS_MAX 100

static const char help[] =
        "usage: cgburst-bench karma [OPTION...]\n"
        "\n"
        "100 users over 900 quanta who all want their fair share in the end, but in stretches: how even do they come out\n"
        "under rules that keep credit, and under rules that do not? Means over the seeds; where a user gets nothing at all\n"
        "the ratio of the median to it counts as 0.\n"
        "\n"
        "  --seeds LIST           seeds of the trace, as Python's random takes them (1,2,3)\n"
        "  --slow-depth SEC       another row: the law with this depth of its slow credit; a quantum is a second\n"
        "  --fast-depth SEC       the same of its fast credit\n"
        "  --slow-strength N      doublings of the weight at full slow credit\n"
        "  --debt-strength N      halvings at full debt\n"
        "  --fast-strength N      both of the fast credit\n"
        "  --floor PART           of the fair share, 0 to 1\n"
        "  --reach N              times the weight of all that are awake below\n"
        "  --json                 the same as JSON: {\"schema\":1,\"seeds\":[...],\"runs\":[{\"policy\":...,\"min_max\":...,\n"
        "                         \"median_min\":...,\"jain\":...,\"utilisation\":...},...]}\n";

struct karma_options {
        uint64_t seeds[SEEDS_MAX];
        size_t n_seeds;
        struct cgb_policy_options law;
        bool law_given;
        bool json;
};

struct row {
        const char *name;
        struct outcome (*run)(const struct credit_trace *trace);
        unsigned alpha_permille;              /* of Karma */
        const struct cgb_policy_options *law; /* of the law; NULL for the others */
        struct outcome mean;
};

static int parse_seeds(const char *text, struct karma_options *options)
{
        options->n_seeds = 0;
        for (;;) {
                char *end;
                uint64_t seed;

                errno = 0;
                seed = strtoull(text, &end, 10);
                if (end == text || errno || *text == '-' || (*end && *end != ',') || options->n_seeds == SEEDS_MAX)
                        return complain(-EINVAL, "--seeds: wants up to %d numbers with commas between them", SEEDS_MAX);
                options->seeds[options->n_seeds++] = seed;
                if (!*end)
                        return 0;
                text = end + 1;
        }
}

enum {
        OPTION_SEEDS = 256,
        OPTION_SLOW_DEPTH,
        OPTION_FAST_DEPTH,
        OPTION_SLOW_STRENGTH,
        OPTION_DEBT_STRENGTH,
        OPTION_FAST_STRENGTH,
        OPTION_FLOOR,
        OPTION_REACH,
        OPTION_JSON,
        OPTION_HELP,
};

static const struct option long_options[] = {
        {"seeds", required_argument, NULL, OPTION_SEEDS},
        {"slow-depth", required_argument, NULL, OPTION_SLOW_DEPTH},
        {"fast-depth", required_argument, NULL, OPTION_FAST_DEPTH},
        {"slow-strength", required_argument, NULL, OPTION_SLOW_STRENGTH},
        {"debt-strength", required_argument, NULL, OPTION_DEBT_STRENGTH},
        {"fast-strength", required_argument, NULL, OPTION_FAST_STRENGTH},
        {"floor", required_argument, NULL, OPTION_FLOOR},
        {"reach", required_argument, NULL, OPTION_REACH},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

static void set_law(struct cgb_policy_options *law, int option, double number)
{
        switch (option) {
        case OPTION_SLOW_DEPTH:
                law->slow_depth_usec = (uint64_t)(number * 1e6);
                break;
        case OPTION_FAST_DEPTH:
                law->fast_depth_usec = (uint64_t)(number * 1e6);
                break;
        case OPTION_SLOW_STRENGTH:
                law->slow_strength_permille = (uint32_t)(number * 1e3 + 0.5);
                break;
        case OPTION_DEBT_STRENGTH:
                law->debt_strength_permille = (uint32_t)(number * 1e3 + 0.5);
                break;
        case OPTION_FAST_STRENGTH:
                law->fast_strength_permille = (uint32_t)(number * 1e3 + 0.5);
                break;
        case OPTION_FLOOR:
                law->floor_permille = (uint32_t)(number * 1e3 + 0.5);
                break;
        default:
                law->reach_permille = (uint32_t)(number * 1e3 + 0.5);
        }
}

static int parse_one(int option, const char *name, const char *text, struct karma_options *options)
{
        double number = 0;
        int error;

        switch (option) {
        case OPTION_SEEDS:
                return parse_seeds(text, options);
        case OPTION_JSON:
                options->json = true;
                return 0;
        case OPTION_HELP:
        case 'h':
                fputs(help, stdout);
                return 1;
        case '?': /* getopt has complained */
                return -EINVAL;
        }
        error = parse_number(name, text, 0, 86400, &number);
        if (error < 0)
                return error;
        set_law(&options->law, option, number);
        options->law_given = true;
        return 0;
}

static int parse(struct karma_options *options, int argc, char **argv)
{
        int option, index = 0, error;

        *options = (struct karma_options){.seeds = {1, 2, 3}, .n_seeds = 3};
        cgb_policy_options_init(&options->law, LAW_STEP_USEC, CREDIT_USERS + 1);
        while ((option = getopt_long(argc, argv, "h", long_options, &index)) != -1) {
                error = parse_one(option, long_options[index].name, optarg, options);
                if (error)
                        return error;
        }
        if (optind < argc)
                return complain(-EINVAL, "karma %s: not an option; see --help", argv[optind]);
        if (cgb_policy_memory_size(&options->law) == 0)
                return complain(-EINVAL, "karma: an option of the law is out of range; <cgburst/policy.h> has them");
        return 0;
}

static int run_row(const struct row *row, const struct credit_trace *trace, struct outcome *ret)
{
        if (row->law)
                return run_law(trace, row->law, ret);
        *ret = row->run ? row->run(trace) : run_karma(trace, row->alpha_permille);
        return 0;
}

static void add(struct outcome *sum, const struct outcome *outcome, double times)
{
        sum->fairness.min_max += outcome->fairness.min_max * times;
        sum->fairness.median_min += outcome->fairness.median_min * times;
        sum->fairness.jain += outcome->fairness.jain * times;
        sum->utilisation += outcome->utilisation * times;
}

static int run_rows(struct row *rows, size_t n, const struct karma_options *options, struct credit_trace *trace)
{
        for (size_t seed = 0; seed < options->n_seeds; seed++) {
                credit_trace_make(trace, options->seeds[seed]);
                for (size_t i = 0; i < n; i++) {
                        struct outcome outcome;
                        int error = run_row(&rows[i], trace, &outcome);

                        if (error < 0)
                                return complain(error, "karma: %s", rows[i].name);
                        add(&rows[i].mean, &outcome, 1.0 / (double)options->n_seeds);
                }
        }
        return 0;
}

static void print_table(const struct row *rows, size_t n)
{
        printf("%-30s %8s %10s %8s %12s\n", "policy", "min/max", "median/min", "Jain", "utilisation");
        for (size_t i = 0; i < n; i++)
                printf("%-30s %8.3f %10.2f %8.4f %12.3f\n", rows[i].name, rows[i].mean.fairness.min_max,
                        rows[i].mean.fairness.median_min, rows[i].mean.fairness.jain, rows[i].mean.utilisation);
}

static void print_json(const struct row *rows, size_t n, const struct karma_options *options)
{
        printf("{\"schema\":1,\"seeds\":[");
        for (size_t i = 0; i < options->n_seeds; i++)
                printf("%s%llu", i ? "," : "", (unsigned long long)options->seeds[i]);
        printf("],\"runs\":[");
        for (size_t i = 0; i < n; i++) {
                const struct outcome *mean = &rows[i].mean;

                printf("%s\n{\"policy\":\"%s\",\"min_max\":%.6f,\"median_min\":%.6f,\"jain\":%.6f,\"utilisation\":%.6f}",
                        i ? "," : "", rows[i].name, mean->fairness.min_max, mean->fairness.median_min, mean->fairness.jain,
                        mean->utilisation);
        }
        printf("]}\n");
}

int verb_karma(int argc, char **argv)
{
        struct karma_options options;
        struct cgb_policy_options defaults, even;
        struct credit_trace *trace;
        int error = parse(&options, argc, argv);

        if (error)
                return error < 0 ? 2 : 0;
        cgb_policy_options_init(&defaults, LAW_STEP_USEC, CREDIT_USERS + 1);
        law_even_over_minutes(&even);

        struct row rows[] = {
                {.name = "static quota", .run = run_static},
                {.name = "max-min", .run = run_max_min},
                {.name = "karma, alpha 1", .alpha_permille = 1000},
                {.name = "karma, alpha 0.5", .alpha_permille = 500},
                {.name = "karma, alpha 0", .alpha_permille = 0},
                {.name = "cgburst", .law = &defaults},
                {.name = "cgburst, made to even out", .law = &even},
                {.name = "cgburst, as given", .law = &options.law},
        };
        size_t n = sizeof(rows) / sizeof(rows[0]) - !options.law_given;

        trace = malloc(sizeof(*trace));
        if (!trace)
                return complain(-ENOMEM, "karma"), 1;
        error = run_rows(rows, n, &options, trace);
        free(trace);
        if (error < 0)
                return 1;
        if (options.json)
                print_json(rows, n, &options);
        else
                print_table(rows, n);
        return 0;
}
