/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/numbers.h"
#include "options.h"

#define SECONDS_MAX 3600

static const char help[] =
        "usage: cgburst-bench memory [OPTION...]\n"
        "\n"
        "Measures on the real kernel what a policy does to memory: the same work under each in turn, with what the kernel itself\n"
        "counts as witness. Needs the right to make groups with the cpu and memory controllers, and swap for all but the sandbox;\n"
        "tests/vm/guest --swap 1024 gives both to anyone. All four scenarios take about a quarter of an hour.\n"
        "\n"
        "  --scenario LIST      sandbox   a build whose peak is near its memory.max\n"
        "                       crowd     two awake and four asleep who do not fit together\n"
        "                       leak      two who work beside one that grows without end\n"
        "                       wave      sleepers who wake one after another, and grow\n"
        "  --policy LIST        equal, static, kubernetes, senpai, uresourced, cgburst; ratios are to the first. Default: sandbox equal,\n"
        "                       static, kubernetes, cgburst; crowd equal, senpai, uresourced, cgburst; leak and wave equal, cgburst\n"
        "  --repeats N          of everything, in turn; shown is the median (1)\n"
        "  --json               JSON on standard output instead of tables\n"
        "  --step SEC           of cgburst (0.25; the library's own is 1, and then it takes four times as long to be done)\n"
        "  --settle SEC         crowd, wave: until it is measured (45; the law leaves everybody alone for the first 30)\n"
        "  --measure SEC        crowd: how long it is measured; leak: half of it, 15 at most, alone, and beside a writer (30)\n"
        "  --leak SEC           leak: how long it grows, by a fortieth of the pool a second (75)\n"
        "  --wave SEC           wave: five wakers in so long (60)\n"
        "  --pool MIB           crowd, leak, wave: memory of all together; all sizes are parts of it (1024)\n"
        "  --compiler NAME      sandbox: a C compiler (cc); none: a stand-in, which is also taken where there is none\n"
        "  --table LINES        sandbox: of the large file (250000, of which gcc 12 needs 340 MiB; 700000 for the stand-in, 940 MiB)\n"
        "  --small-files N      sandbox (8)\n"
        "  --patience SEC       sandbox: a build that takes longer is given up (150)\n"
        "  --parent PATH        the group to make, below the mount (cgburst-bench)\n"
        "  --mount PATH         where cgroup v2 is mounted (found by itself)\n"
        "  --check              only tell whether it can be measured here, and why not\n"
        "\n"
        "examples:\n"
        "  cgburst-bench memory --scenario sandbox --repeats 3\n"
        "  cgburst-bench memory --scenario crowd --policy equal,cgburst --json >crowd.json\n"
        "  cgburst-bench memory --scenario wave --wave 600 --step 1\n"
        "  tests/vm/guest --kernel 6.1 --swap 1024 --timeout 1800 -- build/bench/cgburst-bench memory\n";

enum {
        OPTION_SCENARIO = 256,
        OPTION_POLICY,
        OPTION_REPEATS,
        OPTION_JSON,
        OPTION_STEP,
        OPTION_SETTLE,
        OPTION_MEASURE,
        OPTION_LEAK,
        OPTION_WAVE,
        OPTION_POOL,
        OPTION_COMPILER,
        OPTION_TABLE,
        OPTION_SMALL_FILES,
        OPTION_PATIENCE,
        OPTION_PARENT,
        OPTION_MOUNT,
        OPTION_CHECK,
        OPTION_HELP,
};

