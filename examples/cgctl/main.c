/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl - runs, watches and mends what libcgburst does
 *
 * It is an embedder like any other: nothing here includes more than the public headers. This file only finds the verb
 * that is meant. A new verb is one file and one line in the table.
 */

#include <stdio.h>
#include <string.h>

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
        fprintf(stderr, "cgctl: %s: no such verb\n  remedy: cgctl help lists them\n", name);
        return EXIT_USAGE;
}

static int help(const char *name)
{
        if (!name) {
                print_usage(stdout);
                return EXIT_OK;
        }

        const struct verb *verb = find_verb(name);
        if (!verb)
                return fail_unknown(name);

        fputs(verb->help, stdout);
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

int main(int argc, char **argv)
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
                return help(argv[2]);

        const struct verb *verb = find_verb(argv[1]);

        return verb ? run_verb(verb, argc - 1, argv + 1) : fail_unknown(argv[1]);
}
