/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_DOCTOR_OWNERS_H
#define CGCTL_DOCTOR_OWNERS_H

/*
 * Whose each group of the parent is, and who has to write its files.
 */

#include <json-c/json.h>

#include <cgburst/owner.h>

/* A table on standard output; nothing if the parent has no groups, or there is no telling which group that is. */
void doctor_owners_print(const struct cgb_options *options);

/* An array of objects, for json_object_put(). */
struct json_object *doctor_owners_json(const struct cgb_options *options);

#endif
