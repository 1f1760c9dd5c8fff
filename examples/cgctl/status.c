/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl status - asks the manager, and prints each workspace with its credits, its weight and why
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "report.h"
#include "status-client.h"
#include "status-table.h"

/* Nothing changes between two steps; and more often than this nobody can read. */
#define WATCH_MIN_USEC 250000

#define TERMINAL_CLEAR "\033[H\033[2J"

enum {
        OPTION_WATCH = OPTION_OF_VERB,
};

struct status {
        struct common_options common;
        bool watch;
        struct cgb *cgb; /* not started: it only knows what is called how */
        struct cgb_overview overview;
};

static const char status_help[] =
        "Usage: cgctl status [OPTION...]\n\n"
        "Asks who manages the parent, be it cgctl daemon or cgctl run, how its workspaces stand.\n\n"
        "  -w, --watch       again after each step, until Ctrl-C; with --json one document a line\n" OPTION_JSON_HELP
                OPTIONS_COMMON_HELP "\nExamples:\n"
        "  cgctl status --watch\n"
        "  cgctl status --parent cgburst --state-dir /run/cgburst    (root's manager, asked by anybody)\n"
        "  cgctl status --json | jq '.workspaces[] | {name, slow_credit_usec, reason}'\n\n"
        "Columns: * used the CPU in the last step; SHARE what it is entitled to, against the others'; CPU of one CPU since\n"
        "the last answer (with --watch); SLOW and FAST CREDIT how far it is below (+) or above (-) its fair share, and\n"
        "the most it can be; WEIGHT what the kernel holds; WHY the reason of it.\n\n"
        "Exit status: 0 ok; 1 failed; 2 bad command line; 3 nobody manages the parent.\n";

static int take_option(struct status *status, int option)
{
        if (option != OPTION_WATCH)
                return options_common(&status->common, &verb_status, option);
        status->watch = true;
        return -1;
}

static int parse(struct status *status, int argc, char **argv)
{
        static const struct option options[] = {
                {"watch", no_argument, NULL, OPTION_WATCH},
                OPTION_JSON,
                OPTIONS_COMMON,
                OPTIONS_END,
        };

        for (int option; (option = getopt_long(argc, argv, "hjw", options, NULL)) >= 0;) {
                int r = take_option(status, option == 'w' ? OPTION_WATCH : option);

                if (r >= 0)
                        return r;
        }
        return options_refuse_operands(&verb_status, argc, argv);
}

static int fail(const struct status *status, int error)
{
        const char *parent = status->overview.parent, *place = status->overview.state_name;

        switch (error) {
        case -ENOENT:
        case -ECONNREFUSED:
                report_line("start cgctl daemon, or name another --parent or --state-dir; cgctl run manages while it runs",
                        "nobody manages %s (asked at %s.sock)", parent, place);
                return EXIT_STATE;
        case -EAGAIN:
                report_line("see what it does; as long as it is stopped or hangs, weights stay as they are",
                        "%s.sock: the manager of %s does not answer", place, parent);
                return EXIT_FAILED;
        case -EBADMSG:
                report_line("is it a manager of another version?", "%s.sock: what answers here is not understood", place);
                return EXIT_FAILED;
        default:
                report_error(place, error, NULL);
                return EXIT_FAILED;
        }
}

static void print_json(const struct status *status, struct json_object *document)
{
        int style = status->watch ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY;

        puts(json_object_to_json_string_ext(document, style | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* On a terminal each table takes the place of the one before. */
static void print_table(const struct status *status, struct json_object *document, struct json_object *before)
{
        bool replace = status->watch && isatty(STDOUT_FILENO);

        fputs(replace ? TERMINAL_CLEAR : "", stdout);
        status_table_print(stdout, document, before);
        fputs(status->watch && !replace ? "\n" : "", stdout);
}

static int print(const struct status *status, struct json_object *document, struct json_object *before)
{
        if (status->common.json)
                print_json(status, document);
        else
                print_table(status, document, before);
        if (fflush(stdout) == 0)
                return EXIT_OK;
        report_error("standard output", errno, NULL);
        return EXIT_FAILED;
}

static void wait_a_step(struct json_object *document)
{
        int64_t usec = json_object_get_int64(json_object_object_get(document, "step_usec"));

        if (usec < WATCH_MIN_USEC)
                usec = WATCH_MIN_USEC;
        nanosleep(&(struct timespec){.tv_sec = usec / 1000000, .tv_nsec = usec % 1000000 * 1000}, NULL);
}

/*
 * @latest becomes @document. What it is compared with is the last answer of an earlier step: two that were given in the
 * same step differ in nothing.
 */
static void remember(struct json_object **before, struct json_object **latest, struct json_object *document)
{
        bool same_step = *latest && json_object_get_int64(json_object_object_get(*latest, "steps")) ==
                                            json_object_get_int64(json_object_object_get(document, "steps"));

        json_object_put(same_step ? *latest : *before);
        if (!same_step)
                *before = *latest;
        *latest = document;
}

static int ask_and_print(const struct status *status)
{
        struct json_object *before = NULL, *latest = NULL, *document;
        int exit_code;

        do {
                if (latest)
                        wait_a_step(latest);

                int r = status_ask(&document, status->overview.state_name);
                if (r < 0) {
                        exit_code = fail(status, r);
                        break;
                }
                remember(&before, &latest, document);
                exit_code = print(status, latest, before);
        } while (status->watch && exit_code == EXIT_OK);

        json_object_put(before);
        json_object_put(latest);
        return exit_code;
}

static int status_main(int argc, char **argv)
{
        struct status status = {.overview.size = sizeof(status.overview)};
        struct cgb_options options;

        options_init(&status.common);

        int r = parse(&status, argc, argv);
        if (r >= 0)
                return r;

        options_apply(&status.common, &options);
        r = options_open(&options, &status.cgb);
        if (r < 0)
                return report_exit_code(r);

        /* The whole table in one write, or it flickers. */
        setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
        cgb_get_overview(status.cgb, &status.overview);

        int exit_code = ask_and_print(&status);

        cgb_free(status.cgb);
        return exit_code;
}

const struct verb verb_status = {
        .name = "status",
        .summary = "shows each workspace's credits, weight and why",
        .help = status_help,
        .run = status_main,
};
