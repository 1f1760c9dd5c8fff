/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_REPORT_HTML_H
#define BENCH_REPORT_HTML_H

/* Words and tables of the page. What comes from files is escaped here, and nowhere else written. */

#include <json-c/json.h>
#include <stdio.h>

/* With the few lines of style: readable widths, the reader's choice of dark or light, tables that scroll by themselves. */
void html_begin(FILE *html, const char *title);
void html_end(FILE *html);

void html_text(FILE *html, const char *text);

/* <TAG>text</TAG>, formatted and escaped. */
void html_element(FILE *html, const char *tag, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct html_column {
        const char *head;
        const char *path; /* in a row */
        double scale;     /* of a number; 0: as it is */
};

/* A row for each of @rows, an array of objects. What is not there is a dash. */
void html_table(FILE *html, const char *caption, struct json_object *rows, const struct html_column *columns, size_t n);

/* With a column for every number, text and truth that the rows have, on whatever level below. */
void html_table_of_all(FILE *html, const char *caption, struct json_object *rows);

#endif
