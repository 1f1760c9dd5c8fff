/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From event to event: the earliest of an arrival, a completion, a quota's change and a step. What falls on one instant
 * happens in this order: work ends, work comes, the policy steps.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "run.h"

#define SEC(usec) ((double)(usec)*1e-6)

/* For policies without steps, so that there are windows to measure the floor in. */
#define WINDOW_USEC USEC_PER_SEC

/* Looking for a signal and telling the progress once in so many events: some thousand a second of real time. */
#define EVENTS_PER_LOOK 65536

struct run {
        const struct sim_plan *plan;
        const struct trace *trace;
        struct layout layout;
        struct node node;
        struct measure measure;
        struct timeline timeline;
        struct sim_choice choice;
        void *state;
        bool opened;
        uint64_t step_usec; /* of the policy; 0: none */
        uint64_t window_usec;
        uint64_t windows;  /* that have passed */
        size_t *jobs_left; /* [workspace]: that have not come or not finished; NULL: groups are there from the start to the
                              end */
        bool came;         /* a group has been added, and its knobs may be set */
        size_t arrived;
        size_t unfinished; /* of those that end */
        bool totalled;
        uint64_t events;
        uint64_t writes;
        uint64_t began_usec;
        uint64_t told_usec;
};

uint64_t sim_step_usec(const struct sim_plan *plan)
{
        const struct sim_policy *policy = plan->choice->policy;

        if (policy->step_usec > 0 && policy->step_is_free && plan->step_usec > 0)
                return plan->step_usec;
        return policy->step_usec;
}

static bool ends(const struct trace_job *job)
{
        return !isinf(job->cpu_sec) || !isinf(job->stop_sec);
}

/* Its parents first, as they come first in the array. */
static void come(struct run *run, uint32_t workspace)
{
        struct sim_machine *machine = &run->layout.machine;

        for (uint32_t i = 0; i < machine->n_groups; i++) {
                if (machine->groups[i].workspace != workspace || machine->groups[i].present)
                        continue;
                machine->groups[i].present = run->came = true;
                if (run->choice.policy->added)
                        run->choice.policy->added(run->state, machine, i);
        }
}

static void leave(struct run *run, uint32_t workspace)
{
        struct sim_machine *machine = &run->layout.machine;

        for (uint32_t i = machine->n_groups; i-- > 0;) {
                if (machine->groups[i].workspace != workspace)
                        continue;
                if (run->choice.policy->gone)
                        run->choice.policy->gone(run->state, machine, i);
                machine->groups[i].present = false;
        }
}

static void arrive(struct run *run, uint32_t number)
{
        const struct trace_job *job = &run->trace->jobs[number];
        struct node_work work = {
                .cpu_sec = job->cpu_sec,
                .threads = job->parallelism,
                .stop_sec = job->stop_sec,
                .memory_bytes = job->memory_bytes,
        };

        if (run->jobs_left)
                come(run, job->workspace);
        measure_arrival(&run->measure, number);
        run->unfinished += ends(job);
        node_start(&run->node, number, layout_group_of(&run->layout, run->trace, job), &work);
}

static void finish(struct run *run, uint32_t number)
{
        const struct trace_job *job = &run->trace->jobs[number];

        bool finished = !isinf(job->cpu_sec) && run->node.now_sec < job->stop_sec; /* endless work is given up, never done */

        measure_completion(&run->measure, number, run->node.now_sec, finished);
        run->unfinished--;
        if (run->jobs_left && --run->jobs_left[job->workspace] == 0)
                leave(run, job->workspace);
}

static bool finish_all(struct run *run)
{
        uint32_t number;
        bool any = false;

        while (node_take_finished(&run->node, &number)) {
                finish(run, number);
                any = true;
        }
        return any;
}

