/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cgctl doctor - everything that cgburst uses on this host: is it there, and if not, what helps? And whose is each group?
 */

#include <stdio.h>

#include "doctor-owners.h"
#include "json.h"
#include "options.h"
#include "text.h"

#define DOCTOR_SCHEMA 1

static const char doctor_help[] =
        "Usage: cgctl doctor [OPTION...]\n\n"
        "Looks at everything that cgburst uses on this host, then tells of each group in the parent whose it is and who\n"
        "has to write its files. Changes nothing.\n\n" OPTION_JSON_HELP OPTIONS_COMMON_HELP "\nExamples:\n"
        "  cgctl doctor\n"
        "  cgctl doctor --json | jq '.checks[] | select(.result != \"ok\")'\n\n"
        "Exit status: 0 it can work here, though perhaps less well; 1 something it cannot do without failed;\n"
        "2 bad command line.\n";

/* For people; the one that matters most stands out. */
static const char *const shown_result[] = {
        [CGB_CHECK_OK] = "ok",
        [CGB_CHECK_DEGRADED] = "degraded",
        [CGB_CHECK_FAILED] = "FAILED",
};

/* For programs. */
static const char *const json_result[] = {
        [CGB_CHECK_OK] = "ok",
        [CGB_CHECK_DEGRADED] = "degraded",
        [CGB_CHECK_FAILED] = "failed",
};

static int parse(struct common_options *common, int argc, char **argv)
{
        static const struct option options[] = {OPTION_JSON, OPTIONS_COMMON, OPTIONS_END};

        for (int option; (option = getopt_long(argc, argv, "hj", options, NULL)) >= 0;) {
                int r = options_common(common, &verb_doctor, option);

                if (r >= 0)
                        return r;
        }
        return options_refuse_operands(&verb_doctor, argc, argv);
}

static struct json_object *check_json(const struct cgb_check *check)
{
        struct json_object *object = json_object_new_object();

        json_add_text(object, "name", check->name);
        json_add_text(object, "result", json_result[check->result]);
        json_add_text(object, "found", check->found);
        json_add_text(object, "remedy", check->remedy);
        return object;
}

static void print_json(const struct cgb_check *checks, size_t n, const struct cgb_options *options)
{
        struct json_object *document = json_object_new_object(), *list = json_object_new_array();

        json_object_object_add(document, "schema", json_object_new_int(DOCTOR_SCHEMA));
        json_object_object_add(document, "checks", list);
        for (size_t i = 0; i < n; i++)
                json_object_array_add(list, check_json(&checks[i]));
        json_object_object_add(document, "groups", doctor_owners_json(options));
        puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(document);
}

static void print_table(const struct cgb_check *checks, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                char found[TEXT_SIZE], remedy[TEXT_SIZE];

                printf("%-9s %-30s %s\n", shown_result[checks[i].result], checks[i].name,
                        text_printable(found, sizeof(found), checks[i].found));
                if (*checks[i].remedy)
                        printf("%-9s   remedy: %s\n", "", text_printable(remedy, sizeof(remedy), checks[i].remedy));
        }
}

static bool any_failed(const struct cgb_check *checks, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (checks[i].result == CGB_CHECK_FAILED)
                        return true;
        return false;
}

static int doctor_main(int argc, char **argv)
{
        struct common_options common;
        struct cgb_options options;
        struct cgb_check checks[CGB_CHECKS_MAX];

        options_init(&common);

        int r = parse(&common, argc, argv);
        if (r >= 0)
                return r;

        options_apply(&common, &options);

        size_t n = cgb_probe(&options, checks, CGB_CHECKS_MAX);

        if (common.json) {
                print_json(checks, n, &options);
        } else {
                print_table(checks, n);
                doctor_owners_print(&options);
        }
        return any_failed(checks, n) ? EXIT_FAILED : EXIT_OK;
}

const struct verb verb_doctor = {
        .name = "doctor",
        .summary = "tells whether this host can do it, and what to mend",
        .help = doctor_help,
        .run = doctor_main,
};
