/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/numbers.h"
#include "options.h"

static const char help[] =
        "usage: cgburst-bench kernel [OPTION...]\n"
        "\n"
        "Measures how long a burst of CPU work takes in one group while busy loops run in others, under several\n"
        "policies in turn. Needs the right to make groups with the cpu controller; tests/vm/guest gives it to anyone.\n"
        "\n"
        "  --policy LIST          alone,equal,cgburst,static is the default; static is 10000 : 1 by hand, and\n"
        "                         fixed:WI:WL gives the probe's group weight WI and each group of loops WL, and\n"
        "                         cgburst:cgroupfs, cgburst:libcgroup and cgburst:systemd say who writes for cgburst\n"
        "  --burst LIST           CPU time of a burst, ms (20,100)\n"
        "  --step LIST            steps of cgburst, s (0.25,1,5)\n"
        "  --repeats N            of everything, in turn (3)\n"
        "  --bursts N             measured per repeat (50)\n"
        "  --think MIN,MAX        pause between bursts, s (0.26,1.04, and more if more than half its fair share were used)\n"
        "  --warmup SEC           with load and probe, before measuring (15)\n"
        "  --cold                 measure the warm-up alone: the cold start\n"
        "  --converge             also: how soon a group that stops being interactive is back at its fair share\n"
        "  --hog-groups N         groups of loops (7)\n"
        "  --hogs-per-group N     loops in each (2, or as many as there are CPUs)\n"
        "  --reach PERMILLE       of cgburst's policy, instead of its default\n"
        "  --units                the groups are scopes of systemd's, in a slice cgburstbench.slice: for cgburst:systemd\n"
        "  --parent PATH          the group to make, below the mount (cgburst-bench)\n"
        "  --mount PATH           where cgroup v2 is mounted (found by itself)\n"
        "  --json FILE            write the figures there\n"
        "  --check                only tell whether it can be measured here, and why not\n"
        "  --late-trace FILE      write what is known about every late burst there, a JSON object a line\n";

enum {
        OPTION_POLICY = 256,
        OPTION_BURST,
        OPTION_STEP,
        OPTION_REPEATS,
        OPTION_BURSTS,
        OPTION_THINK,
        OPTION_WARMUP,
        OPTION_COLD,
        OPTION_CONVERGE,
        OPTION_HOG_GROUPS,
        OPTION_HOGS_PER_GROUP,
        OPTION_REACH,
        OPTION_UNITS,
        OPTION_PARENT,
        OPTION_MOUNT,
        OPTION_JSON,
        OPTION_LATE_TRACE,
        OPTION_CHECK,
        OPTION_HELP,
};

static const struct option long_options[] = {
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"burst", required_argument, NULL, OPTION_BURST},
        {"step", required_argument, NULL, OPTION_STEP},
        {"repeats", required_argument, NULL, OPTION_REPEATS},
        {"bursts", required_argument, NULL, OPTION_BURSTS},
        {"think", required_argument, NULL, OPTION_THINK},
        {"warmup", required_argument, NULL, OPTION_WARMUP},
        {"cold", no_argument, NULL, OPTION_COLD},
        {"converge", no_argument, NULL, OPTION_CONVERGE},
        {"hog-groups", required_argument, NULL, OPTION_HOG_GROUPS},
        {"hogs-per-group", required_argument, NULL, OPTION_HOGS_PER_GROUP},
        {"reach", required_argument, NULL, OPTION_REACH},
        {"units", no_argument, NULL, OPTION_UNITS},
        {"parent", required_argument, NULL, OPTION_PARENT},
        {"mount", required_argument, NULL, OPTION_MOUNT},
        {"json", required_argument, NULL, OPTION_JSON},
        {"late-trace", required_argument, NULL, OPTION_LATE_TRACE},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

/* Below, the probe measures its own clock. */
#define BURST_MIN_MSEC 0.1

/* What struct cgb_options takes. */
#define STEP_MIN_SEC 0.01

/* Enough that each group could fill the machine. */
#define HOGS_MIN 2

/* What --policy and --step say, before one is multiplied by the other. */
struct raw {
        struct policy policies[LIST_MAX];
        size_t n_policies;
        uint64_t steps_usec[LIST_MAX];
        size_t n_steps;
        bool cold;
};

static bool is_weight(unsigned weight)
{
        return weight >= 1 && weight <= 10000;
}

static int parse_policy(const char *name, struct policy *ret)
{
        static const struct policy known[] = {
                {"alone", POLICY_ALONE, NULL, 100, 100, 0},
                {"equal", POLICY_FIXED, NULL, 100, 100, 0},
                {"static", POLICY_FIXED, NULL, 10000, 1, 0},
                {"cgburst", POLICY_CGBURST, NULL, 100, 100, 0},
                {"cgburst:cgroupfs", POLICY_CGBURST, "cgroupfs", 100, 100, 0},
                {"cgburst:libcgroup", POLICY_CGBURST, "libcgroup", 100, 100, 0},
                {"cgburst:systemd", POLICY_CGBURST, "systemd", 100, 100, 0},
        };
        struct policy policy = {.kind = POLICY_FIXED};
        int end = 0;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (!strcmp(known[i].name, name)) {
                        *ret = known[i];
                        return 0;
                }
        snprintf(policy.name, sizeof(policy.name), "%s", name);
        if (sscanf(name, "fixed:%u:%u%n", &policy.interactive_weight, &policy.load_weight, &end) != 2 || name[end] ||
                !is_weight(policy.interactive_weight) || !is_weight(policy.load_weight))
                return complain(-EINVAL,
                        "--policy %s: wants alone, equal, static, cgburst, cgburst:BACKEND or fixed:WEIGHT:WEIGHT", name);
        *ret = policy;
        return 0;
}

