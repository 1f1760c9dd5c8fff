/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cgburst-bench report: what the other verbs have measured, as one page for people and one file for programs. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "../common/complain.h"
#include "../verbs.h"
#include "page.h"
#include "plot.h"

static const char help[] =
        "usage: cgburst-bench report [VERB=]FILE... [OPTION...]\n"
        "\n"
        "Makes one HTML page, which needs no other file, of the JSON that other verbs have written: tables, and plots drawn by\n"
        "gnuplot (Debian: gnuplot-nox). Any of them will do; what is missing is said. A file belongs to the verb that its name\n"
        "begins with, as kernel.json or sim-devday.json; or write the verb before it.\n"
        "\n"
        "  --output FILE          the page (report.html)\n"
        "  --json FILE            also all of the JSON in one; docs/bench.md has the schema\n"
        "\n"
        "Verbs:";

struct report_options {
        const char *output;
        const char *json;
};

static void print_help(void)
{
        fputs(help, stdout);
        for (size_t i = 0; report_verb_at(i); i++)
                printf(" %s", report_verb_at(i));
        fputs("\n\nExample:\n"
              "  cgburst-bench sim gen:one-against-many --series 10 --json >sim.json\n"
              "  cgburst-bench karma --json >karma.json\n"
              "  cgburst-bench report sim.json karma.json --output report.html\n",
                stdout);
}

static int parse(struct report_options *options, int argc, char **argv)
{
        static const struct option long_options[] = {
                {"output", required_argument, NULL, 'o'},
                {"json", required_argument, NULL, 'j'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        int option;

        while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
                switch (option) {
                case 'o':
                        options->output = optarg;
                        break;
                case 'j':
                        options->json = optarg;
                        break;
                case 'h':
                        print_help();
                        return 1;
                default: /* getopt has complained */
                        return -EINVAL;
                }
        return optind < argc ? 0 : complain(-EINVAL, "report: wants at least one FILE; see --help");
}

/* Under a name of its own until it is whole, so that a page that stands there is never half of one. */
static int write_page(const struct inputs *inputs, const char *path)
{
        char *temporary;
        FILE *html;
        int error;

        if (asprintf(&temporary, "%s.new", path) < 0)
                return complain(-ENOMEM, "%s", path);
        html = fopen(temporary, "we");
        error = html ? page_write(html, inputs) : complain(-errno, "%s", temporary);
        if (html && fclose(html) == EOF && error == 0)
                error = complain(-errno, "%s", temporary);
        if (error == 0 && rename(temporary, path) < 0)
                error = complain(-errno, "%s", path);
        if (html && error < 0)
                remove(temporary);
        free(temporary);
        return error;
}

int verb_report(int argc, char **argv)
{
        struct report_options options = {.output = "report.html"};
        struct inputs inputs = {0};
        int error = parse(&options, argc, argv);

        if (error)
                return error < 0 ? 2 : 0;
        error = plot_check();
        for (int i = optind; i < argc && error == 0; i++)
                error = inputs_add(&inputs, argv[i]);
        if (error == 0)
                error = write_page(&inputs, options.output);
        if (error == 0 && options.json)
                error = inputs_write(&inputs, options.json);
        inputs_free(&inputs);
        return error < 0;
}
