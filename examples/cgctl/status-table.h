/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_STATUS_TABLE_H
#define CGCTL_STATUS_TABLE_H

/*
 * The table that people read, made from the document that programs read, so that the two cannot disagree.
 */

#include <json-c/json.h>
#include <stdio.h>

/* @before is an earlier document of the same manager, for the CPU used between the two; NULL if there is none. */
void status_table_print(FILE *stream, struct json_object *document, struct json_object *before);

#endif
