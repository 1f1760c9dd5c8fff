/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How credit becomes weight, over time. */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "look.h"
#include "html.h"
#include "page.h"
#include "plot.h"

#define SERIES_HEIGHT 300

/* Of each end of the list of groups: generators name those who type first, and those who only burn last. */
#define GROUPS_EACH 3

struct chosen {
        const char *names[2 * GROUPS_EACH];
        struct json_object *groups[2 * GROUPS_EACH];
        size_t n;
};

static void choose(struct chosen *ret, struct json_object *groups)
{
        size_t n = (size_t)json_object_object_length(groups), i = 0;

        ret->n = 0;
        json_object_object_foreach(groups, name, group) {
                if (i < GROUPS_EACH || i + GROUPS_EACH >= n) {
                        ret->names[ret->n] = name;
                        ret->groups[ret->n++] = group;
                }
                i++;
        }
}

/* @return whether there is any number */
static bool write_data(FILE *script, const struct chosen *chosen, const char *key, double every_sec)
{
        bool any = false;

        for (size_t i = 0; i < chosen->n; i++) {
                struct json_object *numbers = look_at(chosen->groups[i], key);

                fprintf(script, "$data%zu << EOD\n", i);
                for (size_t k = 0; k < look_length(numbers, ""); k++) {
                        double number = look_number(json_object_array_get_idx(numbers, k), "");

                        if (isnan(number))
                                fputc('\n', script); /* a gap in the line */
                        else
                                fprintf(script, "%g %g\n", (double)(k + 1) * every_sec / 60, number);
                        any = any || !isnan(number);
                }
                fputs("EOD\n", script);
        }
        return any;
}

static int plot_key(FILE *html, struct json_object *run, const struct chosen *chosen, const char *key, const char *what,
        const char *axes, const char *caption)
{
        char title[320], label[192];
        struct plot plot;
        int error;

        label_run(label, sizeof(label), run);
        snprintf(title, sizeof(title), "%s over time: %s under %s", what, look_text(run, "trace"), label);
        error = plot_begin(&plot, title, SERIES_HEIGHT);
        if (error < 0)
                return error;
        fprintf(plot.script, "%s\nset xlabel 'minutes'\nset ylabel '%s'\n", axes, what);
        if (!write_data(plot.script, chosen, key, look_number(run, "series.every_sec"))) {
                fclose(plot.script); /* of a policy that counts nothing */
                return 0;
        }
        for (size_t i = 0; i < chosen->n; i++) {
                char data[32];

                snprintf(data, sizeof(data), "$data%zu", i);
                plot_line(&plot, i, chosen->n, data, "using 1:2 with lines", chosen->names[i]);
        }
        return plot_end(&plot, html, "A line for each of up to six groups over the minutes of the trace.", caption);
}

static int plot_run(FILE *html, struct json_object *run)
{
        struct json_object *groups = look_at(run, "series.groups");
        struct chosen chosen;
        int error;

        if (!json_object_is_type(groups, json_type_object) || json_object_object_length(groups) == 0)
                return 0;
        choose(&chosen, groups);
        error = plot_key(html, run, &chosen, "weight", "weight", "set logscale y",
                "What is written to cpu.weight: the first groups of the trace, and the last.");
        if (error == 0)
                error = plot_key(html, run, &chosen, "slow", "slow credit", "set yrange [-1.05:1.05]",
                        "As a part of its cap: 1 is full credit, below 0 is debt. It remembers half an hour.");
        if (error == 0)
                error = plot_key(html, run, &chosen, "fast", "fast credit", "set yrange [-1.05:1.05]",
                        "As a part of its cap. It remembers seconds.");
        return error;
}

int section_series(FILE *html, struct json_object *runs)
{
        int error = 0;

        for (size_t i = 0; i < json_object_array_length(runs) && error == 0; i++)
                error = plot_run(html, json_object_array_get_idx(runs, i));
        return error;
}
