/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_REPORT_H
#define CGCTL_REPORT_H

/*
 * How cgctl says on standard error what went wrong: which file or option, what is wrong with it, and what helps.
 */

#include <cgburst/cgburst.h>

/* "EBUSY" for -EBUSY or EBUSY. Never NULL. */
const char *error_name(int error);

/*
 * "cgctl: FILE: MESSAGE (EBUSY)", and "  remedy: ..." below. Where the library had nothing to say, @subject and the
 * errno's own text.
 */
void report_fault(const struct cgb_fault *fault, int error, const char *subject);

/*
 * The exit code for what the library returned. It says -EINVAL of what was on the command line, and -EBUSY of the
 * manager's lock.
 */
int report_exit_code(int error);

/* As report_fault(), of what cgctl itself found out. @remedy may be NULL. */
void report_error(const char *subject, int error, const char *remedy);

/* One line without an errno, and a remedy. @remedy may be NULL. */
void report_line(const char *remedy, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));

#endif
