/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The leak: two who work, and one that grows without end. It has no memory.max; of swap it may have a quarter of the pool,
 * as an operator would say. Who ends it is the kernel, or the operator who reads its name.
 */

#include "../common/clock.h"
#include "scenario.h"

#define WORKERS 2
#define LEAKER WORKERS

/* Parts of the pool: a heap of each worker; what the leaker gets in a second; its swap. */
#define WORKER_PART 7
#define LEAK_PART 40
#define SWAP_PART 4

#define PROBE_BYTES MIB

static const struct figure figures[] = {
        {"before_p99_msec", "others' probe p99 before, ms", 2, false},
        {"during_p99_msec", "others' probe p99 during, ms", 2, false},
        {"during_of_before", "during / before", 2, false},
        {"during_max_msec", "others' probe max during, ms", 1, false},
        {"others_refaults_mib", "refaults of the others, MiB", 1, false},
        {"others_full_msec", "others stalled for memory, ms", 0, false},
        {"others_high", "others' memory.events high", 0, false},
        {"leaker_mib", "leaker has at the end, MiB", 0, false},
        {"named_after_sec", "leaker named in an event after, s", 1, false},
        {"named_in_status", "leaker named in the status", 0, false},
        {"others_named", "others named", 0, false},
        {"oom_kills", "OOM kills", 0, false},
};

/* The half of the measured time before it leaks, at most 15 s. */
static uint64_t before_usec(const struct scene *scene)
{
        uint64_t half = scene->options->measure_usec / 2;

        return half < 15 * USEC_PER_SEC ? half : 15 * USEC_PER_SEC;
}

/* A worker's workspace ends with the run; a leak goes on long enough to have the pool twice. */
static uint64_t leak_usec(const struct scene *scene)
{
        return scene->options->leak_usec;
}

static int add_actors(const struct scene *scene, struct stage *stage)
{
        uint64_t pool = scene->options->pool_bytes, begin = before_usec(scene), end = begin + leak_usec(scene);
        struct actor_script leaker = {.seed = 9};

        for (size_t i = 0; i < WORKERS; i++) {
                struct actor_script worker = {.heap_bytes = pool / WORKER_PART, .seed = i + 1};

                script_add(&worker, ACTOR_PROBE, 0, end, PROBE_BYTES);
                if (!stage_add_actor(stage, i, &worker))
                        return -1;
        }
        script_add(&leaker, ACTOR_GROW, begin, end, pool / LEAK_PART * (leak_usec(scene) / USEC_PER_SEC));
        return stage_add_actor(stage, LEAKER, &leaker) ? stage_wait_for_heaps(stage) : -1;
}

/* -1: never named. */
static void note_names(const struct stage *stage, uint64_t leak_began_usec, double *ret)
{
        const struct manager_memory *memory = stage->manager.memory;
        uint64_t told = memory ? atomic_load(&memory->frozen_told) : 0,
                 shown = memory ? atomic_load(&memory->frozen_shown) : 0;
        uint64_t leaker = UINT64_C(1) << LEAKER;

        ret[0] = told & leaker ? sec_of(atomic_load(&memory->frozen_at_usec) - leak_began_usec) : -1;
        ret[1] = (shown & leaker) != 0;
        ret[2] = __builtin_popcountll((told | shown) & ~leaker);
}

static void note(const struct scene *scene, const struct stage *stage, const struct counted *counted, double *ret)
{
        uint64_t begin = before_usec(scene), end = begin + leak_usec(scene);
        struct percentiles before = stage_took(stage, ACTOR_PROBE, USEC_PER_SEC, begin);
        struct percentiles during = stage_took(stage, ACTOR_PROBE, begin, end);

        *ret++ = msec_of(before.p99_usec);
        *ret++ = msec_of(during.p99_usec);
        *ret++ = before.p99_usec ? (double)during.p99_usec / (double)before.p99_usec : 0;
        *ret++ = msec_of(during.max_usec);
        *ret++ = mib_of(counted->some.refault_pages * 4096);
        *ret++ = msec_of(counted->some.full_usec);
        *ret++ = (double)counted->some.high;
        *ret++ = mib_of(stage_witness(stage, LEAKER).usage_bytes);
        note_names(stage, stage->signal->go_usec + begin, ret);
        ret += 3;
        *ret++ = (double)counted->pool.oom_kill;
}

static int run(struct scene *scene, const struct memory_policy *policy, double *ret)
{
        struct stage_plan plan = scene_plan(scene, policy, scene->options->pool_bytes);
        const struct play play = {
                .add_actors = add_actors,
                .from_usec = before_usec(scene),
                .until_usec = before_usec(scene) + leak_usec(scene),
                .first_counted = 0,
                .n_counted = WORKERS,
                .note = note,
        };

        for (size_t i = 0; i < WORKERS; i++)
                scene_add(&plan, "worker", i + 1, true);
        scene_add(&plan, "leaker", 1, false)->swap_max_bytes = scene->options->pool_bytes / SWAP_PART;
        return scene_play(scene, &plan, &play, ret);
}

const struct scenario scenario_leak = {
        .name = "leak",
        .what = "two who work beside one that grows without end",
        .policies = "equal,cgburst",
        .figures = figures,
        .n_figures = sizeof(figures) / sizeof(figures[0]),
        .run = run,
};
