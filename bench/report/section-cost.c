/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a step costs, against the number of workspaces, and against the system calls that it cannot do without. */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "html.h"
#include "look.h"
#include "page.h"
#include "plot.h"

#define COST_HEIGHT 400

struct line {
        const char *load;
        const char *path;
        const char *name;
        size_t points;
};

static bool is_of(struct json_object *run, const char *load)
{
        return !strcmp(look_text(run, "what"), "step") && !strcmp(look_text(run, "load"), load);
}

static void write_line(FILE *script, size_t number, struct line *line, struct json_object *runs)
{
        fprintf(script, "$data%zu << EOD\n", number);
        for (size_t i = 0; i < json_object_array_length(runs); i++) {
                struct json_object *run = json_object_array_get_idx(runs, i);
                double cost_nsec = look_number(run, line->path);

                if (!is_of(run, line->load) || !(cost_nsec > 0))
                        continue;
                fprintf(script, "%g %g\n", look_number(run, "active"), cost_nsec / 1e3);
                line->points++;
        }
        fputs("EOD\n", script);
}

static int plot_cost(FILE *html, struct json_object *runs)
{
        struct line lines[] = {
                {"settled", "step_nsec", "step, nothing changes", 0},
                {"settled", "bare_look_nsec", "bare system calls, nothing changes", 0},
                {"changing", "step_nsec", "step, weights change", 0},
                {"changing", "bare_look_nsec", "bare system calls, weights change", 0},
        };
        size_t n = sizeof(lines) / sizeof(lines[0]), points = 0;
        struct plot plot;
        int error = plot_begin(&plot, "Cost of a step against the number of active workspaces", COST_HEIGHT);

        if (error < 0)
                return error;
        fputs("set logscale xy\nset xlabel 'active workspaces'\nset ylabel 'microseconds'\n", plot.script);
        for (size_t i = 0; i < n; i++) {
                write_line(plot.script, i, &lines[i], runs);
                points += lines[i].points;
        }
        if (points == 0) {
                fclose(plot.script);
                return 0;
        }
        for (size_t i = 0; i < n; i++) {
                char data[32];

                snprintf(data, sizeof(data), "$data%zu", i);
                plot_line(&plot, i, n, data, "using 1:2 with linespoints pt 7 ps 0.6", lines[i].name);
        }
        return plot_end(&plot, html,
                "Lines over the number of active workspaces: the step, and the bare system calls of the same work.",
                "Both axes are logarithmic.");
}

int section_cost(FILE *html, const struct inputs *inputs, const char *verb)
{
        struct json_object *runs = inputs_join(inputs, verb, "runs");
        int error;

        html_table_of_all(html, "As it was measured", runs);
        error = plot_cost(html, runs);
        json_object_put(runs);
        return error;
}