static bool arrive_all(struct run *run)
{
        size_t before = run->arrived;

        while (run->arrived < run->trace->n_jobs && run->trace->jobs[run->arrived].arrival_sec <= run->node.now_sec)
                arrive(run, (uint32_t)run->arrived++);
        return run->arrived > before;
}

static double window_end_sec(const struct run *run)
{
        return SEC((double)(run->windows + 1) * (double)run->window_usec);
}

/* @return whether weights or quotas have changed; or a negative errno. Complains. */
static int take_knobs(struct run *run)
{
        uint32_t group;
        int writes = node_take_knobs(&run->node, &group);

        if (writes < 0)
                return complain(writes, "policy %s: %s: a knob is out of the kernel's range", run->choice.name,
                        run->layout.machine.groups[group].name);
        run->writes += (uint64_t)writes;
        return writes > 0;
}

static int step(struct run *run)
{
        node_tell_facts(&run->node);
        run->layout.machine.now_usec = run->windows * run->window_usec;
        run->choice.policy->step(run->state, &run->layout.machine, run->layout.machine.now_usec);
        return take_knobs(run);
}

static int watch(struct run *run)
{
        return timeline_take(
                &run->timeline, &run->layout.machine, run->choice.policy, run->state, run->windows * run->window_usec);
}

/* @return as step() */
static int end_windows(struct run *run)
{
        int changed = 0;

        while (window_end_sec(run) <= run->node.now_sec && changed >= 0) {
                int error;

                run->windows++;
                measure_window(&run->measure, &run->node, SEC(run->window_usec));
                error = run->step_usec > 0 ? step(run) : 0;
                changed = error < 0 ? error : changed | error;
                if (changed >= 0 && watch(run) < 0)
                        changed = complain(-ENOMEM, "the series of %s", run->choice.name);
        }
        return changed;
}

static double next_event_sec(const struct run *run)
{
        double next = fmin(run->node.next_sec, window_end_sec(run));

        if (run->arrived < run->trace->n_jobs)
                next = fmin(next, run->trace->jobs[run->arrived].arrival_sec);
        return run->totalled ? next : fmin(next, run->trace->span_sec);
}

static void total(struct run *run)
{
        if (run->totalled || run->node.now_sec < run->trace->span_sec)
                return;
        measure_totals(&run->measure, &run->node);
        run->totalled = true;
}

static bool is_over(const struct run *run)
{
        return run->totalled && run->unfinished == 0 && run->arrived == run->trace->n_jobs;
}

static int look_up(struct run *run)
{
        uint64_t now = now_usec();

        if (run->plan->interrupt && interrupted(run->plan->interrupt))
                return -EINTR;
        if (run->plan->quiet || !isatty(STDERR_FILENO) || now - run->told_usec < USEC_PER_SEC)
                return 0;
        run->told_usec = now;
        fprintf(stderr, "\r%s, %s: %.0f of %.0f s, %zu of %zu jobs\033[K", run->trace->name, run->choice.name,
                run->node.now_sec, run->trace->span_sec, run->arrived, run->trace->n_jobs);
        return 0;
}

static int run_event(struct run *run)
{
        bool changed = node_advance(&run->node, next_event_sec(run));
        int error;

        changed |= finish_all(run);
        total(run);
        changed |= arrive_all(run);
        error = run->came ? take_knobs(run) : 0;
        run->came = false;
        error = error < 0 ? error : end_windows(run);
        if (error < 0)
                return error;
        if (changed || error > 0) {
                node_share(&run->node);
                measure_rates(&run->measure, &run->node);
        }
        return ++run->events % EVENTS_PER_LOOK == 0 ? look_up(run) : 0;
}

static int open_policy(struct run *run)
{
        const struct sim_policy *policy = run->choice.policy;
        struct sim_machine *machine = &run->layout.machine;
        int error = policy->open(&run->state, machine, run->step_usec, &run->choice.arguments);

        run->opened = error == 0;
        if (sim_arguments_check(&run->choice) < 0)
                return -EINVAL;
        if (error < 0)
                return complain(error, "--policy %s", run->choice.name);
        for (uint32_t i = 0; i < machine->n_groups && policy->added && error == 0; i++)
                if (machine->groups[i].present)
                        policy->added(run->state, machine, i);
        return error < 0 ? error : take_knobs(run);
}

