/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The wave: sleepers wake one after another, touch what they have, grow as a compiler does, and go back to sleep, five
 * times. One works all the time beside them. Growth is timed in pieces of 64 KiB: what a limit that is too low costs is seen
 * in the longest of them.
 */

#include "../common/clock.h"
#include "scenario.h"

#define WORKER 0
#define SLEEPERS 4
#define WAVES 5

/* Parts of the pool: all heaps together are 1.02 times the pool, and one wave grows by a sixteenth. */
#define WORKER_PART 7
#define SLEEPER_PARTS 7
#define SLEEPER_OF 32
#define GROWTH_PART 16

#define PROBE_BYTES MIB

/* Of the time between two wakers: it has to be long enough to be back, then it grows, and ends. */
#define GROWS_AFTER(period) ((period) / 3)
#define GROWS_UNTIL(period) ((period)*2 / 3)
#define DROPS_AFTER(period) ((period)*5 / 6)

static const struct figure figures[] = {
        {"growth_p50_msec", "growth of 64 KiB p50, ms", 2, false},
        {"growth_p99_msec", "growth of 64 KiB p99, ms", 2, true},
        {"growth_max_msec", "growth of 64 KiB max, ms", 1, false},
        {"growth_off_cpu_max_msec", "... not on a CPU, ms", 1, false},
        {"growth_waited_max_msec", "... waiting for more than a CPU, ms", 1, false},
        {"probe_p99_msec", "worker's probe p99, ms", 2, true},
        {"wake_mean_sec", "woken: working set back after, s", 2, true},
        {"wake_max_sec", "... at most, s", 2, false},
        {"wakers_full_msec", "sleepers stalled for memory, ms", 0, false},
        {"high", "memory.events high", 0, false},
        {"max", "memory.events max of the pool", 0, false},
        {"oom_kills", "OOM kills", 0, false},
        {"reclaimed_mib", "asked back by cgburst, MiB", 0, false},
};

static uint64_t period_usec(const struct scene *scene)
{
        return scene->options->wave_usec / WAVES;
}

static uint64_t end_usec(const struct scene *scene)
{
        return scene->options->settle_usec + scene->options->wave_usec;
}

static struct actor_script sleeper_script(const struct scene *scene, size_t sleeper)
{
        struct actor_script script = {
                .heap_bytes = scene->options->pool_bytes / SLEEPER_OF * SLEEPER_PARTS,
                .seed = sleeper + 1,
        };
        uint64_t period = period_usec(scene);

        for (size_t wave = sleeper; wave < WAVES; wave += SLEEPERS) {
                uint64_t at = scene->options->settle_usec + wave * period;

                script_add(&script, ACTOR_TOUCH, at, at, 0);
                script_add(&script, ACTOR_GROW, at + GROWS_AFTER(period), at + GROWS_UNTIL(period),
                        scene->options->pool_bytes / GROWTH_PART);
                script_add(&script, ACTOR_DROP, at + DROPS_AFTER(period), 0, 0);
        }
        return script;
}

static int add_actors(const struct scene *scene, struct stage *stage)
{
        struct actor_script worker = {.heap_bytes = scene->options->pool_bytes / WORKER_PART, .seed = 100};
        int error;

        for (size_t i = 0; i < SLEEPERS; i++) {
                struct actor_script sleeper = sleeper_script(scene, i);

                if (!stage_add_actor(stage, WORKER + 1 + i, &sleeper))
                        return -1;
        }
        error = stage_wait_for_heaps(stage);
        if (error < 0)
                return error;
        script_add(&worker, ACTOR_PROBE, 0, end_usec(scene), PROBE_BYTES);
        return stage_add_actor(stage, WORKER, &worker) ? stage_wait_for_heaps(stage) : -1;
}

static struct actor_waits growth_waits(const struct scene *scene, const struct stage *stage)
{
        struct actor_waits most = {0};

        for (size_t i = 0; i < stage->n_actors; i++) {
                struct actor_waits waits =
                        actor_waits_most(stage->actors[i], ACTOR_GROW, scene->options->settle_usec, end_usec(scene));

                most.slept_usec = waits.slept_usec > most.slept_usec ? waits.slept_usec : most.slept_usec;
                most.waited_usec = waits.waited_usec > most.waited_usec ? waits.waited_usec : most.waited_usec;
        }
        return most;
}

static double mean_touch_sec(const struct scene *scene, const struct stage *stage)
{
        uint64_t took[WAVES + 1], sum = 0;
        size_t n = 0;

        for (size_t i = 0; i < SLEEPERS; i++)
                n += actor_took(stage->actors[i], ACTOR_TOUCH, 0, end_usec(scene), took + n);
        for (size_t i = 0; i < n; i++)
                sum += took[i];
        return n ? sec_of(sum / n) : 0;
}

static void note(const struct scene *scene, const struct stage *stage, const struct counted *counted, double *ret)
{
        uint64_t from = scene->options->settle_usec, until = end_usec(scene);
        struct percentiles growth = stage_took(stage, ACTOR_GROW, from, until);
        struct percentiles probe = stage_took(stage, ACTOR_PROBE, from, until);
        struct actor_waits waits = growth_waits(scene, stage);

        *ret++ = msec_of(growth.p50_usec);
        *ret++ = msec_of(growth.p99_usec);
        *ret++ = msec_of(growth.max_usec);
        *ret++ = msec_of(waits.slept_usec);
        *ret++ = msec_of(waits.waited_usec);
        *ret++ = msec_of(probe.p99_usec);
        *ret++ = mean_touch_sec(scene, stage);
        *ret++ = sec_of(stage_took(stage, ACTOR_TOUCH, from, until).max_usec);
        *ret++ = msec_of(counted->some.full_usec);
        *ret++ = (double)counted->some.high;
        *ret++ = (double)counted->pool.max;
        *ret++ = (double)counted->pool.oom_kill;
        *ret++ = stage->manager.pid ? mib_of(atomic_load(&stage->manager.memory->reclaimed_bytes)) : 0;
}

static int run(struct scene *scene, const struct memory_policy *policy, double *ret)
{
        struct stage_plan plan = scene_plan(scene, policy, scene->options->pool_bytes);
        const struct play play = {
                .add_actors = add_actors,
                .from_usec = scene->options->settle_usec,
                .until_usec = end_usec(scene),
                .first_counted = WORKER + 1,
                .n_counted = SLEEPERS,
                .note = note,
        };

        scene_add(&plan, "worker", 1, true);
        for (size_t i = 0; i < SLEEPERS; i++)
                scene_add(&plan, "sleeper", i + 1, true);
        return scene_play(scene, &plan, &play, ret);
}

const struct scenario scenario_wave = {
        .name = "wave",
        .what = "sleepers who wake one after another, and grow",
        .policies = "equal,cgburst",
        .figures = figures,
        .n_figures = sizeof(figures) / sizeof(figures[0]),
        .run = run,
};
