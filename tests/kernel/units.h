/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A host whose PID 1 is systemd, with an ordinary user "tester" whose own manager runs. Commands are those that a person
 * would type.
 */
#include <stdbool.h>
#include <stddef.h>

#define UNITS_USER "tester"
#define UNITS_UID 1000

/** Where the user's manager keeps its units, below the mount. */
#define UNITS_USER_TOP "user.slice/user-1000.slice/user@1000.service"

/** Is there no such host? Says why, aloud. Starts the user's manager. */
bool units_are_missing(void);

/** Runs a shell command. @return its exit status. */
int units_sh(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/** As the user, with the environment of a login. */
int units_sh_as_user(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/** The same, and what was written to both outputs goes to @ret, as far as it fits. */
int units_read(char *ret, size_t size, const char *format, ...) __attribute__((__format__(__printf__, 3, 4)));
int units_read_as_user(char *ret, size_t size, const char *format, ...) __attribute__((__format__(__printf__, 3, 4)));

/** Runs it again and again until it succeeds. @return false if it never did, and then its last words are said aloud. */
bool units_come_true(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
bool units_come_true_as_user(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/** @part is in @text. */
void units_assert_text(const char *text, const char *part);
