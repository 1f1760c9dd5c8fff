/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdio.h>

#include <cgburst/policy.h>

#include "../common/clock.h"
#include "../kernel/run.h"
#include "stage.h"

#define JOBS_MIN 2 /* of a build; and no fewer than there are CPUs, so that the builds can fill them */
#define JOBS_MAX (CREW_MAX / 8)

#define STEP_USEC USEC_PER_SEC

/* Pauses of somebody who types, and of somebody who stops typing now and then to see what the compiler says. */
#define BURST_THINK_MIN_USEC (300 * USEC_PER_MSEC)
#define BURST_THINK_MAX_USEC (2000 * USEC_PER_MSEC)
#define CHECK_THINK_MIN_USEC (1000 * USEC_PER_MSEC)
#define CHECK_THINK_MAX_USEC (4000 * USEC_PER_MSEC)

static const uint64_t burst_usec[] = {[TASK_SHORT] = 20 * USEC_PER_MSEC, [TASK_LONG] = 100 * USEC_PER_MSEC};

static int make_groups(struct stage *stage)
{
        int error;

        error = groups_open(&stage->groups);
        if (error >= 0)
                error = groups_add(&stage->groups, "editor", CGB_WEIGHT_DEFAULT);
        for (unsigned i = 1; i <= N_BUILDS && error >= 0; i++) {
                char name[16];

                snprintf(name, sizeof(name), "build-%u", i);
                error = groups_add(&stage->groups, name, CGB_WEIGHT_DEFAULT);
        }
        return error < 0 ? error : 0;
}

static int make_jobs(struct stage *stage)
{
        unsigned jobs = count_cpus() < JOBS_MIN ? JOBS_MIN : count_cpus() > JOBS_MAX ? JOBS_MAX : count_cpus();

        stage->n_jobs = N_BUILDS * jobs;
        stage->jobs = share_memory(stage->n_jobs * sizeof(*stage->jobs));
        return stage->jobs ? 0 : -ENOMEM;
}

int stage_set(struct stage *stage)
{
        int error;

        error = source_open(&stage->source, BENCH_SOURCE_ROOT);
        if (error >= 0)
                error = make_jobs(stage);
        if (error >= 0)
                error = make_groups(stage);
        return error;
}

static int start_probe(struct stage *stage, enum demo_task task)
{
        const struct probe_plan plan = {
                .burst_usec = burst_usec[task],
                .think_min_usec = BURST_THINK_MIN_USEC,
                .think_max_usec = BURST_THINK_MAX_USEC,
                .seed = task + 1,
        };

        stage->probes[task] = probe_new(&plan, &stage->spinner, -1);
        if (!stage->probes[task])
                return -ENOMEM;
        return crew_start(&stage->crew, &stage->groups, INTERACTIVE, probe_work, stage->probes[task]);
}

static int start_checker(struct stage *stage)
{
        stage->checker = share_memory(sizeof(*stage->checker));
        if (!stage->checker)
                return -ENOMEM;
        stage->checker->source = &stage->source;
        stage->checker->think_min_usec = CHECK_THINK_MIN_USEC;
        stage->checker->think_max_usec = CHECK_THINK_MAX_USEC;
        stage->checker->seed = TASK_CHECK + 1;
        return crew_start(&stage->crew, &stage->groups, INTERACTIVE, checker_work, stage->checker);
}

int stage_start_editor(struct stage *stage)
{
        int error;

        spinner_calibrate(&stage->spinner);
        error = start_probe(stage, TASK_SHORT);
        if (error >= 0)
                error = start_probe(stage, TASK_LONG);
        if (error >= 0)
                error = start_checker(stage);
        return error < 0 ? error : 0;
}

int stage_start_builds(struct stage *stage)
{
        for (unsigned i = 0; i < stage->n_jobs; i++) {
                int error;

                stage->jobs[i].source = &stage->source;
                stage->jobs[i].number = i;
                error = crew_start(&stage->crew, &stage->groups, FIRST_LOAD + i % N_BUILDS, build_work, &stage->jobs[i]);
                if (error < 0)
                        return error;
        }
        return 0;
}

int stage_start_cgburst(struct stage *stage)
{
        const struct manager_options options = {.step_usec = STEP_USEC};

        return manager_start(&stage->manager, &stage->groups, &options);
}

void stage_clear(struct stage *stage)
{
        crew_kill(&stage->crew);
        manager_stop(&stage->manager);
        groups_close(&stage->groups); /* with the compilers that the killed jobs left */
        for (unsigned i = 0; i < TASK_CHECK; i++)
                if (stage->probes[i])
                        probe_free(stage->probes[i]);
        if (stage->checker)
                unshare_memory(stage->checker, sizeof(*stage->checker));
        if (stage->jobs)
                unshare_memory(stage->jobs, stage->n_jobs * sizeof(*stage->jobs));
        source_close(&stage->source);
}

unsigned stage_count_compiles(const struct stage *stage)
{
        unsigned done = 0;

        for (unsigned i = 0; i < stage->n_jobs; i++)
                done += atomic_load(&stage->jobs[i].done);
        return done;
}

unsigned stage_count_failures(const struct stage *stage)
{
        unsigned failed = atomic_load(&stage->checker->failed);

        for (unsigned i = 0; i < stage->n_jobs; i++)
                failed += atomic_load(&stage->jobs[i].failed);
        return failed;
}

/* The @i-th response to a task. */
static struct check response_at(const struct stage *stage, enum demo_task task, size_t i)
{
        if (task == TASK_CHECK)
                return stage->checker->checks[i];
        return (struct check){stage->probes[task]->bursts[i].due_usec, stage->probes[task]->bursts[i].response_usec};
}

static size_t count_responses(const struct stage *stage, enum demo_task task)
{
        return atomic_load(task == TASK_CHECK ? &stage->checker->n : &stage->probes[task]->n);
}

size_t stage_responses(const struct stage *stage, enum demo_task task, uint64_t from_usec, uint64_t *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < count_responses(stage, task); i++) {
                struct check response = response_at(stage, task, i);

                if (response.due_usec >= from_usec)
                        ret[n++] = response.response_usec;
        }
        return n;
}

uint64_t stage_last_response_usec(const struct stage *stage, enum demo_task task)
{
        size_t n = count_responses(stage, task);

        return n ? response_at(stage, task, n - 1).response_usec : 0;
}
