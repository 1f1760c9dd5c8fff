/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <string.h>

#include "html.h"
#include "look.h"
#include "page.h"
#include "plot.h"

#define CONVERGE_HEIGHT 300

static const char *const percentile_names[] = {"p50", "p90", "p99", "p99.9", "max"};
static const char *const percentile_paths[] = {"p50_usec", "p90_usec", "p99_usec", "p999_usec", "max_usec"};

static void table(FILE *html, struct json_object *runs)
{
        static const struct html_column columns[] = {
                {"policy", "policy", 0},
                {"step, s", "step_usec", 1e-6},
                {"burst, ms", "burst_usec", 1e-3},
                {"repeats", "repeats", 0},
                {"bursts", "bursts", 0},
                {"response, ms, p50", "p50_usec", 1e-3},
                {"p90", "p90_usec", 1e-3},
                {"p99", "p99_usec", 1e-3},
                {"p99.9", "p999_usec", 1e-3},
                {"max", "max_usec", 1e-3},
                {"late", "late", 0},
                {"by the machine", "late_by_machine", 0},
                {"cold, p50", "cold.p50_usec", 1e-3},
                {"others used of what was left, %", "others_used_of_left", 100},
                {"others off their shares, %", "others_share_error", 100},
                {"CPU used, %", "cpu_used_of_all", 100},
                {"by the manager, %", "manager_used_of_all", 100},
                {"writes", "weights_written", 0},
        };

        html_table(html, "Responses of the interactive workspace", runs, columns, sizeof(columns) / sizeof(columns[0]));
}

static int plot_burst(FILE *html, struct json_object *runs, double burst_usec, const char *kernel)
{
        const struct curves curves = {
                .names = percentile_names, .paths = percentile_paths, .n = 5, .scale = 1e-3, .y_label = "response, ms"};
        struct json_object *of_burst = json_object_new_array();
        char title[192];
        int error;

        for (size_t i = 0; i < json_object_array_length(runs); i++)
                if (look_number(json_object_array_get_idx(runs, i), "burst_usec") == burst_usec)
                        json_object_array_add(of_burst, json_object_get(json_object_array_get_idx(runs, i)));
        snprintf(title, sizeof(title), "Response to %g ms of work, Linux %s", burst_usec / 1e3, kernel);
        error = plot_curves(html, title,
                "From p50 to p99 medians over the repeats; p99.9 and max over all of them together.", of_burst, &curves);
        json_object_put(of_burst);
        return error;
}

static int plot_bursts(FILE *html, struct json_object *runs, const char *kernel)
{
        int error = 0;

        for (size_t i = 0; i < json_object_array_length(runs) && error == 0; i++) {
                double burst_usec = look_number(json_object_array_get_idx(runs, i), "burst_usec");
                size_t before = 0;

                while (before < i && look_number(json_object_array_get_idx(runs, before), "burst_usec") != burst_usec)
                        before++;
                if (before == i)
                        error = plot_burst(html, runs, burst_usec, kernel);
        }
        return error;
}

static void write_shares(FILE *script, size_t number, struct json_object *run)
{
        fprintf(script, "$data%zu << EOD\n", number);
        for (size_t i = 0; i < look_length(run, "shares"); i++)
                fprintf(script, "%zu %g\n", i + 1,
                        100 * look_number(json_object_array_get_idx(look_at(run, "shares"), i), ""));
        fputs("EOD\n", script);
}

/* How long a workspace that was quiet and now loops stays ahead of the others. */
static int plot_converge(FILE *html, struct json_object *converge, const char *kernel)
{
        size_t n = look_length(converge, "runs");
        char title[128];
        struct plot plot;
        int error;

        if (n == 0 || n > PLOT_LINES_MAX)
                return 0;
        snprintf(title, sizeof(title), "Share of a workspace that begins to loop, Linux %s", kernel);
        error = plot_begin(&plot, title, CONVERGE_HEIGHT);
        if (error < 0)
                return error;
        fputs("set xlabel 'second'\nset ylabel 'share of the CPUs, %'\nset yrange [0:]\n", plot.script);
        for (size_t i = 0; i < n; i++)
                write_shares(plot.script, i, json_object_array_get_idx(look_at(converge, "runs"), i));
        for (size_t i = 0; i < n; i++) {
                char data[32], label[64];

                snprintf(data, sizeof(data), "$data%zu", i);
                snprintf(label, sizeof(label), "step %g s",
                        look_number(json_object_array_get_idx(look_at(converge, "runs"), i), "step_usec") / 1e6);
                plot_line(&plot, i, n, data, "using 1:2 with lines", label);
        }
        return plot_end(&plot, html, "A line for each step of the law over the seconds since the loop began.",
                "It begins with full credit, spends it, and comes down to what is fair.");
}

int section_kernel(FILE *html, const struct inputs *inputs)
{
        int error = 0;

        for (size_t i = 0; i < inputs->n && error == 0; i++) {
                struct json_object *data = inputs->list[i].data, *runs = look_at(data, "runs");
                const char *kernel = look_text(data, "kernel");

                if (strcmp(inputs->list[i].verb, "kernel") != 0 || !json_object_is_type(runs, json_type_array))
                        continue;
                html_element(html, "h3", "Linux %s, %.0f CPUs", kernel, look_number(data, "cpus"));
                table(html, runs);
                error = plot_bursts(html, runs, kernel);
                if (error == 0)
                        error = plot_converge(html, look_at(data, "converge"), kernel);
        }
        return error;
}
