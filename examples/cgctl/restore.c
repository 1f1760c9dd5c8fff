/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl restore - puts back what a manager that died has left behind
 *
 * The next manager does the same by itself; this is for when there will be none, and for a unit's ExecStopPost=.
 */

#include <stdio.h>

#include "options.h"
#include "report.h"

static const char restore_help[] =
        "Usage: cgctl restore [OPTION...]\n\n"
        "Puts back the weights that a manager which died has left behind. Does no harm if there is nothing to do.\n\n"
        OPTIONS_COMMON_HELP
        "\nExamples:\n"
        "  cgctl restore\n"
        "  ExecStopPost=/usr/bin/cgctl restore            (in a unit that runs cgctl daemon)\n\n"
        "Exit status: 0 everything is as it was; 1 failed; 2 bad command line; 3 the manager is alive.\n";

static int parse(struct common_options *common, int argc, char **argv)
{
        static const struct option options[] = { OPTIONS_COMMON, OPTIONS_END };

        for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
                int r = options_common(common, &verb_restore, option);

                if (r >= 0)
                        return r;
        }
        return options_refuse_operands(&verb_restore, argc, argv);
}

static int restore_main(int argc, char **argv)
{
        struct common_options common;
        struct cgb_options options;
        struct cgb_fault fault = { 0 };

        options_init(&common);

        int r = parse(&common, argc, argv);
        if (r >= 0)
                return r;

        options_apply(&common, &options);
        r = cgb_restore(&options, &fault);
        if (r < 0) {
                report_fault(&fault, r, "restore");
                return report_exit_code(r);
        }

        if (r == 0)
                puts("nothing to put back");
        else
                printf("put back %d file%s\n", r, r == 1 ? "" : "s");
        return EXIT_OK;
}

const struct verb verb_restore = {
        .name = "restore",
        .summary = "puts back what a manager that died has left behind",
        .help = restore_help,
        .run = restore_main,
};
