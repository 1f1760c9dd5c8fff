/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "scene.h"

#define CPUS_MAX 8192
#define HOGS_MAX 10000

static int parse_count(
        const struct scene *scene, const char *key, const char *text, unsigned long min, unsigned long max, unsigned *ret)
{
        char *end;
        unsigned long number = strtoul(text, &end, 10);

        if (end == text || *end || *text == '-' || number < min || number > max)
                return complain(-EINVAL, "%s: %s=%s: wants a number from %lu to %lu", scene->text, key, text, min, max);
        *ret = (unsigned)number;
        return 0;
}

static int parse_bar(struct scene *scene, const char *key, const char *text)
{
        struct bar *bar = &scene->bars[scene->n_bars];
        char *end;

        if (scene->n_bars == BARS_MAX || strlen(key) >= sizeof(bar->figure))
                return complain(-EINVAL, "%s: %s: no figure has such a name, or there are more than %d bars", scene->text,
                        key, BARS_MAX);
        strcpy(bar->figure, key);
        bar->number = strtod(text, &end);
        bar->of_equal = *end == 'x';
        if (end == text || end[bar->of_equal] || !(bar->number > 0) || isinf(bar->number))
                return complain(-EINVAL, "%s: %s=%s: wants a number above 0, with an x behind it if times equal weights'",
                        scene->text, key, text);
        scene->n_bars++;
        return 0;
}

static int parse_setting(struct scene *scene, char *setting)
{
        char *value = strchr(setting, '=');

        if (!value)
                return complain(-EINVAL, "%s: %s: wants KEY=VALUE; sweep --help tells the keys", scene->text, setting);
        *value++ = 0;
        if (!strcmp(setting, "cpus"))
                return parse_count(scene, setting, value, 1, CPUS_MAX, &scene->cpus);
        if (!strcmp(setting, "hogs"))
                return parse_count(scene, setting, value, 0, HOGS_MAX, &scene->hogs);
        if (strcmp(setting, "lanes") != 0)
                return parse_bar(scene, setting, value);
        if (lanes_parse(value, &scene->lanes) < 0)
                return complain(-EINVAL, "%s: lanes=%s: wants none, nested or siblings", scene->text, value);
        return 0;
}

static int parse(struct scene *scene)
{
        char *rest;
        int error = 0;

        scene->file = strdup(scene->text);
        if (!scene->file)
                return complain(-ENOMEM, "%s", scene->text);
        rest = strchr(scene->file, ',');
        if (!rest)
                return 0;
        *rest++ = 0;
        for (char *setting = strtok_r(rest, ",", &rest); setting && error == 0; setting = strtok_r(NULL, ",", &rest))
                error = parse_setting(scene, setting);
        return error;
}

static int check_bars(const struct scene *scene)
{
        for (size_t i = 0; i < scene->n_bars; i++)
                if (strcmp(scene->bars[i].figure, "all") != 0 && !figure_is_of(scene->bars[i].figure, &scene->trace))
                        return complain(-EINVAL,
                                "%s: %s: runs of this trace have no such figure; it is KIND.mean, .p50, .p95, .p99 or .p99_9, gain or uneven",
                                scene->text, scene->bars[i].figure);
        return 0;
}

int scene_open(struct scene *ret, const char *text)
{
        struct scene scene = {.text = text, .cpus = 4};
        int error = parse(&scene);

        if (error == 0)
                error = trace_load(&scene.trace, scene.file, scene.cpus);
        if (error == 0)
                error = check_bars(&scene);
        if (error < 0)
                scene_close(&scene);
        else
                *ret = scene;
        return error;
}

void scene_close(struct scene *scene)
{
        free(scene->file);
        trace_free(&scene->trace);
}

/* Its own before that of all. @return NULL: it does not count */
static const struct bar *bar_of(const struct scene *scene, const struct figure *figure)
{
        static const struct bar usual = {.number = 1, .of_equal = true};
        const struct bar *found = figure->counts ? &usual : NULL;

        for (size_t i = 0; i < scene->n_bars; i++) {
                if (!strcmp(scene->bars[i].figure, figure->name))
                        return &scene->bars[i];
                if (!strcmp(scene->bars[i].figure, "all"))
                        found = &scene->bars[i];
        }
        return found;
}

struct score scene_score(const struct scene *scene, const struct figures *figures, const struct figures *equal)
{
        struct score worst = {0};

        for (size_t i = 0; i < figures->n; i++) {
                const struct figure *figure = &figures->list[i], *same = figures_find(equal, figure->name);
                const struct bar *bar = bar_of(scene, figure);
                double score;

                if (!bar || (bar->of_equal && !same))
                        continue;
                score = figure->value / (bar->of_equal ? bar->number * same->value : bar->number);
                if (score <= worst.score)
                        continue;
                worst.score = score;
                strcpy(worst.figure, figure->name);
        }
        return worst;
}
