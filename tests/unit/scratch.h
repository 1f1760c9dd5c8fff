/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * scratch.h - a folder for one test, and what one does in it
 *
 * Names are relative to the folder. Whatever goes wrong in here fails the test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka's setup and teardown: *state becomes the folder's path. Teardown undoes scratch_become_nobody() as well. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The path of @name in the folder; good until the eighth call after this one. */
const char *scratch_path(void **state, const char *name);

/* Writes a file, making the folders on the way to it. */
void scratch_write(void **state, const char *name, const char *text);

/* Makes a folder and those on the way to it. */
void scratch_mkdir(void **state, const char *name);

/* Removes a folder or a file, with all that is in it. */
void scratch_remove(void **state, const char *name);

/* Does the file hold exactly @text? */
void scratch_assert_text(void **state, const char *name, const char *text);

/* Is there anything of this name? */
bool scratch_exists(void **state, const char *name);

/* Takes away everybody's right to write it. */
void scratch_lock(void **state, const char *name);

/* Root may write everything, so a test about permissions goes on as somebody else. */
void scratch_become_nobody(void);

/* How many files this process has open. */
unsigned scratch_open_files(void);
