/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl restore - puts back what a manager that died has left behind
 *
 * The next manager does the same by itself; this is for when there will be none, and for a unit's ExecStopPost=.
 */

#include <stdio.h>

#include "config-report.h"
#include "options.h"
#include "report.h"

static const char restore_help[] =
        "Usage: cgctl restore [OPTION...]\n\n"
        "Puts back the weights that a manager which died has left behind. Does no harm if there is nothing to do.\n\n"
        "  --config FILE     of every parent that its rules name, not with --parent\n" OPTIONS_COMMON_HELP "\nExamples:\n"
        "  cgctl restore\n"
        "  ExecStopPost=/usr/bin/cgctl restore            (in a unit that runs cgctl daemon)\n\n"
        "Exit status: 0 everything is as it was; 1 failed; 2 bad command line; 3 the manager is alive.\n";

enum {
        OPTION_CONFIG = OPTION_OF_VERB,
};

struct restore {
        struct common_options common;
        const char *config; /* NULL: one parent */
};

static int parse(struct restore *restore, int argc, char **argv)
{
        static const struct option options[] = {
                {"config", required_argument, NULL, OPTION_CONFIG},
                OPTIONS_COMMON,
                OPTIONS_END,
        };

        for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
                int r = -1;

                if (option == OPTION_CONFIG)
                        restore->config = optarg;
                else
                        r = options_common(&restore->common, &verb_restore, option);
                if (r >= 0)
                        return r;
        }
        if (restore->config && restore->common.parent) {
                report_line(NULL, "--config: its rules say which parents, so --parent cannot");
                return options_usage_error(&verb_restore);
        }
        return options_refuse_operands(&verb_restore, argc, argv);
}

/* Adds how many files were put back to @count. Returns an exit code. */
static int restore_parent(const struct cgb_options *options, unsigned *count)
{
        struct cgb_fault fault = {0};
        int r = cgb_restore(options, &fault);

        if (r < 0) {
                report_fault(&fault, r, "restore");
                return report_exit_code(r);
        }
        *count += (unsigned)r;
        return EXIT_OK;
}

/* Of several that fail the first decides, and all the others are put back nevertheless. */
static int restore_config(const char *path, struct cgb_options *options, unsigned *count)
{
        struct config config;
        int exit_code = EXIT_OK, r = config_report_load(&config, path);

        if (r < 0)
                return report_exit_code(r);
        for (size_t i = 0; i < config.n_parents; i++) {
                options->parent = config.parents[i].path;
                r = restore_parent(options, count);
                exit_code = exit_code == EXIT_OK ? r : exit_code;
        }
        config_free(&config);
        return exit_code;
}

static int restore_main(int argc, char **argv)
{
        struct restore restore = {.config = NULL};
        struct cgb_options options;
        unsigned count = 0;

        options_init(&restore.common);

        int r = parse(&restore, argc, argv);
        if (r >= 0)
                return r;

        options_apply(&restore.common, &options);
        r = restore.config ? restore_config(restore.config, &options, &count) : restore_parent(&options, &count);
        if (r != EXIT_OK)
                return r;

        if (count == 0)
                puts("nothing to put back");
        else
                printf("put back %u file%s\n", count, count == 1 ? "" : "s");
        return EXIT_OK;
}

const struct verb verb_restore = {
        .name = "restore",
        .summary = "puts back what a manager that died has left behind",
        .help = restore_help,
        .run = restore_main,
};
