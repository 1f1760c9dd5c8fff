/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_STATUS_JSON_H
#define CGCTL_STATUS_JSON_H

/*
 * The model: a started context as one JSON document. The manager answers with it, cgctl status prints it or makes its
 * table from it, and cgctl(1) documents it. Fields may be added; one that changes its meaning raises the schema.
 */

#include <json-c/json.h>

#include <cgburst/cgburst.h>

#define STATUS_SCHEMA 1

/* Returns 0 and a document for json_object_put(); -ENOMEM. */
int status_json_new(struct json_object **ret, const struct cgb *cgb);

#endif