static const struct option long_options[] = {
        {"scenario", required_argument, NULL, OPTION_SCENARIO},
        {"policy", required_argument, NULL, OPTION_POLICY},
        {"repeats", required_argument, NULL, OPTION_REPEATS},
        {"json", no_argument, NULL, OPTION_JSON},
        {"step", required_argument, NULL, OPTION_STEP},
        {"settle", required_argument, NULL, OPTION_SETTLE},
        {"measure", required_argument, NULL, OPTION_MEASURE},
        {"leak", required_argument, NULL, OPTION_LEAK},
        {"wave", required_argument, NULL, OPTION_WAVE},
        {"pool", required_argument, NULL, OPTION_POOL},
        {"compiler", required_argument, NULL, OPTION_COMPILER},
        {"table", required_argument, NULL, OPTION_TABLE},
        {"small-files", required_argument, NULL, OPTION_SMALL_FILES},
        {"patience", required_argument, NULL, OPTION_PATIENCE},
        {"parent", required_argument, NULL, OPTION_PARENT},
        {"mount", required_argument, NULL, OPTION_MOUNT},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

static int copy_list(const char *option, const char *text, char *ret, size_t size)
{
        return (size_t)snprintf(ret, size, "%s", text) < size ? 0 : complain(-EINVAL, "--%s %s: too long", option, text);
}

static int parse_one(int option, const char *text, struct memory_options *options)
{
        unsigned count;
        int error;

        switch (option) {
        case OPTION_SCENARIO:
                return copy_list("scenario", text, options->scenarios, sizeof(options->scenarios));
        case OPTION_POLICY:
                return copy_list("policy", text, options->policies, sizeof(options->policies));
        case OPTION_REPEATS:
                return parse_count("repeats", text, 1, 100, &options->repeats);
        case OPTION_POOL:
                error = parse_count("pool", text, 256, 1 << 20, &count);
                if (error >= 0)
                        options->pool_bytes = (uint64_t)count << 20;
                return error;
        case OPTION_STEP:
                return parse_seconds("step", text, .01, SECONDS_MAX, &options->step_usec);
        case OPTION_SETTLE:
                return parse_seconds("settle", text, 1, SECONDS_MAX, &options->settle_usec);
        case OPTION_MEASURE:
                return parse_seconds("measure", text, 3, SECONDS_MAX, &options->measure_usec);
        case OPTION_LEAK:
                return parse_seconds("leak", text, 3, SECONDS_MAX, &options->leak_usec);
        case OPTION_WAVE:
                return parse_seconds("wave", text, 5, SECONDS_MAX, &options->wave_usec);
        case OPTION_PATIENCE:
                return parse_seconds("patience", text, 1, SECONDS_MAX, &options->patience_usec);
        case OPTION_TABLE:
                return parse_count("table", text, 1, 10000000, &options->table_lines);
        case OPTION_SMALL_FILES:
                return parse_count("small-files", text, 0, 1000, &options->small_files);
        case OPTION_JSON:
                options->json = true;
                return 0;
        case OPTION_CHECK:
                options->check = true;
                return 0;
        case OPTION_COMPILER:
                options->compiler = text;
                return 0;
        case OPTION_PARENT:
                options->parent = text;
                return 0;
        case OPTION_MOUNT:
                options->mount = text;
                return 0;
        case OPTION_HELP:
                fputs(help, stdout);
                return 1;
        default: /* getopt has complained */
                return -EINVAL;
        }
}

int memory_options_parse(struct memory_options *ret, int argc, char **argv)
{
        struct memory_options options = {
                .scenarios = "sandbox,crowd,leak,wave",
                .repeats = 1,
                .step_usec = USEC_PER_SEC / 4,
                .settle_usec = 45 * USEC_PER_SEC,
                .measure_usec = 30 * USEC_PER_SEC,
                .leak_usec = 75 * USEC_PER_SEC,
                .wave_usec = 60 * USEC_PER_SEC,
                .patience_usec = 150 * USEC_PER_SEC,
                .pool_bytes = UINT64_C(1024) << 20,
                .small_files = 8,
        };
        int option, error = 0;

        while (error == 0 && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
                error = parse_one(option == 'h' ? OPTION_HELP : option, optarg, &options);
        if (error)
                return error;
        if (optind < argc)
                return complain(-EINVAL, "%s: not an option; see --help", argv[optind]);
        *ret = options;
        return 0;
}
