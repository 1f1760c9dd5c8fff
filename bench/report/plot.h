/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_REPORT_PLOT_H
#define BENCH_REPORT_PLOT_H

/*
 * Plots, drawn by gnuplot and set into the page as SVG. Its text and axes take the colour of the page's own text, so that
 * one picture serves dark and light; lines differ by dashes as well as by colour.
 */

#include <stdio.h>

#define PLOT_LINES_MAX 12 /* more cannot be told apart */

struct plot {
        const char *title;
        FILE *script; /* of gnuplot: data blocks and commands are written here */
        unsigned width;
        unsigned height;
};

/* @return 0; -ENOENT and a message that names the package, if there is no gnuplot */
int plot_check(void);

/* @title has to last until plot_end(). @return 0 or a negative errno. Complains. */
int plot_begin(struct plot *ret, const char *title, unsigned height);

/* What plots the block @data as line @number of @n: "$data using … with …", with the comma or the newline behind it. */
void plot_line(struct plot *plot, size_t number, size_t n, const char *data, const char *how, const char *name);

/* A text between double quotes, as gnuplot reads it, without its markup. */
void plot_quote(FILE *script, const char *text);

/* A <figure> with the plot, @alt for who cannot see it, and a caption below. @return 0 or a negative errno. Complains. */
int plot_end(struct plot *plot, FILE *html, const char *alt, const char *caption);

#endif
