/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "../common/complain.h"
#include "../common/numbers.h"
#include "options.h"

static const char help[] =
        "usage: cgburst-bench sweep [SCENE...] [--vary KEY=NUMBER,NUMBER,...]... [OPTION...]\n"
        "\n"
        "Tries every combination of constants of the law on every scene of the simulated node, and ranks them by the worst\n"
        "that they do to anybody. A SCENE is a trace, how it is replayed, and what has to come out, without blanks:\n"
        "\n"
        "    TRACE[,cpus=N][,hogs=N][,lanes=none|nested|siblings][,FIGURE=BAR]...\n"
        "\n"
        "TRACE is as of `sim`. cpus is 4, hogs 0, lanes none unless given. FIGURE is KIND.mean, .p50, .p95, .p99 or .p99_9\n"
        "(slowdown of jobs of that kind), gain (of the best gamer over honest demand), or uneven (1 / Jain); or all. BAR is a\n"
        "number, or a number and x: times what equal weights give. Without a bar of their own p99 and p99_9 of edits and opens,\n"
        "p50 and p99 of other kinds, gain and uneven are held against 1x. Without a SCENE the generators are taken,\n"
        "but for asleep.\n"
        "\n"
        "  --vary KEY=LIST        an axis of the grid: step (s) or an argument of the policy cgburst; may be repeated\n"
        "  --policy LIST          others to be ranked with it, as of sim (cgburst: the defaults)\n"
        "  --state FILE           keeps each run as it is done, and does none again that is in there. Remove the file when the\n"
        "                         law has been changed; bars may be changed at will\n"
        "  --workers N            processes (as many as there are CPUs)\n"
        "  --top N                of the table (10)\n"
        "  --figures              in the table also what came out on each scene\n"
        "  --json                 JSON instead of the table, of all sets; docs/bench.md has the schema\n"
        "\n"
        "Examples:\n"
        "  cgburst-bench sweep --vary fast=3,8,15 --vary debt_strength=0.5,1,3\n"
        "  cgburst-bench sweep --state sweep.jsonl --vary step=0.25,1,5 --vary floor=0.1,0.2 gen:gamers,gain=1.1 gen:herd,cpus=8\n"
        "  cgburst-bench sweep --policy cgburst,karma,oracle devday.csv.xz,hogs=3,lanes=siblings,edit.p99=1.05,build.p99=1.03x\n";

enum {
        OPTION_VARY = 256,
        OPTION_POLICY,
        OPTION_STATE,
        OPTION_WORKERS,
        OPTION_TOP,
        OPTION_FIGURES,
        OPTION_JSON,
        OPTION_HELP,
};

static const struct option long_options[] = {
        {"vary", required_argument, NULL, OPTION_VARY},
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"state", required_argument, NULL, OPTION_STATE},
        {"workers", required_argument, NULL, OPTION_WORKERS},
        {"top", required_argument, NULL, OPTION_TOP},
        {"figures", no_argument, NULL, OPTION_FIGURES},
        {"json", no_argument, NULL, OPTION_JSON},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

#define WORKERS_MAX 1024

static const char *usual_scenes[] = {
        "gen:interactive", "gen:hogs", "gen:one-against-many", "gen:tenants", "gen:gamers,gain=1.1", "gen:herd"};

#define N_USUAL_SCENES (sizeof(usual_scenes) / sizeof(usual_scenes[0]))

static int parse_one(int option, const char *text, struct sweep_options *options)
{
        switch (option) {
        case OPTION_VARY:
                return grid_add_axis(&options->grid, text);
        case OPTION_POLICY:
                options->policies = text;
                return 0;
        case OPTION_STATE:
                options->state = text;
                return 0;
        case OPTION_WORKERS:
                return parse_count("workers", text, 1, WORKERS_MAX, &options->workers);
        case OPTION_TOP:
                return parse_count("top", text, 1, SETS_MAX, &options->top);
        case OPTION_FIGURES:
                options->figures = true;
                return 0;
        case OPTION_JSON:
                options->json = true;
                return 0;
        case OPTION_HELP:
        case 'h':
                fputs(help, stdout);
                return 1;
        default: /* getopt has complained */
                return -EINVAL;
        }
}

int sweep_options_parse(struct sweep_options *ret, int argc, char **argv)
{
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        int option, error = 0;

        *ret = (struct sweep_options){.policies = "cgburst", .workers = cpus > 0 ? (unsigned)cpus : 1, .top = 10};
        while (error == 0 && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
                error = parse_one(option, optarg, ret);
        ret->scenes = optind < argc ? (const char **)argv + optind : usual_scenes;
        ret->n_scenes = optind < argc ? (size_t)(argc - optind) : N_USUAL_SCENES;
        return error;
}
