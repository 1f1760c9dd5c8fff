/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Messages. Each is written by one call of stdio, so that those of several cgctl on one terminal do not mix; and made fit
 * for a terminal first, since paths have other people's names in them.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "text.h"
#include "verb.h"

const char *error_name(int error)
{
        const char *name = strerrorname_np(abs(error));

        return name ? name : "unknown error";
}

static void print(const char *subject, const char *message, int error, const char *remedy)
{
        char shown[TEXT_SIZE], helps[TEXT_SIZE];
        bool has_remedy = remedy && *remedy;

        fprintf(stderr, "cgctl: %s%s%s (%s)\n%s%s%s", text_printable(shown, sizeof(shown), subject), *subject ? ": " : "",
                message, error_name(error), has_remedy ? "  remedy: " : "",
                has_remedy ? text_printable(helps, sizeof(helps), remedy) : "", has_remedy ? "\n" : "");
}

void report_fault(const struct cgb_fault *fault, int error, const char *subject)
{
        if (fault && *fault->message)
                print(*fault->file ? fault->file : subject, fault->message, error, fault->remedy);
        else
                report_error(subject, error, NULL);
}

int report_exit_code(int error)
{
        switch (error) {
        case -EINVAL:
                return EXIT_USAGE;
        case -EBUSY:
                return EXIT_STATE;
        default:
                return EXIT_FAILED;
        }
}

void report_error(const char *subject, int error, const char *remedy)
{
        print(subject, strerror(abs(error)), error, remedy);
}

void report_line(const char *remedy, const char *format, ...)
{
        char line[2048], shown[2048];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);

        text_printable(shown, sizeof(shown), line);
        if (remedy)
                fprintf(stderr, "cgctl: %s\n  remedy: %s\n", shown, remedy);
        else
                fprintf(stderr, "cgctl: %s\n", shown);
}
