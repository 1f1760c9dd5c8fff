/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_JSON_H
#define CGCTL_JSON_H

/*
 * What those who write and read documents share. Adding fails for want of memory alone.
 */

#include <json-c/json.h>
#include <stdbool.h>

/* Takes @value over, also when it fails. */
bool json_add(struct json_object *object, const char *key, struct json_object *value);

/* JSON is UTF-8, names of directories need not be: what is none becomes U+FFFD. */
bool json_add_text(struct json_object *object, const char *key, const char *value);

/* "" where it is missing. */
const char *json_text(struct json_object *object, const char *key);

#endif
