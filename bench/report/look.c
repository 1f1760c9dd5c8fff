/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <string.h>

#include "look.h"

#define KEY_SIZE 64

struct json_object *look_at(struct json_object *object, const char *path)
{
        while (object && *path) {
                size_t n = strcspn(path, ".");
                char key[KEY_SIZE];

                if (n >= sizeof(key) || !json_object_is_type(object, json_type_object))
                        return NULL;
                memcpy(key, path, n);
                key[n] = 0;
                if (!json_object_object_get_ex(object, key, &object))
                        return NULL;
                path += n + (path[n] == '.');
        }
        return object;
}

double look_number(struct json_object *object, const char *path)
{
        struct json_object *found = look_at(object, path);

        if (json_object_is_type(found, json_type_double) || json_object_is_type(found, json_type_int))
                return json_object_get_double(found);
        return NAN;
}

const char *look_text(struct json_object *object, const char *path)
{
        struct json_object *found = look_at(object, path);

        return json_object_is_type(found, json_type_string) ? json_object_get_string(found) : "";
}

size_t look_length(struct json_object *object, const char *path)
{
        struct json_object *found = look_at(object, path);

        return json_object_is_type(found, json_type_array) ? json_object_array_length(found) : 0;
}
