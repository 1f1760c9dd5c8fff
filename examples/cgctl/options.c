/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Shared options. Numbers are read by hand, digit by digit: strtod() would take "nan", "inf", "0x1p3" and the locale's
 * comma, and a share that went through a double would no longer be the number that was typed.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"

static const char *from_environment(const char *name)
{
        const char *value = getenv(name);

        return value && *value ? value : NULL;
}

void options_init(struct common_options *ret)
{
        *ret = (struct common_options){
                .parent = from_environment("CGBURST_PARENT"),
                .mount = from_environment("CGBURST_MOUNT"),
                .state_dir = from_environment("CGBURST_STATE_DIR"),
                .backend = from_environment("CGBURST_BACKEND"),
        };
}

int options_common(struct common_options *options, const struct verb *verb, int option)
{
        switch (option) {
        case OPTION_PARENT:
                options->parent = optarg;
                return -1;
        case OPTION_MOUNT:
                options->mount = optarg;
                return -1;
        case OPTION_STATE_DIR:
                options->state_dir = optarg;
                return -1;
        case OPTION_BACKEND:
                options->backend = optarg;
                return -1;
        case 'j':
                options->json = true;
                return -1;
        case 'h':
                fputs(verb->help, stdout);
                return EXIT_OK;
        default: /* getopt_long() has said what is wrong */
                return options_usage_error(verb);
        }
}

int options_refuse_operands(const struct verb *verb, int argc, char **argv)
{
        if (optind >= argc)
                return -1;

        fprintf(stderr, "cgctl %s: %s: takes no such argument\n", verb->name, argv[optind]);
        return options_usage_error(verb);
}

int options_usage_error(const struct verb *verb)
{
        fprintf(stderr, "  remedy: cgctl %s --help\n", verb->name);
        return EXIT_USAGE;
}

void options_apply(const struct common_options *options, struct cgb_options *ret)
{
        cgb_options_init(ret);
        ret->parent = options->parent;
        ret->mount = options->mount;
        ret->state_dir = options->state_dir;
        ret->backend = options->backend;
}

int options_open(const struct cgb_options *options, struct cgb **ret)
{
        struct cgb_fault fault = {0};
        int r = cgb_new(ret, options, &fault);

        if (r < 0)
                report_fault(&fault, r, "cgroup v2");
        return r;
}

/* Adds a digit. False if it does not fit, or is finer than the unit. */
static bool take_digit(uint64_t *value, char digit, uint64_t *unit, bool fraction)
{
        uint64_t add = (uint64_t)(digit - '0');

        if (!fraction)
                return !__builtin_mul_overflow(*value, 10, value) && !__builtin_add_overflow(*value, add * *unit, value);
        if (*unit == 1)
                return add == 0;
        *unit /= 10;
        return !__builtin_add_overflow(*value, add * *unit, value);
}

bool options_take_decimal(const char *text, uint64_t scale, uint64_t *ret)
{
        uint64_t value = 0, unit = scale;
        bool fraction = false;
        char last = '\0';

        for (const char *c = text; *c; last = *c++) {
                if (*c == '.' && !fraction && last)
                        fraction = true;
                else if (*c < '0' || *c > '9' || !take_digit(&value, *c, &unit, fraction))
                        return false;
        }
        *ret = value;
        return last && last != '.';
}

/* Prints @value of 1/@scale without zeros at its end. */
static void format_decimal(char *ret, size_t size, uint64_t value, uint64_t scale)
{
        int n = snprintf(ret, size, "%" PRIu64, value / scale);
        uint64_t rest = value % scale;

        for (bool first = true; rest && n > 0 && (size_t)n + 2 < size; first = false) {
                if (first)
                        ret[n++] = '.';
                scale /= 10;
                ret[n++] = (char)('0' + rest / scale);
                ret[n] = '\0';
                rest %= scale;
        }
}

static int count_digits(uint64_t value)
{
        int n = 1;

        for (; value >= 10; value /= 10)
                n++;
        return n;
}

int options_parse_decimal(const char *option, const char *text, uint64_t scale, uint64_t min, uint64_t max, uint64_t *ret)
{
        char from[32], to[32];
        uint64_t value;

        if (options_take_decimal(text, scale, &value) && value >= min && value <= max) {
                *ret = value;
                return 0;
        }

        format_decimal(from, sizeof(from), min, scale);
        format_decimal(to, sizeof(to), max, scale);
        if (scale == 1)
                report_line(NULL, "%s: \"%s\" is not a whole number from %s to %s", option, text, from, to);
        else
                report_line(NULL, "%s: \"%s\" is not a number from %s to %s with at most %d decimals", option, text, from,
                        to, count_digits(scale) - 1);
        return -EINVAL;
}

bool options_take_size(const char *text, uint64_t *ret)
{
        static const char units[] = "KMGT";
        size_t digits = strspn(text, "0123456789");
        const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
        char number[24];
        uint64_t value;

        if (digits >= sizeof(number) || (text[digits] && (!unit || text[digits + 1])))
                return false;
        snprintf(number, sizeof(number), "%.*s", (int)digits, text);
        if (!options_take_decimal(number, 1, &value) ||
                (unit && __builtin_mul_overflow(value, 1024ull << 10 * (unit - units), &value)) || value < SIZE_MIN_BYTES ||
                value > SIZE_MAX_BYTES)
                return false;
        *ret = value;
        return true;
}

int options_parse_size(const char *option, const char *text, uint64_t *ret)
{
        if (options_take_size(text, ret))
                return 0;
        report_line(NULL, "%s: \"%s\" is not a size from " SIZE_RANGE ", such as 512M or 2G (powers of 1024, no decimals)",
                option, text);
        return -EINVAL;
}
