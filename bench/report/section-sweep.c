/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "html.h"
#include "look.h"
#include "page.h"

#define TOP 20

/* A row with a column for each scene, which are as many as were asked for. */
static struct json_object *row_of(struct json_object *set, size_t n_scenes)
{
        struct json_object *row = json_object_new_object();

        json_object_object_add(row, "set", json_object_get(look_at(set, "policy")));
        json_object_object_add(row, "step, s", json_object_new_double(look_number(set, "step_usec") / 1e6));
        json_object_object_add(row, "score", json_object_get(look_at(set, "score")));
        json_object_object_add(row, "worst figure", json_object_get(look_at(set, "worst.figure")));
        json_object_object_add(row, "in scene", json_object_new_double(look_number(set, "worst.scene") + 1));
        for (size_t i = 0; i < n_scenes; i++) {
                char name[32];

                snprintf(name, sizeof(name), "scene %zu", i + 1);
                json_object_object_add(
                        row, name, json_object_get(look_at(json_object_array_get_idx(look_at(set, "scenes"), i), "score")));
        }
        return row;
}

static void write_sweep(FILE *html, struct json_object *data)
{
        struct json_object *rows = json_object_new_array(), *sets = look_at(data, "sets");
        size_t n_scenes = look_length(data, "scenes");
        char caption[128];

        fputs("<ol>\n", html);
        for (size_t i = 0; i < n_scenes; i++)
                html_element(html, "li", "%s", look_text(json_object_array_get_idx(look_at(data, "scenes"), i), "scene"));
        fputs("</ol>\n", html);
        for (size_t i = 0; i < look_length(data, "sets") && i < TOP; i++)
                json_object_array_add(rows, row_of(json_object_array_get_idx(sets, i), n_scenes));
        snprintf(caption, sizeof(caption), "The best %zu of %zu sets: the worst figure of each over its bar",
                json_object_array_length(rows), look_length(data, "sets"));
        html_table_of_all(html, caption, rows);
        json_object_put(rows);
}

int section_sweep(FILE *html, const struct inputs *inputs)
{
        for (size_t i = 0; i < inputs->n; i++)
                if (!strcmp(inputs->list[i].verb, "sweep"))
                        write_sweep(html, inputs->list[i].data);
        return 0;
}
