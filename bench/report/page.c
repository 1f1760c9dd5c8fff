/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "html.h"
#include "look.h"
#include "page.h"

/* A table a scenario, of its policies. */
static int section_memory(FILE *html, const struct inputs *inputs)
{
        struct json_object *scenarios = inputs_join(inputs, "memory", "scenarios");

        for (size_t i = 0; i < json_object_array_length(scenarios); i++) {
                struct json_object *scenario = json_object_array_get_idx(scenarios, i),
                                   *policies = look_at(scenario, "policies");

                html_element(html, "h3", "%s", look_text(scenario, "scenario"));
                if (json_object_is_type(policies, json_type_array))
                        html_table_of_all(html, look_text(scenario, "setting"), policies);
        }
        json_object_put(scenarios);
        return 0;
}

static int section_table(FILE *html, const struct inputs *inputs, const char *verb)
{
        struct json_object *runs = inputs_join(inputs, verb, "runs");

        html_table_of_all(html, "As it was measured", runs);
        json_object_put(runs);
        return 0;
}

static const struct section {
        const char *verb;
        const char *title;
        const char *about;
        int (*write)(FILE *html, const struct inputs *inputs); /* NULL: by its verb, below */
} sections[] = {
        {"kernel", "On a real kernel",
                "Responses of an interactive workspace beside busy loops, one policy after the other in one boot.",
                section_kernel},
        {"sim", "On the simulated node",
                "Traces of jobs under this law and those of others: what weights and quotas can do at best.", section_sim},
        {"karma", "Credit over minutes", "Users who want the same in the end, but in stretches: how even do they come out?",
                NULL},
        {"sweep", "The search for constants",
                "The score of a set is its worst figure over all scenes, each over its bar: 1 and less is within all of them.",
                section_sweep},
        {"memory", "Memory", "Scenarios of short memory on a real kernel.", section_memory},
        {"sim-memory", "Memory of a simulated node",
                "Made-up days of short memory, under this law and those of others: slowdowns by kind of work.", NULL},
        {"overhead", "The cost of a step", "The step against the system calls that it cannot do without.", NULL},
        {"scale", "The cost of sleepers", "A step with many registered workspaces and few active ones.", NULL},
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static size_t count_of(const struct inputs *inputs, const char *verb)
{
        size_t n = 0;

        for (size_t i = 0; i < inputs->n; i++)
                n += !strcmp(inputs->list[i].verb, verb);
        return n;
}

static int write_body(FILE *html, const struct inputs *inputs, const struct section *section)
{
        if (section->write)
                return section->write(html, inputs);
        if (!strcmp(section->verb, "overhead") || !strcmp(section->verb, "scale"))
                return section_cost(html, inputs, section->verb);
        return section_table(html, inputs, section->verb);
}

static int write_section(FILE *html, const struct inputs *inputs, const struct section *section)
{
        fprintf(html, "<section id=\"%s\">\n", section->verb);
        html_element(html, "h2", "%s", section->title);
        html_element(html, "p", "%s", section->about);
        if (count_of(inputs, section->verb) == 0) {
                fprintf(html,
                        "<p><strong>Not measured.</strong> <code>cgburst-bench %s</code> measures it.</p>\n</section>\n",
                        section->verb);
                return 0;
        }
        for (size_t i = 0; i < inputs->n; i++)
                if (!strcmp(inputs->list[i].verb, section->verb))
                        html_element(html, "p", "From %s.", inputs->list[i].file);
        if (write_body(html, inputs, section) < 0)
                return -1;
        fputs("</section>\n", html);
        return 0;
}

static void write_contents(FILE *html, const struct inputs *inputs)
{
        fputs("<nav aria-label=\"Contents\"><ul>\n", html);
        for (size_t i = 0; i < N_SECTIONS; i++)
                fprintf(html, "<li><a href=\"#%s\">%s</a>%s</li>\n", sections[i].verb, sections[i].title,
                        count_of(inputs, sections[i].verb) ? "" : " (not measured)");
        fputs("</ul></nav>\n", html);
}

int page_write(FILE *html, const struct inputs *inputs)
{
        int error = 0;

        html_begin(html, "cgburst: what was measured");
        write_contents(html, inputs);
        for (size_t i = 0; i < N_SECTIONS && error == 0; i++)
                error = write_section(html, inputs, &sections[i]);
        html_end(html);
        return error;
}
