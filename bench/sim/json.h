/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_JSON_H
#define BENCH_SIM_JSON_H

/* How numbers are written into JSON. */

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

/* Six digits: the response of a job of an hour to some milliseconds. What is not finite is null. */
void json_add_double(struct json_object *object, const char *key, double number);

struct json_object *json_rounded(double number); /* the same, to be added */
void json_add_count(struct json_object *object, const char *key, uint64_t number);

/* @root as one line. Frees it. @return 0, -EIO or -ENOMEM. Complains. */
int json_write(struct json_object *root, FILE *file);

#endif
