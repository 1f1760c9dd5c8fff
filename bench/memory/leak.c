/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The leak: two who work, and one that grows without end. It has no memory.max; of swap it may have a quarter of the pool,
 * as an operator would say. Who ends it is the kernel, or the operator who reads its name.
 *
 * A leak uses the CPU, too: it writes what it takes, and the kernel clears pages for it. So before it leaks the same process
 * writes as much in the same time, and gives it back each second. What the others lose by that they do not lose by the leak.
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

/* The first probes find what the filling of heaps has left behind. */
#define SETTLE_USEC USEC_PER_SEC

static const struct figure figures[] = {
        {"before_p99_msec", "others' probe p99 before, ms", 2, false},
        {"beside_p99_msec", "... beside one who writes as much, ms", 2, false},
        {"during_p99_msec", "others' probe p99 during, ms", 2, false},
        {"during_of_before", "during / before", 2, false},
        {"during_of_beside", "during / beside one who writes as much", 2, false},
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

/* What follows what, in microseconds after go. */
struct times {
        uint64_t writes; /* and gives it back */
        uint64_t leaks;
        uint64_t ends; /* long enough to have the pool more than once */
};

/* The half of the measured time before it leaks, at most 15 s, and as long again before it writes. */
static struct times times_of(const struct memory_options *options)
{
        uint64_t half = options->measure_usec / 2, before = half < 15 * USEC_PER_SEC ? half : 15 * USEC_PER_SEC;

        return (struct times){before, 2 * before, 2 * before + options->leak_usec};
}

static void grow_for(struct actor_script *script, uint64_t from_usec, uint64_t until_usec, uint64_t bytes_per_sec)
{
        script_add(script, ACTOR_GROW, from_usec, until_usec,
                (uint64_t)((double)bytes_per_sec * (double)(until_usec - from_usec) / USEC_PER_SEC));
}

/* Growth begins with nothing: what was grown before is given back. */
static struct actor_script leaker_script(const struct times *times, uint64_t bytes_per_sec)
{
        struct actor_script leaker = {.seed = 9};

        for (uint64_t at = times->writes; at < times->leaks; at += USEC_PER_SEC)
                grow_for(&leaker, at, at + USEC_PER_SEC < times->leaks ? at + USEC_PER_SEC : times->leaks, bytes_per_sec);
        grow_for(&leaker, times->leaks, times->ends, bytes_per_sec);
        return leaker;
}

static int add_actors(const struct scene *scene, struct stage *stage)
{
        const struct times times = times_of(scene->options);
        uint64_t pool = scene->options->pool_bytes;
        struct actor_script leaker = leaker_script(&times, pool / LEAK_PART);

        for (size_t i = 0; i < WORKERS; i++) {
                struct actor_script worker = {.heap_bytes = pool / WORKER_PART, .seed = i + 1};

                script_add(&worker, ACTOR_PROBE, 0, times.ends, PROBE_BYTES);
                if (!stage_add_actor(stage, i, &worker))
                        return -1;
        }
        return stage_add_actor(stage, LEAKER, &leaker) ? stage_wait_for_heaps(stage) : -1;
}

/* -1: never named. */
static void note_names(const struct stage *stage, uint64_t leak_began_usec, double *ret)
{
        const struct manager_memory *memory = stage->manager.memory;
        uint64_t told = memory ? atomic_load(&memory->growing_told) : 0,
                 shown = memory ? atomic_load(&memory->growing_shown) : 0;
        uint64_t leaker = UINT64_C(1) << LEAKER;

        ret[0] = told & leaker ? sec_of(atomic_load(&memory->growing_at_usec) - leak_began_usec) : -1;
        ret[1] = (shown & leaker) != 0;
        ret[2] = __builtin_popcountll((told | shown) & ~leaker);
}

static double of(const struct percentiles *a, const struct percentiles *b)
{
        return b->p99_usec ? (double)a->p99_usec / (double)b->p99_usec : 0;
}

static void note(const struct scene *scene, const struct stage *stage, const struct counted *counted, double *ret)
{
        const struct times times = times_of(scene->options);
        struct percentiles before = stage_took(stage, ACTOR_PROBE, SETTLE_USEC, times.writes);
        struct percentiles beside = stage_took(stage, ACTOR_PROBE, times.writes, times.leaks);
        struct percentiles during = stage_took(stage, ACTOR_PROBE, times.leaks, times.ends);

        *ret++ = msec_of(before.p99_usec);
        *ret++ = msec_of(beside.p99_usec);
        *ret++ = msec_of(during.p99_usec);
        *ret++ = of(&during, &before);
        *ret++ = of(&during, &beside);
        *ret++ = msec_of(during.max_usec);
        *ret++ = mib_of(counted->some.refault_pages * 4096);
        *ret++ = msec_of(counted->some.full_usec);
        *ret++ = (double)counted->some.high;
        *ret++ = mib_of(stage_witness(stage, LEAKER).usage_bytes);
        note_names(stage, stage->signal->go_usec + times.leaks, ret);
        ret += 3;
        *ret++ = (double)counted->pool.oom_kill;
}

static int run(struct scene *scene, const struct memory_policy *policy, double *ret)
{
        const struct times times = times_of(scene->options);
        struct stage_plan plan = scene_plan(scene, policy, scene->options->pool_bytes);
        const struct play play = {
                .add_actors = add_actors,
                .from_usec = times.leaks,
                .until_usec = times.ends,
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
