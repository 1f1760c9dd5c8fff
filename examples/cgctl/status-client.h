/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGCTL_STATUS_CLIENT_H
#define CGCTL_STATUS_CLIENT_H

/*
 * Asking a manager how things stand.
 */

#include <json-c/json.h>

/*
 * Asks the manager. What it answers is checked as far as the table relies on it.
 *
 * Returns 0 and a document for json_object_put(); -ENOENT or -ECONNREFUSED if nobody manages; -EAGAIN if the manager does
 * not answer in time; -EBADMSG if what answers is no such manager; another negative errno.
 */
int status_ask(struct json_object **ret, const char *state_name);

#endif
