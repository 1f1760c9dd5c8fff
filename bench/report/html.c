/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "look.h"

/* Wide tables lose their last columns, rather than the page its memory. */
#define COLUMNS_MAX 64
#define PATH_SIZE 128

static const char style[] =
        ":root{color-scheme:light dark;--line:#8886;--head:#8882}\n"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\n"
        "h1,h2,h3{line-height:1.25}h2{border-top:1px solid var(--line);padding-top:1.5rem;margin-top:2.5rem}\n"
        ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums;margin:1rem 0}\n"
        "caption{text-align:left;font-weight:600;padding:.25rem 0}th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);"
        "text-align:right;white-space:nowrap}\n"
        "th{background:var(--head)}th:first-child,td.text{text-align:left}tbody th{font-weight:400;background:none}\n"
        "figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto}figcaption{font-size:.9rem}code{font-size:.9em}\n"
        "a{color:inherit}a:focus-visible,.wide:focus-visible{outline:2px solid}\n"
        "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}}\n"
        "@media print{body{max-width:none;margin:0}.wide{overflow:visible}}\n";

void html_text(FILE *html, const char *text)
{
        for (; *text; text++)
                switch (*text) {
                case '&':
                        fputs("&amp;", html);
                        break;
                case '<':
                        fputs("&lt;", html);
                        break;
                case '>':
                        fputs("&gt;", html);
                        break;
                case '"':
                        fputs("&quot;", html);
                        break;
                default:
                        fputc(*text, html);
                }
}

void html_begin(FILE *html, const char *title)
{
        fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n",
                html);
        html_element(html, "title", "%s", title);
        fprintf(html, "<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
        html_element(html, "h1", "%s", title);
}

void html_end(FILE *html)
{
        fputs("</main>\n</body>\n</html>\n", html);
}

void html_element(FILE *html, const char *tag, const char *format, ...)
{
        va_list arguments;
        char *text;
        int n;

        va_start(arguments, format);
        n = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (n < 0)
                return;
        fprintf(html, "<%s>", tag);
        html_text(html, text);
        fprintf(html, "</%s>\n", tag);
        free(text);
}

/* Three digits, or all that lie before the point; whole numbers as they are. */
static void write_number(FILE *html, double number)
{
        if (!isfinite(number))
                fputs("–", html);
        else if (number == floor(number) || fabs(number) >= 100)
                fprintf(html, "%.0f", number);
        else if (fabs(number) >= 10)
                fprintf(html, "%.1f", number);
        else
                fprintf(html, fabs(number) >= 0.1 ? "%.3f" : "%.3g", number);
}

static void write_cell(FILE *html, struct json_object *row, const struct html_column *column, bool first)
{
        struct json_object *value = look_at(row, column->path);
        bool is_text = json_object_is_type(value, json_type_string);

        fputs(first ? "<th scope=\"row\">" : is_text ? "<td class=\"text\">" : "<td>", html);
        if (is_text)
                html_text(html, json_object_get_string(value));
        else if (json_object_is_type(value, json_type_boolean))
                fputs(json_object_get_boolean(value) ? "yes" : "no", html);
        else
                write_number(html, look_number(row, column->path) * (column->scale > 0 ? column->scale : 1));
        fputs(first ? "</th>" : "</td>", html);
}

void html_table(FILE *html, const char *caption, struct json_object *rows, const struct html_column *columns, size_t n)
{
        fputs("<div class=\"wide\" tabindex=\"0\"><table>\n", html);
        html_element(html, "caption", "%s", caption);
        fputs("<thead><tr>", html);
        for (size_t i = 0; i < n; i++) {
                fputs("<th scope=\"col\">", html);
                html_text(html, columns[i].head);
                fputs("</th>", html);
        }
        fputs("</tr></thead>\n<tbody>\n", html);
        for (size_t row = 0; row < json_object_array_length(rows); row++) {
                fputs("<tr>", html);
                for (size_t i = 0; i < n; i++)
                        write_cell(html, json_object_array_get_idx(rows, row), &columns[i], i == 0);
                fputs("</tr>\n", html);
        }
        fputs("</tbody></table></div>\n", html);
}

struct paths {
        char list[COLUMNS_MAX][PATH_SIZE];
        size_t n;
};

static void add_path(struct paths *paths, const char *path)
{
        for (size_t i = 0; i < paths->n; i++)
                if (!strcmp(paths->list[i], path))
                        return;
        if (paths->n < COLUMNS_MAX)
                strcpy(paths->list[paths->n++], path);
}

static void find_paths(struct paths *paths, struct json_object *object, const char *prefix)
{
        json_object_object_foreach(object, key, value) {
                char path[PATH_SIZE];

                if (snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", key) >= (int)sizeof(path))
                        continue;
                if (json_object_is_type(value, json_type_object))
                        find_paths(paths, value, path);
                else if (value && !json_object_is_type(value, json_type_array))
                        add_path(paths, path);
        }
}

void html_table_of_all(FILE *html, const char *caption, struct json_object *rows)
{
        struct html_column columns[COLUMNS_MAX] = {0};
        struct paths *paths = calloc(1, sizeof(*paths));

        for (size_t i = 0; paths && i < json_object_array_length(rows); i++)
                if (json_object_is_type(json_object_array_get_idx(rows, i), json_type_object))
                        find_paths(paths, json_object_array_get_idx(rows, i), "");
        for (size_t i = 0; paths && i < paths->n; i++)
                columns[i].head = columns[i].path = paths->list[i];
        if (paths)
                html_table(html, caption, rows, columns, paths->n);
        free(paths);
}
