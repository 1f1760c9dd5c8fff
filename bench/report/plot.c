/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/complain.h"
#include "html.h"
#include "plot.h"

#define PROGRAM "gnuplot"
#define PACKAGE "gnuplot-nox"
#define NOT_FOUND 127 /* as a shell's */

#define WIDTH 860

/* Seen on white and on black; told apart by those who do not see red and green as two (Okabe, Ito). */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};

#define N_COLOURS (sizeof(colours) / sizeof(colours[0]))

/* No divisor of the colours, so that no two lines have both in common. */
#define N_DASHES 5

/* Stands for the colour of the page's text. */
#define INK "#010203"

/* Runs gnuplot from @script to @output. @return 0 or a negative errno */
static int draw(FILE *script, FILE *output)
{
        pid_t pid = fork();
        int status;

        if (pid < 0)
                return complain(-errno, "fork");
        if (pid == 0) {
                dup2(fileno(script), STDIN_FILENO);
                dup2(fileno(output), STDOUT_FILENO);
                execlp(PROGRAM, PROGRAM, "-", (char *)NULL);
                _exit(NOT_FOUND);
        }
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return complain(-errno, "waitpid");
        if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
                return complain(-ENOENT, PROGRAM " draws the plots, and is not installed; the Debian package is " PACKAGE);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
                                                             : complain(-EPROTO, PROGRAM ": failed; what it says is above");
}

int plot_check(void)
{
        FILE *script = tmpfile(), *output = tmpfile();
        int error = script && output ? draw(script, output) : complain(-errno, "a temporary file");

        if (script)
                fclose(script);
        if (output)
                fclose(output);
        return error;
}

int plot_begin(struct plot *ret, const char *title, unsigned height)
{
        struct plot plot = {.title = title, .width = WIDTH, .height = height, .script = tmpfile()};

        if (!plot.script)
                return complain(-errno, "a temporary file");
        fprintf(plot.script,
                "set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,13'\n"
                "set border 3 lc rgb '" INK "'\nset tics nomirror textcolor rgb '" INK
                "'\nset key outside right Left reverse textcolor rgb '" INK "'\n"
                "set xlabel textcolor rgb '" INK "'\nset ylabel textcolor rgb '" INK "'\nset title textcolor rgb '" INK "'\n"
                "set grid ytics lc rgb '#888888' lw 0.5 dt 3\nset datafile missing '?'\n",
                plot.width, height);
        *ret = plot;
        return 0;
}

void plot_quote(FILE *script, const char *text)
{
        fputc('"', script);
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        fputc('\\', script);
                fputc((unsigned char)*text < ' ' ? ' ' : *text, script);
        }
        fputc('"', script);
}

void plot_line(struct plot *plot, size_t number, size_t n, const char *data, const char *how, const char *name)
{
        fprintf(plot->script, "%s %s %s lc rgb '%s' dt %zu lw 2 title ", number == 0 ? "plot" : "", data, how,
                colours[number % N_COLOURS], 1 + number % N_DASHES);
        plot_quote(plot->script, name);
        fputs(number + 1 < n ? ", \\\n" : "\n", plot->script);
}

static char *read_all(FILE *file)
{
        char *text = NULL;
        long size;

        if (fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0)
                return NULL;
        rewind(file);
        text = calloc(1, (size_t)size + 1);
        if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
                free(text);
                return NULL;
        }
        return text;
}

/* The words of gnuplot's SVG that have to be others within a page: our ink is the page's, and ids, which are the same in
 * every picture, get the picture's number. */
static void write_svg(FILE *html, const char *svg, unsigned number)
{
        char id[32], other_id[32], use[32];
        const struct {
                const char *from;
                const char *to;
        } words[] = {
                {"rgb(  1,   2,   3)", "currentColor"},
                {"rgb(1,2,3)", "currentColor"},
                {" color=\"black\"", ""},
                {" id='", id},
                {" id=\"", other_id},
                {"xlink:href='#", use},
        };

        snprintf(id, sizeof(id), " id='p%u-", number);
        snprintf(other_id, sizeof(other_id), " id=\"p%u-", number);
        snprintf(use, sizeof(use), "xlink:href='#p%u-", number);
        while (*svg) {
                size_t i = 0, n = sizeof(words) / sizeof(words[0]);

                while (i < n && strncmp(svg, words[i].from, strlen(words[i].from)) != 0)
                        i++;
                if (i < n) {
                        fputs(words[i].to, html);
                        svg += strlen(words[i].from);
                } else
                        fputc(*svg++, html);
        }
}

static void write_figure(const struct plot *plot, FILE *html, const char *svg, const char *alt, const char *caption)
{
        static unsigned number; /* of the picture, in its page */

        number++;
        fprintf(html,
                "<figure><svg role=\"img\" aria-labelledby=\"title%u\" aria-describedby=\"alt%u\" viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" "
                "xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n<title id=\"title%u\">",
                number, number, plot->width, plot->height, plot->width, plot->height, number);
        html_text(html, plot->title);
        fprintf(html, "</title><desc id=\"alt%u\">", number);
        html_text(html, alt);
        fputs("</desc>\n", html);
        write_svg(html, svg, number);
        html_element(html, "figcaption", "%s. %s", plot->title, caption);
        fputs("</figure>\n", html);
}

int plot_end(struct plot *plot, FILE *html, const char *alt, const char *caption)
{
        FILE *output = tmpfile();
        char *text = NULL, *svg;
        int error = output ? 0 : complain(-errno, "a temporary file");

        if (error == 0) {
                rewind(plot->script);
                error = draw(plot->script, output);
        }
        if (error == 0) {
                text = read_all(output);
                svg = text ? strstr(text, "</desc>") : NULL; /* before it are a head and a title that say nothing */
                if (svg)
                        write_figure(plot, html, svg + strlen("</desc>"), alt, caption);
                else
                        error = complain(-EPROTO, PROGRAM ": %s: is no picture", plot->title);
        }
        free(text);
        if (output)
                fclose(output);
        fclose(plot->script);
        return error;
}
