/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The owners of groups, as a table and as JSON.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "doctor-owners.h"
#include "json.h"
#include "text.h"

/* A host may have thousands of groups, and a person reads a screen. JSON has them all. */
#define SHOWN_MAX 40

struct table {
        int n; /* groups so far */
};

static const char *writer_of(const struct cgb_owner *owner)
{
        return owner->writer ? owner->writer : "nobody";
}

static int print_group(void *userdata, const char *name, const struct cgb_owner *owner)
{
        struct table *table = userdata;
        char shown[TEXT_SIZE], why[TEXT_SIZE], remedy[TEXT_SIZE];

        if (++table->n > SHOWN_MAX)
                return 0;
        if (table->n == 1)
                printf("\n%-9s %-9s GROUP\n", "OWNER", "WRITER");
        printf("%-9s %-9s %s: %s\n", cgb_owner_type_to_string(owner->type), writer_of(owner),
                text_printable(shown, sizeof(shown), name), text_printable(why, sizeof(why), owner->why));
        if (*owner->remedy)
                printf("%-19s   remedy: %s\n", "", text_printable(remedy, sizeof(remedy), owner->remedy));
        return 0;
}

void doctor_owners_print(const struct cgb_options *options)
{
        struct table table = {0};

        if (cgb_list_owners(options, print_group, &table, NULL) == 0 && table.n > SHOWN_MAX)
                printf("and %d more: cgctl doctor --json\n", table.n - SHOWN_MAX);
        if (table.n > 0 && options->backend && strcmp(options->backend, "auto") && strcmp(options->backend, "systemd"))
                printf("but with --backend %s nobody is chosen by owner\n", options->backend);
}

static int add_group(void *userdata, const char *name, const struct cgb_owner *owner)
{
        struct json_object *object = json_object_new_object();

        json_add_text(object, "name", name);
        json_add_text(object, "owner", cgb_owner_type_to_string(owner->type));
        json_add_text(object, "unit", owner->unit);
        json_object_object_add(object, "delegated", json_object_new_boolean(owner->delegated));
        json_object_object_add(object, "uid", json_object_new_int64(owner->uid));
        json_add_text(object, "writer", writer_of(owner));
        json_add_text(object, "why", owner->why);
        json_add_text(object, "remedy", owner->remedy);
        json_object_array_add(userdata, object);
        return 0;
}

struct json_object *doctor_owners_json(const struct cgb_options *options)
{
        struct json_object *list = json_object_new_array();

        (void)cgb_list_owners(options, add_group, list, NULL);
        return list;
}
