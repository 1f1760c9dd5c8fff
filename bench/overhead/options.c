/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "../common/complain.h"
#include "../common/numbers.h"
#include "cost.h"

#define LIST_MAX (sizeof(((struct cost_options *)0)->workspaces) / sizeof(uint64_t))

/* What the kernel lets one write into a pid, and then some. */
#define WORKSPACES_MAX 30000
#define REPEATS_MAX 10000

enum {
        OPTION_WORKSPACES = 256,
        OPTION_REGISTERED,
        OPTION_REPEATS,
        OPTION_ONLY,
        OPTION_PARENT,
        OPTION_MOUNT,
        OPTION_JSON,
        OPTION_CHECK,
        OPTION_HELP,
};

static const struct option overhead_options[] = {
        {"workspaces", required_argument, NULL, OPTION_WORKSPACES},
        {"repeats", required_argument, NULL, OPTION_REPEATS},
        {"only", required_argument, NULL, OPTION_ONLY},
        {"parent", required_argument, NULL, OPTION_PARENT},
        {"mount", required_argument, NULL, OPTION_MOUNT},
        {"json", required_argument, NULL, OPTION_JSON},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

static const struct option scale_options[] = {
        {"active", required_argument, NULL, OPTION_WORKSPACES},
        {"registered", required_argument, NULL, OPTION_REGISTERED},
        {"repeats", required_argument, NULL, OPTION_REPEATS},
        {"parent", required_argument, NULL, OPTION_PARENT},
        {"mount", required_argument, NULL, OPTION_MOUNT},
        {"json", required_argument, NULL, OPTION_JSON},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

static int parse_only(const char *text, struct cost_options *options)
{
        options->law = !strcmp(text, "law");
        options->step = !strcmp(text, "step");
        return options->law || options->step ? 0 : complain(-EINVAL, "--only %s: wants law or step", text);
}

static int parse_one(
        int option, const char *name, const char *text, struct cost_options *options, bool is_scale, const char *help)
{
        switch (option) {
        case OPTION_WORKSPACES:
                return parse_list(name, text, 1, 1, WORKSPACES_MAX, options->workspaces, is_scale ? 1 : LIST_MAX,
                        &options->n_workspaces);
        case OPTION_REGISTERED:
                return parse_count(name, text, 1, WORKSPACES_MAX, &options->registered);
        case OPTION_REPEATS:
                return parse_count(name, text, 1, REPEATS_MAX, &options->repeats);
        case OPTION_ONLY:
                return parse_only(text, options);
        case OPTION_PARENT:
                options->parent = text;
                return 0;
        case OPTION_MOUNT:
                options->mount = text;
                return 0;
        case OPTION_JSON:
                options->json = text;
                return 0;
        case OPTION_CHECK:
                options->check = true;
                return 0;
        case OPTION_HELP:
        case 'h':
                fputs(help, stdout);
                return 1;
        default: /* getopt has complained */
                return -EINVAL;
        }
}

int cost_options_parse(struct cost_options *ret, int argc, char **argv, bool is_scale, const char *help)
{
        const struct option *table = is_scale ? scale_options : overhead_options;
        struct cost_options options = *ret;
        int option, index = 0;

        while ((option = getopt_long(argc, argv, "h", table, &index)) != -1) {
                int error = parse_one(option, table[index].name, optarg, &options, is_scale, help);

                if (error)
                        return error;
        }
        if (optind < argc)
                return complain(-EINVAL, "%s: not an option; see --help", argv[optind]);
        if (is_scale && options.registered < options.workspaces[0])
                return complain(
                        -EINVAL, "--registered %u: fewer than --active %" PRIu64, options.registered, options.workspaces[0]);
        *ret = options;
        return 0;
}
