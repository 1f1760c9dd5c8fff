/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl check-config - reads a configuration, and says what is wrong with it or what it means
 */

#include <stdio.h>

#include "config-report.h"
#include "options.h"
#include "report.h"

static const char check_config_help[] =
        "Usage: cgctl check-config [FILE]\n\n"
        "Reads a configuration of rules, and changes nothing. Every mistake is told with its line and what helps;\n"
        "without one, the parents that it names and the rules below each.\n\n"
        "  FILE              default: " CONFIG_DEFAULT "\n"
        "  -h, --help        this\n"
        "\nExamples:\n"
        "  cgctl check-config\n"
        "  cgctl check-config new.conf && mv new.conf " CONFIG_DEFAULT "\n\n"
        "Exit status: 0 it can be used; 1 it cannot be read; 2 it has mistakes, or bad command line.\n";

static void print_lane(const char *name, const char *const *patterns)
{
        if (*patterns)
                printf("\n    %s:", name);
        for (; *patterns; patterns++)
                printf(" %s%s", *patterns, patterns[1] ? "," : "");
}

static void print_rule(const struct cgb_rule *rule)
{
        printf("  %-20s %s", rule->name, rule->match);
        for (const char *const *exclude = rule->exclude; *exclude; exclude++)
                printf("  but not %s", *exclude);
        if (rule->share_permille)
                printf("  shares %g", (double)rule->share_permille / 1000);
        if (rule->memory_floor_bytes)
                printf("  memory floor %g MiB", (double)rule->memory_floor_bytes / (1 << 20));
        fputs(rule->flags & CGB_DRY_RUN ? "  dry run" : "", stdout);
        print_lane("interactive", rule->interactive);
        print_lane("batch", rule->batch);
        puts("");
}

static void print(const struct config *config)
{
        for (size_t i = 0; i < config->n_parents; i++) {
                const struct config_parent *parent = &config->parents[i];

                printf("below %s\n", *parent->path ? parent->path : "the top of the tree");
                for (size_t j = 0; j < parent->n_rules; j++)
                        print_rule(&parent->rules[j]);
        }
}

static int check_config_main(int argc, char **argv)
{
        static const struct option options[] = {{"help", no_argument, NULL, 'h'}, OPTIONS_END};
        int option = getopt_long(argc, argv, "h", options, NULL);

        if (option == 'h') {
                fputs(check_config_help, stdout);
                return EXIT_OK;
        }
        if (option >= 0)
                return options_usage_error(&verb_check_config);

        const char *path = optind < argc ? argv[optind++] : CONFIG_DEFAULT;
        int r = options_refuse_operands(&verb_check_config, argc, argv);
        struct config config;

        if (r >= 0)
                return r;
        r = config_report_load(&config, path);
        if (r < 0)
                return report_exit_code(r);
        print(&config);
        config_free(&config);
        return EXIT_OK;
}

const struct verb verb_check_config = {
        .name = "check-config",
        .summary = "tells what is wrong with a configuration, or what it means",
        .help = check_config_help,
        .run = check_config_main,
};
