/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_REPORT_INPUTS_H
#define BENCH_REPORT_INPUTS_H

/* What was measured: JSON of the other verbs, each file by the verb that made it. */

#include <json-c/json.h>
#include <stddef.h>

struct input {
        const char *verb; /* one of report_verb_at() */
        const char *file;
        struct json_object *data;
};

struct inputs {
        struct input *list;
        size_t n;
};

/* The verbs that a report knows, in the order of the page; NULL after the last. */
const char *report_verb_at(size_t i);

/* Adds VERB=FILE, or a FILE whose name says the verb: VERB.json, VERB-ANYTHING.json. @argument has to last.
 * @return 0 or a negative errno. Complains. */
int inputs_add(struct inputs *inputs, const char *argument);
void inputs_free(struct inputs *inputs);

/* The arrays @key of all files of that verb in one. The caller's to put. */
struct json_object *inputs_join(const struct inputs *inputs, const char *verb, const char *key);

/* {"schema":1,"reports":[{"verb":…,"file":…,"data":…},…]} @return 0 or a negative errno. Complains. */
int inputs_write(const struct inputs *inputs, const char *path);

#endif
