/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>
#include <stdio.h>

/**
 * Prints what @document says of memory; nothing if it says nothing. @name_width: columns for a name, as in the table above
 * it.
 */
void status_memory_print(FILE *stream, struct json_object *document, int name_width);
