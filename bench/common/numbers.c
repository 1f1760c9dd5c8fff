/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>

#include "complain.h"
#include "numbers.h"

int parse_count(const char *option, const char *text, unsigned long min, unsigned long max, unsigned *ret)
{
        char *end;
        unsigned long number = strtoul(text, &end, 10);

        if (end == text || *end || *text == '-' || number < min || number > max)
                return complain(-EINVAL, "--%s %s: wants a whole number from %lu to %lu", option, text, min, max);
        *ret = (unsigned)number;
        return 0;
}

int parse_number(const char *option, const char *text, double min, double max, double *ret)
{
        char *end;
        double number = strtod(text, &end);

        if (end == text || *end || !(number >= min && number <= max))
                return complain(-EINVAL, "--%s %s: wants a number from %g to %g", option, text, min, max);
        *ret = number;
        return 0;
}

int parse_seconds(const char *option, const char *text, double min, double max, uint64_t *ret_usec)
{
        double seconds = 0;
        int error = parse_number(option, text, min, max, &seconds);

        if (error >= 0)
                *ret_usec = (uint64_t)(seconds * 1e6 + 0.5);
        return error;
}

int parse_list(const char *option, const char *text, double unit, double min, double max, uint64_t *ret, size_t ret_max,
        size_t *ret_n)
{
        size_t n = 0;

        for (const char *at = text;; at++) {
                char *end;
                double number = strtod(at, &end);

                if (end == at || (*end && *end != ',') || !(number >= min && number <= max) || n == ret_max)
                        return complain(-EINVAL, "--%s %s: wants up to %zu numbers from %g to %g, with commas between them",
                                option, text, ret_max, min, max);
                ret[n++] = (uint64_t)(number * unit + 0.5);
                at = end;
                if (!*at)
                        break;
        }
        *ret_n = n;
        return 0;
}
