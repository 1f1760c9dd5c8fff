/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <stdlib.h>

#include "scenario.h"

struct stage_plan scene_plan(const struct scene *scene, const struct memory_policy *policy, uint64_t pool_bytes)
{
        return (struct stage_plan){
                .policy = policy,
                .place = scene->place,
                .interrupt = scene->interrupt,
                .pool_bytes = pool_bytes,
                .step_usec = scene->options->step_usec,
        };
}

struct workspace *scene_add(struct stage_plan *plan, const char *name, size_t number, bool is_session)
{
        struct workspace *workspace = &plan->workspaces[plan->n_workspaces++];

        *workspace = (struct workspace){.max_bytes = NO_LIMIT, .swap_max_bytes = NO_LIMIT, .is_session = is_session};
        snprintf(workspace->name, sizeof(workspace->name), "%s-%zu", name, number);
        return workspace;
}

static int play_on(struct stage *stage, const struct scene *scene, const struct play *play, double *ret)
{
        struct counted counted, end;
        int error = play->add_actors(scene, stage);

        if (error < 0)
                return error;
        stage_go(stage);
        error = stage_wait_since_go(stage, play->from_usec);
        if (error < 0)
                return error;
        counted = stage_count(stage, play->first_counted, play->n_counted);
        error = stage_wait_since_go(stage, play->until_usec);
        if (error < 0)
                return error;
        end = stage_count(stage, play->first_counted, play->n_counted);
        counted.some = witness_between(&counted.some, &end.some);
        counted.pool = witness_between(&counted.pool, &end.pool);
        play->note(scene, stage, &counted, ret);
        return 0;
}

int scene_play(const struct scene *scene, const struct stage_plan *plan, const struct play *play, double *ret)
{
        struct stage stage;
        int error = stage_begin(&stage, plan);

        if (error < 0)
                return error;
        error = play_on(&stage, scene, play, ret);
        stage_end(&stage);
        return error;
}

void script_add(struct actor_script *script, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec, uint64_t bytes)
{
        script->steps[script->n_steps++] = (struct actor_step){
                .verb = verb,
                .from_usec = from_usec,
                .until_usec = until_usec,
                .bytes = bytes / ACTOR_CHUNK_BYTES * ACTOR_CHUNK_BYTES,
        };
}

struct percentiles stage_took(const struct stage *stage, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec)
{
        uint64_t *values = calloc(stage->n_actors * ACTOR_SAMPLES_MAX + 1, sizeof(*values));
        struct percentiles percentiles = {0};
        size_t n = 0;

        if (!values)
                return percentiles;
        for (size_t i = 0; i < stage->n_actors; i++)
                n += actor_took(stage->actors[i], verb, from_usec, until_usec, values + n);
        percentiles = percentiles_of(values, n);
        free(values);
        return percentiles;
}
