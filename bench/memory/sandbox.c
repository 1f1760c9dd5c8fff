/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The coding sandbox: a build in one workspace whose memory.max is a little above the build's peak, without swap, as hosts
 * of containers are. The peak is that of a build without a limit, so it fits whatever the compiler. The pool is no larger,
 * so memory *is* short in it: a law that takes from who works because of that would be seen here.
 */

#include <errno.h>
#include <stdio.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "scenario.h"

/* memory.max above the peak: what the peak of the same build differs by from one time to the next is less. */
#define ROOM_PERCENT 2

#define LOOK_USEC (20 * USEC_PER_MSEC)

static const struct figure figures[] = {
        {"finished", "build finished", 0, false},
        {"wall_sec", "wall time, s", 2, true},
        {"kernel_sec", "kernel time, s", 2, true},
        {"cpu_sec", "CPU time, s", 2, false},
        {"full_sec", "stalled for memory, s", 2, false},
        {"high", "memory.events high", 0, false},
        {"max", "memory.events max", 0, false},
        {"oom_kills", "OOM kills", 0, false},
        {"peak_mib", "peak, MiB", 0, false},
        {"limits_written", "limits written", 0, false},
};

struct outcome {
        bool finished;
        uint64_t wall_usec;
        uint64_t limits_written;
        struct witness witness;
};

/* @return 0 also if it did not finish in time */
static int wait_for_build(struct stage *stage, const struct build *build, uint64_t patience_usec)
{
        uint64_t until = now_usec() + patience_usec;
        int error = 0;

        while (error >= 0 && !atomic_load(&build->done) && now_usec() < until)
                error = stage_wait(stage, now_usec() + LOOK_USEC);
        return error;
}

static int watch(struct scene *scene, struct stage *stage, struct build *build, struct outcome *ret)
{
        struct witness begin = stage_witness(stage, 0), end;
        uint64_t begin_usec = now_usec();
        pid_t pid = crew_start(&stage->crew, &stage->groups, 0, build_all, build);
        int error;

        if (pid < 0)
                return pid;
        error = wait_for_build(stage, build, scene->options->patience_usec);
        if (error < 0)
                return error;
        end = stage_witness(stage, 0);
        *ret = (struct outcome){
                .finished = atomic_load(&build->done) && !build->failed,
                .wall_usec = atomic_load(&build->done) ? build->wall_usec : now_usec() - begin_usec,
                .limits_written = stage->manager.pid ? atomic_load(&stage->manager.memory->limits_written) : 0,
                .witness = witness_between(&begin, &end),
        };
        return 0;
}

static int build_once(struct scene *scene, const struct memory_policy *policy, uint64_t limit_bytes, struct outcome *ret)
{
        struct stage_plan plan = scene_plan(scene, policy, limit_bytes);
        struct workspace *workspace = scene_add(&plan, "sandbox", 1, true);
        struct build *build = share_memory(sizeof(*build));
        struct stage stage;
        int error;

        if (!build)
                return -ENOMEM;
        build->plan = scene->build;
        workspace->max_bytes = limit_bytes;
        workspace->request_bytes = limit_bytes / 2;
        workspace->swap_max_bytes = 0;
        error = stage_begin(&stage, &plan);
        if (error >= 0) {
                error = watch(scene, &stage, build, ret);
                stage_end(&stage);
        }
        unshare_memory(build, sizeof(*build));
        return error;
}

static int prepare(struct scene *scene)
{
        const struct memory_options *options = scene->options;
        struct outcome outcome;
        int error;

        error = build_prepare(&scene->build, options->compiler, options->table_lines, options->small_files);
        if (error < 0)
                return error;
        error = build_once(scene, memory_policy_find("equal"), NO_LIMIT, &outcome);
        if (error < 0)
                return error;
        if (!outcome.finished)
                return complain(-ETIMEDOUT, "the build does not finish without a limit in --patience %.0f s",
                        sec_of(options->patience_usec));
        if (!outcome.witness.peak_bytes)
                return complain(-EOPNOTSUPP, "memory.peak is missing: Linux 5.19 or later is needed for the sandbox");
        scene->limit_bytes = (outcome.witness.peak_bytes / 100 * (100 + ROOM_PERCENT) / MIB + 1) * MIB;
        fprintf(stderr, "sandbox: %s, %.1f s and at most %.0f MiB without a limit\n",
                *scene->build.compiler ? scene->build.compiler : "stand-in for a compiler", sec_of(outcome.wall_usec),
                mib_of(outcome.witness.peak_bytes));
        return 0;
}

static void finish(struct scene *scene)
{
        build_remove(&scene->build);
}

static void describe(const struct scene *scene, char *ret, size_t size)
{
        snprintf(ret, size, "%s, a table of %u lines and %u small files; memory.max %.0f MiB, no swap",
                *scene->build.compiler ? scene->build.compiler : "stand-in for a compiler", scene->build.table_lines,
                scene->build.small_files, mib_of(scene->limit_bytes));
}

static int run(struct scene *scene, const struct memory_policy *policy, double *ret)
{
        struct outcome outcome;
        const struct witness *witness = &outcome.witness;
        int error = build_once(scene, policy, scene->limit_bytes, &outcome);

        if (error < 0)
                return error;
        *ret++ = outcome.finished;
        *ret++ = sec_of(outcome.wall_usec);
        *ret++ = sec_of(witness->system_usec);
        *ret++ = sec_of(witness->cpu_usec);
        *ret++ = sec_of(witness->full_usec);
        *ret++ = (double)witness->high;
        *ret++ = (double)witness->max;
        *ret++ = (double)witness->oom_kill;
        *ret++ = mib_of(witness->peak_bytes);
        *ret++ = (double)outcome.limits_written;
        return 0;
}

const struct scenario scenario_sandbox = {
        .name = "sandbox",
        .what = "a build whose peak is near its memory.max",
        .policies = "equal,static,kubernetes,cgburst",
        .figures = figures,
        .n_figures = sizeof(figures) / sizeof(figures[0]),
        .prepare = prepare,
        .run = run,
        .finish = finish,
        .describe = describe,
};
