/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_COMPLAIN_H
#define BENCH_COMPLAIN_H

/* Says on stderr what went wrong, once, where it is found; everyone above only passes the errno value on. */

/* @error: a negative errno value, which is named behind the message, or 0. @return @error. */
int complain(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
