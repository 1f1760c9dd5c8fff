/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_NUMBERS_H
#define BENCH_NUMBERS_H

/*
 * Numbers in what options say. All complain with the option's name, and leave what is returned alone then. @return 0;
 * -EINVAL.
 */

#include <stddef.h>
#include <stdint.h>

/* A whole number. */
int parse_count(const char *option, const char *text, unsigned long min, unsigned long max, unsigned *ret);

/* A decimal number. */
int parse_number(const char *option, const char *text, double min, double max, double *ret);

/* Seconds. */
int parse_seconds(const char *option, const char *text, double min, double max, uint64_t *ret_usec);

/* Up to @ret_max decimal numbers with commas between them, each times @unit and rounded. */
int parse_list(const char *option, const char *text, double unit, double min, double max, uint64_t *ret, size_t ret_max,
        size_t *ret_n);

#endif