/* Hogs are jobs behind those of the trace. */
static int make_node(struct run *run)
{
        const struct sim_plan *plan = run->plan;
        struct node_work endless = {.cpu_sec = INFINITY, .threads = plan->cpus, .stop_sec = INFINITY};
        size_t n_jobs = run->trace->n_jobs;
        int error =
                n_jobs + plan->hogs < UINT32_MAX ? node_init(&run->node, &run->layout.machine, n_jobs + plan->hogs) : -E2BIG;

        for (uint32_t i = 0; i < plan->hogs && error == 0; i++)
                node_start(&run->node, (uint32_t)n_jobs + i, run->layout.first_hog + i, &endless);
        return error < 0 ? error : measure_init(&run->measure, run->trace, &run->layout);
}

/* Groups of workspaces come with their first job, and go with their last. */
static int let_come_and_go(struct run *run)
{
        struct sim_machine *machine = &run->layout.machine;

        run->jobs_left = calloc(run->trace->n_workspaces + 1, sizeof(*run->jobs_left));
        if (!run->jobs_left)
                return -ENOMEM;
        for (size_t i = 0; i < run->trace->n_jobs; i++)
                run->jobs_left[run->trace->jobs[i].workspace]++;
        for (uint32_t i = 0; i < machine->n_groups; i++)
                machine->groups[i].present = machine->groups[i].workspace >= run->trace->n_workspaces;
        return 0;
}

static int begin(struct run *run)
{
        const struct sim_plan *plan = run->plan;
        int error;

        run->choice = *plan->choice;
        run->step_usec = sim_step_usec(plan);
        run->window_usec = run->step_usec ? run->step_usec : plan->step_usec ? plan->step_usec : WINDOW_USEC;
        error = layout_make(&run->layout, run->trace, plan->cpus, plan->lanes, plan->hogs);
        if (error == 0)
                error = make_node(run);
        if (error == 0)
                error = timeline_init(&run->timeline, &run->layout.machine, plan->series_usec);
        if (error == 0 && plan->come_and_go)
                error = let_come_and_go(run);
        if (error < 0)
                return complain(error, "%s", run->trace->name);
        error = open_policy(run);
        if (error < 0)
                return error;
        arrive_all(run);
        error = take_knobs(run);
        node_share(&run->node);
        measure_rates(&run->measure, &run->node);
        return error;
}

static void end(struct run *run)
{
        if (run->opened && run->choice.policy->close)
                run->choice.policy->close(run->state);
        measure_free(&run->measure);
        timeline_free(&run->timeline);
        node_free(&run->node);
        layout_free(&run->layout);
        free(run->jobs_left);
}

static int make_result(struct sim_result *ret, struct run *run)
{
        struct sim_result result = {
                .steps = run->step_usec > 0 ? run->windows : 0,
                .writes = run->writes,
                .elapsed_sec = SEC(now_usec() - run->began_usec),
        };

        if (measure_result(&result, &run->measure, &run->node) < 0) {
                sim_result_free(&result);
                return complain(-ENOMEM, "the results of %s", run->choice.name);
        }
        result.timeline = run->timeline;
        run->timeline = (struct timeline){0};
        *ret = result;
        return 0;
}

int sim_run(struct sim_result *ret, const struct sim_plan *plan)
{
        struct run run = {.plan = plan, .trace = plan->trace, .began_usec = now_usec()};
        int error = begin(&run);

        while (error >= 0 && !is_over(&run))
                error = run_event(&run);
        if (error >= 0)
                error = make_result(ret, &run);
        end(&run);
        return error;
}
