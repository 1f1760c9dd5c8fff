/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../common/numbers.h"
#include "options.h"
#include "trace.h"

static const char help[] =
        "usage: cgburst-bench sim TRACE... [OPTION...]\n"
        "\n"
        "Replays traces on a simulated node, under several policies in turn, and tells how long jobs took. A TRACE is a\n"
        "CSV file (plain or .xz) of arrival_sec,workspace,kind,cpu_sec,parallelism,memory_bytes, or gen:NAME[:SEED].\n"
        "\n"
        "  --cpus N               of the node (4)\n"
        "  --hogs N               endless groups beside the trace's, each with a thread for every CPU (0)\n"
        "  --lanes HOW            none, nested or siblings: edits and file opens apart from all else (none)\n"
        "  --come-and-go          a workspace is there from its first job to its last, and not always\n"
        "  --policy LIST          NAME or NAME:KEY=NUMBER,KEY=NUMBER (equal,oracle,cgburst)\n"
        "  --step LIST            of policies that are free to choose it, s (what each prefers)\n"
        "  --series SEC           in the JSON also weight and credit of every group each time\n"
        "  --json                 JSON instead of tables; docs/bench.md has the schema\n";

enum {
        OPTION_CPUS = 256,
        OPTION_HOGS,
        OPTION_LANES,
        OPTION_COME_AND_GO,
        OPTION_POLICY,
        OPTION_STEP,
        OPTION_SERIES,
        OPTION_JSON,
        OPTION_HELP,
};

static const struct option long_options[] = {
        {"cpus", required_argument, NULL, OPTION_CPUS},
        {"hogs", required_argument, NULL, OPTION_HOGS},
        {"lanes", required_argument, NULL, OPTION_LANES},
        {"come-and-go", no_argument, NULL, OPTION_COME_AND_GO},
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"step", required_argument, NULL, OPTION_STEP},
        {"series", required_argument, NULL, OPTION_SERIES},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

#define CPUS_MAX 8192 /* the most a kernel can be built for */
#define HOGS_MAX 10000

/* Steps of a millisecond to an hour. */
#define STEP_MIN_SEC 0.001
#define STEP_MAX_SEC 3600.0

static void tell(void *context, const char *name, const char *summary)
{
        (void)context;
        printf("  %-22s %s\n", name, summary);
}

static void print_help(void)
{
        fputs(help, stdout);
        fputs("\nPolicies:\n", stdout);
        for (size_t i = 0; sim_policy_at(i); i++)
                tell(NULL, sim_policy_at(i)->name, sim_policy_at(i)->summary);
        fputs("\nGenerators of traces, gen:NAME[:SEED]:\n", stdout);
        trace_describe_generators(tell, NULL);
}

static int parse_one(int option, const char *text, struct sim_options *options)
{
        switch (option) {
        case OPTION_CPUS:
                return parse_count("cpus", text, 1, CPUS_MAX, &options->cpus);
        case OPTION_HOGS:
                return parse_count("hogs", text, 0, HOGS_MAX, &options->hogs);
        case OPTION_LANES:
                if (lanes_parse(text, &options->lanes) < 0)
                        return complain(-EINVAL, "--lanes %s: wants none, nested or siblings", text);
                return 0;
        case OPTION_COME_AND_GO:
                options->come_and_go = true;
                return 0;
        case OPTION_POLICY:
                return sim_choices_parse(options->choices, &options->n_choices, SIM_POLICIES_MAX, text);
        case OPTION_STEP:
                return parse_list("step", text, 1e6, STEP_MIN_SEC, STEP_MAX_SEC, options->steps_usec, SIM_STEPS_MAX,
                        &options->n_steps);
        case OPTION_SERIES:
                return parse_seconds("series", text, STEP_MIN_SEC, STEP_MAX_SEC, &options->series_usec);
        case OPTION_JSON:
                options->json = true;
                return 0;
        case OPTION_HELP:
                print_help();
                return 1;
        default: /* getopt has complained */
                return -EINVAL;
        }
}

int sim_options_parse(struct sim_options *ret, int argc, char **argv)
{
        int option, error = 0;

        *ret = (struct sim_options){.cpus = 4};
        while (error == 0 && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
                error = parse_one(option == 'h' ? OPTION_HELP : option, optarg, ret);
        if (error)
                return error;
        ret->traces = argv + optind;
        ret->n_traces = (size_t)(argc - optind);
        if (ret->series_usec > 0 && !ret->json)
                return complain(-EINVAL, "--series: is a part of the JSON; give --json too");
        if (ret->n_traces == 0)
                return complain(-EINVAL, "sim: wants at least one TRACE, a file or gen:NAME; see --help");
        return ret->n_choices > 0
                       ? 0
                       : sim_choices_parse(ret->choices, &ret->n_choices, SIM_POLICIES_MAX, "equal,oracle,cgburst");
}
