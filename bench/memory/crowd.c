/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The crowded host: six workspaces that do not fit, with swap. Two are awake: each touches its working set all the time, and
 * now and then a compiler comes beside it, grows and ends. Four have filled a heap and sleep. Two of these wake while it is
 * measured, touch all they have, and go back to sleep.
 */

#include "../common/clock.h"
#include "scenario.h"

#define AWAKE 2
#define SLEEPERS 4

/* Parts of the pool. All heaps together are 1.4 times the pool. */
#define AWAKE_PART 5
#define SLEEPER_PART 4

/* What one probe touches: a request of a language server, say. */
#define PROBE_BYTES MIB

/* A compiler: a sixteenth of the pool within a second, for three seconds, every seven. */
#define COMPILER_PART 16
#define COMPILER_GROWS_USEC USEC_PER_SEC
#define COMPILER_STAYS_USEC (3 * USEC_PER_SEC)
#define COMPILER_PERIOD_USEC (7 * USEC_PER_SEC)

static const struct figure figures[] = {
        {"probe_p50_msec", "probe p50, ms", 2, false},
        {"probe_p99_msec", "probe p99, ms", 2, true},
        {"probe_max_msec", "probe max, ms", 1, false},
        {"growth_p99_msec", "growth of 64 KiB p99, ms", 2, false},
        {"growth_max_msec", "growth of 64 KiB max, ms", 1, false},
        {"awake_refaults_mib", "refaults of the awake, MiB", 1, false},
        {"awake_full_msec", "awake stalled for memory, ms", 0, false},
        {"wake_mean_sec", "woken: working set back after, s", 2, true},
        {"wake_max_sec", "... at most, s", 2, false},
        {"high", "memory.events high", 0, false},
        {"oom_kills", "OOM kills", 0, false},
        {"reclaimed_mib", "asked back by cgburst, MiB", 0, false},
};

static uint64_t end_usec(const struct scene *scene)
{
        return scene->options->settle_usec + scene->options->measure_usec;
}

/* Two of the four wake, after a third and after two thirds of the measured time. */
static int add_sleepers(const struct scene *scene, struct stage *stage)
{
        for (size_t i = 0; i < SLEEPERS; i++) {
                struct actor_script script = {.heap_bytes = scene->options->pool_bytes / SLEEPER_PART, .seed = i + 1};
                uint64_t wakes = scene->options->settle_usec + scene->options->measure_usec * (i + 1) / 3;

                if (i < 2)
                        script_add(&script, ACTOR_TOUCH, wakes, wakes, 0);
                if (!stage_add_actor(stage, AWAKE + i, &script))
                        return -1;
        }
        return stage_wait_for_heaps(stage);
}

static struct actor_script compiler_script(const struct scene *scene, size_t workspace)
{
        struct actor_script script = {.seed = 200 + workspace};
        uint64_t at = USEC_PER_SEC + workspace * COMPILER_PERIOD_USEC / AWAKE;

        for (; at + COMPILER_PERIOD_USEC < end_usec(scene) && script.n_steps + 2 <= ACTOR_STEPS_MAX;
                at += COMPILER_PERIOD_USEC) {
                script_add(&script, ACTOR_GROW, at, at + COMPILER_GROWS_USEC, scene->options->pool_bytes / COMPILER_PART);
                script_add(&script, ACTOR_DROP, at + COMPILER_STAYS_USEC, 0, 0);
        }
        return script;
}

static int add_actors(const struct scene *scene, struct stage *stage)
{
        int error = add_sleepers(scene, stage);

        if (error < 0)
                return error;
        for (size_t i = 0; i < AWAKE; i++) {
                struct actor_script editor = {.heap_bytes = scene->options->pool_bytes / AWAKE_PART, .seed = 100 + i};
                struct actor_script compiler = compiler_script(scene, i);

                script_add(&editor, ACTOR_PROBE, 0, end_usec(scene), PROBE_BYTES);
                if (!stage_add_actor(stage, i, &editor) || !stage_add_actor(stage, i, &compiler))
                        return -1;
        }
        return stage_wait_for_heaps(stage);
}

/* A waker that is not done yet counts with what it has waited until now. */
static void note_wakes(const struct scene *scene, const struct stage *stage, double *ret_mean, double *ret_max)
{
        uint64_t sum = 0, most = 0;

        for (size_t i = 0; i < 2; i++) {
                const struct actor *actor = stage->actors[i];
                uint64_t took = now_usec() - stage->signal->go_usec - actor->script.steps[0].from_usec;

                actor_took(actor, ACTOR_TOUCH, 0, end_usec(scene), &took);
                sum += took;
                most = took > most ? took : most;
        }
        *ret_mean = sec_of(sum / 2);
        *ret_max = sec_of(most);
}

static void note(const struct scene *scene, const struct stage *stage, const struct counted *counted, double *ret)
{
        uint64_t from = scene->options->settle_usec;
        struct percentiles probe = stage_took(stage, ACTOR_PROBE, from, end_usec(scene));
        struct percentiles growth = stage_took(stage, ACTOR_GROW, from, end_usec(scene));

        *ret++ = msec_of(probe.p50_usec);
        *ret++ = msec_of(probe.p99_usec);
        *ret++ = msec_of(probe.max_usec);
        *ret++ = msec_of(growth.p99_usec);
        *ret++ = msec_of(growth.max_usec);
        *ret++ = mib_of(counted->some.refault_pages * 4096);
        *ret++ = msec_of(counted->some.full_usec);
        note_wakes(scene, stage, ret, ret + 1);
        ret += 2;
        *ret++ = (double)counted->pool.high;
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
                .first_counted = 0,
                .n_counted = AWAKE,
                .note = note,
        };

        for (size_t i = 0; i < AWAKE; i++)
                scene_add(&plan, "awake", i + 1, true);
        for (size_t i = 0; i < SLEEPERS; i++)
                scene_add(&plan, "asleep", i + 1, false);
        return scene_play(scene, &plan, &play, ret);
}

const struct scenario scenario_crowd = {
        .name = "crowd",
        .what = "two awake and four asleep who do not fit together, with swap",
        .policies = "equal,senpai,uresourced,cgburst",
        .figures = figures,
        .n_figures = sizeof(figures) / sizeof(figures[0]),
        .run = run,
};
