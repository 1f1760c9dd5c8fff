/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_FILES_H
#define BENCH_FILES_H

/* Small files of the kernel, read and written whole, and files of one's own. */

#include <stdbool.h>
#include <stddef.h>

/* @return 0 or a negative errno. */
int write_at(int dir_fd, const char *file, const char *text);
int read_at(int dir_fd, const char *file, char *text, size_t size);

/*
 * Can figures be written there? Asked before they are measured, which may take an hour. Makes the file if it is missing.
 * @return 0, also for no path; or a negative errno, and complains.
 */
int check_output(const char *path);

/* From its beginning, whatever was read before. */
int read_fd(int fd, char *text, size_t size);

/* Removes a folder and the files in it. */
void remove_folder(const char *path);

/* Is @word in the file, among words with blanks between them? false if it cannot be read. */
bool file_has_word(int dir_fd, const char *file, const char *word);

#endif