static int parse_policies(char *text, struct raw *raw)
{
        char *rest;

        raw->n_policies = 0;
        for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
                int error;

                if (raw->n_policies == LIST_MAX)
                        return complain(-EINVAL, "--policy: more than %d", LIST_MAX);
                error = parse_policy(name, &raw->policies[raw->n_policies]);
                if (error < 0)
                        return error;
                raw->n_policies++;
        }
        return raw->n_policies ? 0 : complain(-EINVAL, "--policy: wants at least one");
}

static int parse_think(const char *text, struct kernel_options *options)
{
        uint64_t think[2];
        size_t n = 0;
        int error;

        error = parse_list("think", text, 1e6, 0, 3600, think, 2, &n);
        if (error < 0)
                return error;
        if (n != 2 || think[0] > think[1])
                return complain(-EINVAL, "--think %s: wants MIN,MAX", text);
        options->think_min_usec = think[0];
        options->think_max_usec = think[1];
        return 0;
}

static int parse_one(int option, char *text, struct kernel_options *options, struct raw *raw)
{
        switch (option) {
        case OPTION_POLICY:
                return parse_policies(text, raw);
        case OPTION_BURST:
                return parse_list(
                        "burst", text, 1e3, BURST_MIN_MSEC, 60000, options->bursts_usec, LIST_MAX, &options->n_bursts);
        case OPTION_STEP:
                return parse_list("step", text, 1e6, STEP_MIN_SEC, 60, raw->steps_usec, LIST_MAX, &raw->n_steps);
        case OPTION_REPEATS:
                return parse_count("repeats", text, 1, 1000, &options->repeats);
        case OPTION_BURSTS:
                return parse_count("bursts", text, 1, PROBE_BURSTS_MAX / 2, &options->bursts);
        case OPTION_THINK:
                return parse_think(text, options);
        case OPTION_WARMUP:
                return parse_seconds("warmup", text, 0, 86400, &options->warmup_usec);
        case OPTION_HOG_GROUPS:
                return parse_count("hog-groups", text, 1, GROUPS_MAX - 1, &options->hog_groups);
        case OPTION_HOGS_PER_GROUP:
                return parse_count("hogs-per-group", text, 1, CREW_MAX / GROUPS_MAX, &options->hogs_per_group);
        case OPTION_REACH:
                return parse_count("reach", text, 1000, 1000000, &options->reach_permille);
        case OPTION_COLD:
                raw->cold = true;
                return 0;
        case OPTION_CONVERGE:
                options->converge = true;
                return 0;
        case OPTION_CHECK:
                options->check = true;
                return 0;
        case OPTION_UNITS:
                options->units = true;
                return 0;
        case OPTION_PARENT:
                options->parent = text;
                return 0;
        case OPTION_MOUNT:
                options->mount = text;
                return 0;
        case OPTION_JSON:
                options->json = text;
                return 0;
        case OPTION_LATE_TRACE:
                options->late_trace = text;
                return 0;
        case OPTION_HELP:
                fputs(help, stdout);
                return 1;
        default: /* getopt has complained */
                return -EINVAL;
        }
}

static int add_policy(struct kernel_options *options, const struct policy *policy, uint64_t step_usec)
{
        if (options->n_policies == LIST_MAX)
                return complain(-EINVAL, "--policy and --step: more than %d together", LIST_MAX);
        options->policies[options->n_policies] = *policy;
        options->policies[options->n_policies++].step_usec = step_usec;
        return 0;
}

static int check_units(const struct kernel_options *options)
{
        for (size_t i = 0; i < options->n_policies && !options->units; i++)
                if (options->policies[i].backend && !strcmp(options->policies[i].backend, "systemd"))
                        return complain(
                                -EINVAL, "--policy %s: systemd writes units alone; give --units", options->policies[i].name);
        return 0;
}

static int multiply(struct kernel_options *options, const struct raw *raw)
{
        for (size_t i = 0; i < raw->n_policies; i++) {
                const struct policy *policy = &raw->policies[i];
                size_t n = policy->kind == POLICY_CGBURST ? raw->n_steps : 1;

                for (size_t k = 0; k < n; k++) {
                        int error = add_policy(options, policy, policy->kind == POLICY_CGBURST ? raw->steps_usec[k] : 0);

                        if (error < 0)
                                return error;
                }
        }
        return 0;
}

int options_parse(struct kernel_options *ret, int argc, char **argv)
{
        struct kernel_options options = {
                .bursts_usec = {20 * USEC_PER_MSEC, 100 * USEC_PER_MSEC},
                .n_bursts = 2,
                .repeats = 3,
                .bursts = 50,
                .hog_groups = 7,
                .hogs_per_group = count_cpus() > HOGS_MIN ? count_cpus() : HOGS_MIN,
                .warmup_usec = 15 * USEC_PER_SEC,
        };
        struct raw raw = {.steps_usec = {USEC_PER_SEC / 4, USEC_PER_SEC, 5 * USEC_PER_SEC}, .n_steps = 3};
        char usual[] = "alone,equal,cgburst,static";
        int option, error = parse_policies(usual, &raw);

        while (error == 0 && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
                error = parse_one(option == 'h' ? OPTION_HELP : option, optarg, &options, &raw);
        if (error)
                return error;
        if (optind < argc)
                return complain(-EINVAL, "%s: not an option; see --help", argv[optind]);
        if (raw.cold)
                options.bursts = 0;
        error = multiply(&options, &raw);
        if (error >= 0)
                error = check_units(&options);
        if (error >= 0)
                *ret = options;
        return error;
}
