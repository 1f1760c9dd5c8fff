/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>

#include "../common/complain.h"
#include "json.h"

#define NUMBER_FORMAT "%.6g"

struct json_object *json_rounded(double number)
{
        struct json_object *value = isfinite(number) ? json_object_new_double(number) : NULL;

        if (value)
                json_object_set_serializer(value, json_object_double_to_json_string, (void *)(uintptr_t)NUMBER_FORMAT, NULL);
        return value;
}

void json_add_double(struct json_object *object, const char *key, double number)
{
        json_object_object_add(object, key, json_rounded(number));
}

void json_add_count(struct json_object *object, const char *key, uint64_t number)
{
        json_object_object_add(object, key, json_object_new_int64((int64_t)number));
}

int json_write(struct json_object *root, FILE *file)
{
        const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
        int error = text ? 0 : -ENOMEM;

        if (error == 0 && (fprintf(file, "%s\n", text) < 0 || fflush(file) == EOF))
                error = -EIO;
        json_object_put(root);
        return error < 0 ? complain(error, "the report") : 0;
}
