/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../common/complain.h"
#include "../sim/json.h"
#include "../sim/run.h"
#include "state.h"

/* By the order of key_of(). */
#define LINE_BEGIN "{\"policy\":"

static uint64_t step_of(const struct cells *cells, size_t cell)
{
        const struct set *set = &cells->sets[cell / cells->n_scenes];
        struct sim_plan plan = {.choice = &set->choice, .step_usec = set->step_usec};

        return sim_step_usec(&plan);
}

/* What tells one cell from all others, without the figures. */
static struct json_object *key_of(const struct cells *cells, size_t cell)
{
        const struct scene *scene = &cells->scenes[cell % cells->n_scenes];
        struct json_object *key = json_object_new_object();

        json_object_object_add(key, "policy", json_object_new_string(cells->sets[cell / cells->n_scenes].choice.name));
        json_add_count(key, "step_usec", step_of(cells, cell));
        json_object_object_add(key, "trace", json_object_new_string(scene->file));
        json_add_count(key, "jobs", scene->trace.n_jobs);
        json_object_object_add(
                key, "span_sec", json_object_new_double(scene->trace.span_sec)); /* all digits: it is compared */
        json_add_count(key, "cpus", scene->cpus);
        json_add_count(key, "hogs", scene->hogs);
        json_object_object_add(key, "lanes", json_object_new_string(lanes_name(scene->lanes)));
        return key;
}

static bool is_of(struct json_object *line, const struct cells *cells, size_t cell)
{
        struct json_object *key = key_of(cells, cell), *found;
        bool same = true;

        json_object_object_foreach(key, name, value)
                same = same && json_object_object_get_ex(line, name, &found) && json_object_equal(found, value);
        json_object_put(key);
        return same;
}

static bool names_set(struct json_object *line, const struct set *set)
{
        struct json_object *policy;

        return json_object_object_get_ex(line, "policy", &policy) &&
               !strcmp(json_object_get_string(policy), set->choice.name);
}

static int take_figures(struct json_object *line, const struct scene *scene, struct figures *ret)
{
        struct json_object *object;

        ret->n = 0;
        if (!json_object_object_get_ex(line, "figures", &object) || !json_object_is_type(object, json_type_object))
                return -EBADMSG;
        json_object_object_foreach(object, name, pair) {
                struct figure *figure = &ret->list[ret->n];

                if (ret->n == FIGURES_MAX || !figure_is_of(name, &scene->trace) || json_object_array_length(pair) != 2)
                        return -EBADMSG;
                strcpy(figure->name, name);
                figure->value = json_object_get_double(json_object_array_get_idx(pair, 0));
                figure->counts = json_object_get_boolean(json_object_array_get_idx(pair, 1)) != 0;
                ret->n++;
        }
        return 0;
}

static int take_cell(struct cells *cells, size_t cell, struct json_object *line)
{
        struct figures figures;
        int error = take_figures(line, &cells->scenes[cell % cells->n_scenes], &figures);

        return error < 0 ? error : cells_keep(cells, cell, &figures);
}

/* @return 0, also where it is none of these cells; -EBADMSG: not a line of a sweep */
static int take_line(struct cells *cells, const char *text)
{
        struct json_object *line = json_tokener_parse(text);
        int error = line && json_object_is_type(line, json_type_object) ? 0 : -EBADMSG;

        for (size_t set = 0; error == 0 && set < cells->n_sets; set++)
                for (size_t scene = 0; error == 0 && scene < cells->n_scenes && names_set(line, &cells->sets[set]); scene++)
                        if (is_of(line, cells, set * cells->n_scenes + scene))
                                error = take_cell(cells, set * cells->n_scenes + scene, line);
        json_object_put(line);
        return error;
}

/* The last line may be torn, if the sweep was killed: it is cut off, if it is one of ours. */
static bool is_torn(const char *line, size_t n)
{
        size_t known = sizeof(LINE_BEGIN) - 1;

        return line[n - 1] != '\n' && !strncmp(line, LINE_BEGIN, n < known ? n : known);
}

static int take_all(struct state *state, struct cells *cells)
{
        char *line = NULL;
        size_t room = 0, number = 0;
        off_t begin = 0;
        ssize_t n;
        int error = 0;

        rewind(state->file);
        while (error == 0 && (n = getline(&line, &room, state->file)) > 0) {
                number++;
                if (is_torn(line, (size_t)n)) {
                        if (ftruncate(fileno(state->file), begin) < 0)
                                error = complain(-errno, "%s", state->path);
                } else if (take_line(cells, line) < 0)
                        error = complain(-EBADMSG, "%s, line %zu: is not of a sweep; remove the file, or name another one",
                                state->path, number);
                begin += n;
        }
        free(line);
        return error;
}

int state_open(struct state *ret, const char *path, struct cells *cells)
{
        struct state state = {.path = path};
        int error;

        *ret = state;
        if (!path)
                return 0;
        state.file = fopen(path, "a+e");
        if (!state.file)
                return complain(-errno, "%s", path);
        if (flock(fileno(state.file), LOCK_EX | LOCK_NB) < 0)
                error = complain(-errno, "%s: another sweep writes to it", path);
        else
                error = take_all(&state, cells);
        if (error < 0)
                fclose(state.file);
        else
                *ret = state;
        return error;
}

int state_add(struct state *state, const struct cells *cells, size_t cell)
{
        struct json_object *line, *object;
        const struct figures *figures = cells->figures[cell];
        int error = 0;

        if (!state->file)
                return 0;
        line = key_of(cells, cell);
        object = json_object_new_object();
        json_object_object_add(line, "figures", object);
        for (size_t i = 0; i < figures->n; i++) {
                struct json_object *pair = json_object_new_array();

                json_object_array_add(pair, json_object_new_double(figures->list[i].value));
                json_object_array_add(pair, json_object_new_boolean((int)figures->list[i].counts));
                json_object_object_add(object, figures->list[i].name, pair);
        }
        if (fprintf(state->file, "%s\n", json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN)) < 0 ||
                fflush(state->file) == EOF)
                error = complain(-EIO, "%s", state->path);
        json_object_put(line);
        return error;
}

void state_close(struct state *state)
{
        if (state->file)
                fclose(state->file);
}
