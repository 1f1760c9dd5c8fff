/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Distributions: a line a run over the percentiles, so that a long tail is a steep end. */

#include <math.h>
#include <stdbool.h>

#include "look.h"
#include "page.h"
#include "plot.h"

#define CURVES_HEIGHT 400

void label_run(char *ret, size_t size, struct json_object *run)
{
        double step_usec = look_number(run, "step_usec");

        if (step_usec > 0)
                snprintf(ret, size, "%s, step %g s", look_text(run, "policy"), step_usec / 1e6);
        else
                snprintf(ret, size, "%s", look_text(run, "policy"));
}

/* A range of its own even where all are the same. */
#define AROUND 1.15

/* @return whether there is any point */
static bool write_data(FILE *script, struct json_object *runs, size_t n, const struct curves *curves)
{
        double low = INFINITY, high = 0;

        for (size_t i = 0; i < n; i++) {
                fprintf(script, "$data%zu << EOD\n", i);
                for (size_t k = 0; k < curves->n; k++) {
                        double number = look_number(json_object_array_get_idx(runs, i), curves->paths[k]) * curves->scale;

                        if (!(number > 0)) /* the axis is logarithmic; NAN is passed over too */
                                continue;
                        fprintf(script, "%zu %g\n", k, number);
                        low = fmin(low, number);
                        high = fmax(high, number);
                }
                fputs("EOD\n", script);
        }
        if (high > 0)
                fprintf(script, "set yrange [%g:%g]\n", low / AROUND, high * AROUND);
        return high > 0;
}

static void write_axes(FILE *script, const struct curves *curves)
{
        fputs("set logscale y\nset xtics (", script);
        for (size_t k = 0; k < curves->n; k++)
                fprintf(script, "%s'%s' %zu", k ? ", " : "", curves->names[k], k);
        fprintf(script, ")\nset xrange [-0.1:%g]\nset xlabel 'percentile'\nset ylabel ", (double)curves->n - 0.9);
        plot_quote(script, curves->y_label);
        fputc('\n', script);
}

int plot_curves(FILE *html, const char *title, const char *caption, struct json_object *runs, const struct curves *curves)
{
        size_t n = json_object_array_length(runs);
        struct plot plot;
        int error;

        if (n > PLOT_LINES_MAX)
                n = PLOT_LINES_MAX;
        if (n == 0)
                return 0;
        error = plot_begin(&plot, title, CURVES_HEIGHT);
        if (error < 0)
                return error;
        write_axes(plot.script, curves);
        if (!write_data(plot.script, runs, n, curves)) {
                fclose(plot.script);
                return 0;
        }
        for (size_t i = 0; i < n; i++) {
                char data[32], label[192];

                snprintf(data, sizeof(data), "$data%zu", i);
                label_run(label, sizeof(label), json_object_array_get_idx(runs, i));
                plot_line(&plot, i, n, data, "using 1:2 with linespoints pt 7 ps 0.5", label);
        }
        return plot_end(&plot, html,
                "One line for each policy over the percentiles, the lower the better; the numbers are in the table beside it.",
                caption);
}
