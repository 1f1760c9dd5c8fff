/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>

#include "../sim/json.h"
#include "../sim/run.h"
#include "report.h"

static uint64_t step_of(const struct set *set)
{
        struct sim_plan plan = {.choice = &set->choice, .step_usec = set->step_usec};

        return sim_step_usec(&plan);
}

static void print_set(const struct set *set, FILE *file)
{
        fprintf(file, "  %s", set->choice.name);
        if (set->step_usec > 0)
                fprintf(file, ", step %g s", (double)set->step_usec / 1e6);
}

static void print_figures(const struct cells *cells, size_t set, size_t scene, FILE *file)
{
        const struct figures *figures = cells->figures[set * cells->n_scenes + scene];

        fprintf(file, "%18zu:", scene + 1);
        for (size_t i = 0; i < figures->n; i++)
                if (figures->list[i].counts)
                        fprintf(file, "  %s %.4g", figures->list[i].name, figures->list[i].value);
        fputc('\n', file);
}

static void print_standing(const struct cells *cells, const struct standing *standing, bool figures, FILE *file)
{
        fprintf(file, "%7.3f  %-10s %2zu ", standing->worst.score, standing->worst.figure, standing->worst_scene + 1);
        for (size_t i = 0; i < cells->n_scenes; i++)
                fprintf(file, " %7.3f", cells_score(cells, standing->set, i).score);
        print_set(&cells->sets[standing->set], file);
        fputc('\n', file);
        for (size_t i = 0; i < cells->n_scenes && figures; i++)
                print_figures(cells, standing->set, i, file);
}

static void print_head(const struct cells *cells, FILE *file)
{
        for (size_t i = 0; i < cells->n_scenes; i++)
                fprintf(file, "scene %zu: %s\n", i + 1, cells->scenes[i].text);
        fputs("\nScore: the worst of all figures over its bar, and where; then the same by scene. Up to 1: every bar is held.\n\n",
                file);
        fprintf(file, "%7s  %-13s ", "score", "worst");
        for (size_t i = 0; i < cells->n_scenes; i++)
                fprintf(file, " %7zu", i + 1);
        fputs("  set\n", file);
}

int sweep_report_print(const struct cells *cells, size_t top, bool figures, FILE *file)
{
        struct standing *ranked;
        int n = cells_rank(cells, &ranked);

        if (n < 0)
                return n;
        print_head(cells, file);
        for (size_t i = 0; i < (size_t)n && i < top; i++)
                print_standing(cells, &ranked[i], figures, file);
        if ((size_t)n > top)
                fprintf(file, "and %zu more; --top shows more of them\n", (size_t)n - top);
        free(ranked);
        return 0;
}

static struct json_object *figures_object(const struct figures *figures)
{
        struct json_object *object = json_object_new_object();

        for (size_t i = 0; i < figures->n; i++)
                json_add_double(object, figures->list[i].name, figures->list[i].value);
        return object;
}

static struct json_object *scene_object(const struct scene *scene)
{
        struct json_object *object = json_object_new_object();

        json_object_object_add(object, "scene", json_object_new_string(scene->text));
        json_object_object_add(object, "trace", json_object_new_string(scene->trace.name));
        json_add_count(object, "cpus", scene->cpus);
        json_add_count(object, "hogs", scene->hogs);
        json_object_object_add(object, "lanes", json_object_new_string(lanes_name(scene->lanes)));
        return object;
}

static struct json_object *set_object(const struct cells *cells, const struct standing *standing)
{
        struct json_object *object = json_object_new_object(), *scenes = json_object_new_array(),
                           *worst = json_object_new_object();
        const struct set *set = &cells->sets[standing->set];

        json_object_object_add(object, "policy", json_object_new_string(set->choice.name));
        json_add_count(object, "step_usec", step_of(set));
        json_add_double(object, "score", standing->worst.score);
        json_add_count(worst, "scene", standing->worst_scene);
        json_object_object_add(worst, "figure", json_object_new_string(standing->worst.figure));
        json_object_object_add(object, "worst", worst);
        for (size_t i = 0; i < cells->n_scenes; i++) {
                struct json_object *scene = json_object_new_object();

                json_add_double(scene, "score", cells_score(cells, standing->set, i).score);
                json_object_object_add(
                        scene, "figures", figures_object(cells->figures[standing->set * cells->n_scenes + i]));
                json_object_array_add(scenes, scene);
        }
        json_object_object_add(object, "scenes", scenes);
        return object;
}

int sweep_report_json(const struct cells *cells, FILE *file)
{
        struct json_object *root = json_object_new_object(), *scenes = json_object_new_array(),
                           *sets = json_object_new_array();
        struct standing *ranked = NULL;
        int n = cells_rank(cells, &ranked);

        json_add_count(root, "schema", 1);
        json_object_object_add(root, "scenes", scenes);
        json_object_object_add(root, "sets", sets);
        for (size_t i = 0; i < cells->n_scenes; i++)
                json_object_array_add(scenes, scene_object(&cells->scenes[i]));
        for (int i = 0; i < n; i++)
                json_object_array_add(sets, set_object(cells, &ranked[i]));
        free(ranked);
        if (n >= 0)
                return json_write(root, file);
        json_object_put(root);
        return n;
}
