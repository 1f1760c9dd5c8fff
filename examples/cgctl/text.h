/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_TEXT_H
#define CGCTL_TEXT_H

/*
 * Names of groups are other people's words: any bytes but "/" and NUL. Here they are made fit for a terminal and for JSON.
 */

#include <stddef.h>

/* A name of NAME_MAX bytes, each of which may become three. */
#define TEXT_SIZE 1024

/* Bytes of the UTF-8 character at @text: 1..4, or 0 if what stands there is none. */
size_t text_character(const char *text);

/* A copy in which what is no UTF-8 has become U+FFFD. Cut to @size. Returns @ret. */
const char *text_valid(char *ret, size_t size, const char *text);

/* A copy in which what is no UTF-8, and whatever could command a terminal, has become "?". Cut to @size. Returns @ret. */
const char *text_printable(char *ret, size_t size, const char *text);

/* Characters in valid UTF-8: the columns it takes, wide and combining characters aside. */
size_t text_width(const char *text);

#endif
