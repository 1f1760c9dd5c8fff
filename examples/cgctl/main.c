/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl - runs, watches and mends what libcgburst does
 *
 * It is an embedder like any other: nothing here includes more than the public headers. This file only finds the verb
 * that is meant. A new verb is one file and one line in the table.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "verb.h"

static const struct verb *const verbs[] = {
        &verb_run,
        &verb_daemon,
        &verb_status,
        &verb_doctor,
        &verb_restore,
        &verb_check_config,
};

static const struct verb *find_verb(const char *name)
{
        for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
                if (!strcmp(verbs[i]->name, name))
                        return verbs[i];
        return NULL;
}

static void print_usage(FILE *stream)
{
        fprintf(stream, "Usage: cgctl VERB [OPTION...]\n\n"
                        "Gives the CPU first to the workspace that used it least. The verbs:\n\n");
        for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
                fprintf(stream, "  %-14s%s\n", verbs[i]->name, verbs[i]->summary);
        fprintf(stream,
                "  %-14s%s\n\n"
                "  cgctl run -- make -j8       a build in a workspace of its own\n"
                "  cgctl doctor                can this host do it?\n"
                "  cgctl help run              the options of a verb, with examples; also cgctl run --help\n"
                "  cgctl --version\n",
                "help VERB", "the options of a verb");
}

static int fail_unknown(const char *name)
{
        report_line("cgctl help lists them", *name == '-' ? "%s: the verb comes first" : "%s: no such verb", name);
        return EXIT_USAGE;
}

/* @argv: from the word "help", or an option like it, on. */
static int help(int argc, char **argv)
{
        const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;

        if (argc > 2) {
                report_line("cgctl help VERB", "help: %s: one verb at a time", argv[2]);
                return EXIT_USAGE;
        }
        if (argc > 1 && !verb)
                return fail_unknown(argv[1]);
        if (verb)
                fputs(verb->help, stdout);
        else
                print_usage(stdout);
        return EXIT_OK;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
        /* getopt_long() puts this before its messages. */
        char title[32];

        snprintf(title, sizeof(title), "cgctl %s", verb->name);
        argv[0] = title;
        return verb->run(argc, argv);
}

static int find_and_run(int argc, char **argv)
{
        if (argc < 2) {
                print_usage(stderr);
                return EXIT_USAGE;
        }
        if (!strcmp(argv[1], "--version")) {
                puts("cgctl " CGCTL_VERSION);
                return EXIT_OK;
        }
        if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
                return help(argc - 1, argv + 1);

        const struct verb *verb = find_verb(argv[1]);

        return verb ? run_verb(verb, argc - 1, argv + 1) : fail_unknown(argv[1]);
}

int main(int argc, char **argv)
{
        int exit_code = find_and_run(argc, argv);

        /* What did not reach the disk, or the pipe, was not told. */
        if ((fflush(stdout) == 0 && !ferror(stdout)) || exit_code != EXIT_OK)
                return exit_code;
        report_error("standard output", errno, NULL);
        return EXIT_FAILED;
}
