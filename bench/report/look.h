/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_REPORT_LOOK_H
#define BENCH_REPORT_LOOK_H

/*
 * Looking into JSON by paths: "slowdown.p99". Keys of ours have no dots; names of users, as of workspaces, are never in a
 * path.
 */

#include <json-c/json.h>

/* @return NULL if there is none, or it is null */
struct json_object *look_at(struct json_object *object, const char *path);

/* @return NAN if there is no number */
double look_number(struct json_object *object, const char *path);

/* @return "" if there is no text */
const char *look_text(struct json_object *object, const char *path);

/* @return its elements, 0 if it is no array */
size_t look_length(struct json_object *object, const char *path);

#endif
