/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../sim/json.h"
#include "inputs.h"
#include "look.h"

static const char *const verbs[] = {"kernel", "sim", "karma", "sweep", "memory", "sim-memory", "overhead", "scale", NULL};

const char *report_verb_at(size_t i)
{
        return verbs[i];
}

/* @return the verb that the @n characters of @text name; NULL if they name none */
static const char *find_verb(const char *text, size_t n)
{
        for (size_t i = 0; verbs[i]; i++)
                if (strlen(verbs[i]) == n && !strncmp(verbs[i], text, n))
                        return verbs[i];
        return NULL;
}

/* "sim-memory-2.json" is of sim-memory, and not of sim: the longest name that is one. */
static const char *find_verb_of_file(const char *base)
{
        for (size_t n = strcspn(base, "."); n > 0; n--)
                if ((base[n] == '\0' || base[n] == '.' || base[n] == '-') && find_verb(base, n))
                        return find_verb(base, n);
        return NULL;
}

static struct input name_input(const char *argument)
{
        const char *equals = strchr(argument, '='), *slash = strrchr(argument, '/'), *base = slash ? slash + 1 : argument;
        const char *verb = equals ? find_verb(argument, (size_t)(equals - argument)) : NULL;

        if (verb)
                return (struct input){.verb = verb, .file = equals + 1};
        return (struct input){.verb = find_verb_of_file(base), .file = argument};
}

int inputs_add(struct inputs *inputs, const char *argument)
{
        struct input input = name_input(argument), *larger;

        if (!input.verb)
                return complain(-EINVAL,
                        "%s: its name does not say what made it; write VERB=%s, with a verb of report --help", argument,
                        argument);
        larger = reallocarray(inputs->list, inputs->n + 1, sizeof(*larger));
        if (!larger)
                return complain(-ENOMEM, "%s", input.file);
        inputs->list = larger;
        input.data = json_object_from_file(input.file);
        if (!input.data || look_number(input.data, "schema") != 1) {
                json_object_put(input.data);
                return complain(
                        -EBADMSG, "%s: is not JSON of schema 1, as cgburst-bench %s writes it", input.file, input.verb);
        }
        inputs->list[inputs->n++] = input;
        return 0;
}

void inputs_free(struct inputs *inputs)
{
        for (size_t i = 0; i < inputs->n; i++)
                json_object_put(inputs->list[i].data);
        free(inputs->list);
}

struct json_object *inputs_join(const struct inputs *inputs, const char *verb, const char *key)
{
        struct json_object *joined = json_object_new_array();

        for (size_t i = 0; i < inputs->n; i++) {
                struct json_object *data = inputs->list[i].data;

                for (size_t k = 0; !strcmp(inputs->list[i].verb, verb) && k < look_length(data, key); k++)
                        json_object_array_add(joined, json_object_get(json_object_array_get_idx(look_at(data, key), k)));
        }
        return joined;
}

int inputs_write(const struct inputs *inputs, const char *path)
{
        struct json_object *root = json_object_new_object(), *reports = json_object_new_array();
        FILE *file = fopen(path, "we");
        int error;

        json_add_count(root, "schema", 1);
        json_object_object_add(root, "reports", reports);
        for (size_t i = 0; i < inputs->n; i++) {
                struct json_object *report = json_object_new_object();

                json_object_object_add(report, "verb", json_object_new_string(inputs->list[i].verb));
                json_object_object_add(report, "file", json_object_new_string(inputs->list[i].file));
                json_object_object_add(report, "data", json_object_get(inputs->list[i].data));
                json_object_array_add(reports, report);
        }
        if (!file) {
                json_object_put(root);
                return complain(-errno, "%s", path);
        }
        error = json_write(root, file);
        return fclose(file) == EOF && error == 0 ? complain(-errno, "%s", path) : error;
}
