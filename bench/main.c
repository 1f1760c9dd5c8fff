/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgburst-bench: measures cgburst. One verb a measurement, each in a file of its own; this is the table of them.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/complain.h"

#include "verbs.h"

struct verb {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *summary;
};

static const struct verb verbs[] = {
        {"kernel", verb_kernel, "response times beside busy loops on the real kernel, one policy after the other"},
        {"memory", verb_memory, "what a limit on memory costs whom, on the real kernel, one policy after the other"},
        {"sim", verb_sim, "traces of jobs on a simulated node, under every policy"},
        {"sweep", verb_sweep, "constants of the law, ranked by the worst that they do on several traces"},
        {"demo", verb_demo, "two minutes: an editor's work beside three builds, without and with cgburst"},
        {"report", verb_report, "one page of tables and plots from the JSON of the others"},
        {"karma", verb_karma, "how even users come out who want the CPU in stretches: rules with credit and without"},
        {"overhead", verb_overhead, "what a step costs, beside the system calls that it cannot do without"},
        {"sim-memory", verb_sim_memory, "made-up days of a simulated node's memory, under every policy"},
        {"scale", verb_scale, "what a step costs where thousands of workspaces sleep"},
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_usage(FILE *file)
{
        fputs("usage: cgburst-bench VERB [OPTION...]\n\n", file);
        for (size_t i = 0; i < N_VERBS; i++)
                fprintf(file, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
        fputs("\ncgburst-bench VERB --help tells the options.\n", file);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
        char title[32]; /* getopt_long() puts it before its messages */

        snprintf(title, sizeof(title), "cgburst-bench %s", verb->name);
        argv[0] = title;
        return verb->run(argc, argv);
}

static int find_and_run(int argc, char **argv)
{
        if (argc < 2) {
                print_usage(stderr);
                return 2;
        }
        for (size_t i = 0; i < N_VERBS; i++)
                if (!strcmp(argv[1], verbs[i].name))
                        return run_verb(&verbs[i], argc - 1, argv + 1);
        if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
                print_usage(stdout);
                return 0;
        }
        fprintf(stderr, "cgburst-bench: unknown verb: %s\n", argv[1]);
        print_usage(stderr);
        return 2;
}

int main(int argc, char **argv)
{
        int exit_code = find_and_run(argc, argv);

        /* Figures that did not reach the disk, or the pipe, are none. */
        if ((fflush(stdout) == 0 && !ferror(stdout)) || exit_code != 0)
                return exit_code;
        complain(-errno, "standard output");
        return 1;
}
