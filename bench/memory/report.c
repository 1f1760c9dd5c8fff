/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../common/stats.h"
#include "report.h"

#define LABEL_WIDTH 36
#define COLUMN_WIDTH 12

double memory_median(const struct memory_series *series, size_t figure)
{
        double *values = calloc(series->n, sizeof(*values)), result = NAN;

        if (values && series->n > 0) {
                for (size_t i = 0; i < series->n; i++)
                        values[i] = series->values[i][figure];
                result = median(values, series->n);
        }
        free(values);
        return result;
}

static void print_cell(FILE *file, double number, int decimals)
{
        if (isfinite(number))
                fprintf(file, "%*.*f", COLUMN_WIDTH, decimals, number);
        else
                fprintf(file, "%*s", COLUMN_WIDTH, "-");
}

static void print_row(const struct memory_result *result, size_t figure, FILE *file)
{
        const struct figure *what = &result->scenario->figures[figure];

        fprintf(file, "%-*s", LABEL_WIDTH, what->label);
        for (size_t i = 0; i < result->n_series; i++)
                print_cell(file, memory_median(&result->series[i], figure), what->decimals);
        fputc('\n', file);
}

static void print_ratios(const struct memory_result *result, size_t figure, FILE *file)
{
        double first = memory_median(&result->series[0], figure);

        fprintf(file, "  over %-*s", LABEL_WIDTH - 7, result->series[0].policy->name);
        for (size_t i = 0; i < result->n_series; i++)
                print_cell(file, memory_median(&result->series[i], figure) / first, 2);
        fputc('\n', file);
}

void memory_report_print(const struct memory_result *result, FILE *file)
{
        fprintf(file, "%s: %s\n", result->scenario->name, result->scenario->what);
        if (*result->setting)
                fprintf(file, "%s\n", result->setting);
        fprintf(file, "%*s", LABEL_WIDTH, "");
        for (size_t i = 0; i < result->n_series; i++)
                fprintf(file, "%*s", COLUMN_WIDTH, result->series[i].policy->name);
        fputc('\n', file);
        for (size_t figure = 0; figure < result->scenario->n_figures; figure++) {
                print_row(result, figure, file);
                if (result->scenario->figures[figure].ratio && result->n_series > 1)
                        print_ratios(result, figure, file);
        }
        fputc('\n', file);
}
