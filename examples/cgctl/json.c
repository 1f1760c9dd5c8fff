/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json.h"
#include "text.h"

bool json_add(struct json_object *object, const char *key, struct json_object *value)
{
        if (value && json_object_object_add(object, key, value) == 0)
                return true;
        json_object_put(value);
        return false;
}

bool json_add_text(struct json_object *object, const char *key, const char *value)
{
        char valid[4 * TEXT_SIZE];

        return json_add(object, key, json_object_new_string(text_valid(valid, sizeof(valid), value)));
}

const char *json_text(struct json_object *object, const char *key)
{
        struct json_object *value = json_object_object_get(object, key);

        return value ? json_object_get_string(value) : "";
}
