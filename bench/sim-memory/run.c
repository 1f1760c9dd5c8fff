/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * In ticks of ten milliseconds: everybody acts in turn, in the order of the groups, then the kernel's averages move, then
 * the policy steps if it is due.
 */

#include <errno.h>
#include <stdlib.h>

#include "../common/complain.h"
#include "run.h"

#define TICK_USEC UINT64_C(10000)
#define TICK_SEC ((double)TICK_USEC / 1e6)

/* The kernel's averages, and the trigger that cgburst sets: so long a wait in so long a time. */
#define WINDOW_USEC UINT64_C(2000000)
#define TRIGGER_USEC UINT64_C(150000)

struct list {
        size_t n, room, unfinished;
        double *slowdown, *response_sec;
};

struct mem_run {
        const struct mem_scenario *scenario;
        const struct mem_policy *policy;
        struct mem_node node;
        struct mem_machine machine;
        struct mem_actor *actors;
        struct list lists[MEM_KINDS];
        void *state;
        uint64_t next_step_usec;
        uint64_t window_stalled_usec, window_began_usec; /* of the parent: the sum over its groups, at most the time */
        uint64_t stalled_before_usec;
        uint64_t writes, ticks;
        double resident_pages;
};

static int note(struct mem_run *run, const struct mem_outcome *outcome)
{
        struct list *list = &run->lists[outcome->kind];

        if (list->n == list->room) {
                size_t room = list->room ? 2 * list->room : 256;
                double *slowdown = realloc(list->slowdown, room * sizeof(double)), *response;

                if (!slowdown)
                        return -ENOMEM;
                list->slowdown = slowdown;
                response = realloc(list->response_sec, room * sizeof(double));
                if (!response)
                        return -ENOMEM;
                list->response_sec = response;
                list->room = room;
        }
        list->slowdown[list->n] = outcome->took_sec > outcome->wanted_sec ? outcome->took_sec / outcome->wanted_sec : 1;
        list->response_sec[list->n++] = outcome->took_sec;
        list->unfinished += outcome->unfinished;
        return 0;
}

static void tell_facts(struct mem_run *run)
{
        for (size_t i = 0; i < run->node.n; i++)
                run->node.groups[i].facts.current_bytes = mem_resident(&run->node.groups[i]) * MEM_PAGE_BYTES;
}

static int make_groups(struct mem_run *run)
{
        const struct mem_scenario *scenario = run->scenario;

        run->node.groups = calloc(scenario->n, sizeof(*run->node.groups));
        run->actors = calloc(scenario->n, sizeof(*run->actors));
        if (!run->node.groups || !run->actors)
                return -ENOMEM;
        run->node.n = scenario->n;
        for (size_t i = 0; i < scenario->n; i++) {
                const struct mem_workspace *workspace = &scenario->workspaces[i];

                run->node.groups[i] = (struct mem_group){
                        .name = workspace->name,
                        .knobs = {.high_bytes = MEM_MAX, .max_bytes = workspace->max_pages * MEM_PAGE_BYTES},
                };
                run->node.groups[i].taken = run->node.groups[i].knobs;
                run->actors[i] = (struct mem_actor){.group = i, .deeds = workspace->deeds, .n = workspace->n_deeds};
        }
        return 0;
}

/* What is there from the start; where that is more than there is, the first of them are in swap already. */
static void fill(struct mem_run *run)
{
        for (size_t i = 0; i < run->node.n; i++) {
                mem_grow(&run->node, i, MEM_COLD, run->scenario->workspaces[i].cold_pages);
                mem_grow(&run->node, i, MEM_HOT, run->scenario->workspaces[i].hot_pages);
        }
        tell_facts(run);
}

static uint64_t stalled_usec(const struct mem_run *run)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < run->node.n; i++)
                sum += run->node.groups[i].facts.some_usec;
        return sum;
}

/*
 * `some` of the parent is true while anybody stands still: in a tick, as long as who stood longest, and so at most the sum
 * and the tick.
 */
static void watch_pressure(struct mem_run *run)
{
        uint64_t stalled = stalled_usec(run), grown = stalled - run->stalled_before_usec;

        run->stalled_before_usec = stalled;
        run->window_stalled_usec += grown < TICK_USEC ? grown : TICK_USEC;
        if (run->window_stalled_usec >= TRIGGER_USEC)
                run->machine.pressed = true;
        if (run->node.now_usec - run->window_began_usec < WINDOW_USEC)
                return;
        run->window_began_usec = run->node.now_usec;
        run->window_stalled_usec = 0;
        mem_average(&run->node);
}

static void step_policy(struct mem_run *run)
{
        uint64_t due_usec = run->next_step_usec;

        if (run->policy->step_usec == 0)
                return;
        if (run->policy->due_usec && run->policy->due_usec(run->state) < due_usec)
                due_usec = run->policy->due_usec(run->state);
        if (run->node.now_usec < due_usec)
                return;
        tell_facts(run);
        run->machine.now_usec = run->node.now_usec;
        run->policy->step(run->state, &run->machine);
        run->writes += mem_take_knobs(&run->node);
        run->machine.pressed = false;
        for (size_t i = 0; i < run->node.n; i++)
                run->node.groups[i].facts.ran = false;
        while (run->next_step_usec <= run->node.now_usec)
                run->next_step_usec += run->policy->step_usec;
}

static int tick(struct mem_run *run)
{
        for (size_t i = 0; i < run->node.n; i++) {
                struct mem_outcome outcome;

                if (mem_act(&run->actors[i], &run->node, TICK_SEC, &outcome) && note(run, &outcome) < 0)
                        return -ENOMEM;
        }
        run->node.now_usec += TICK_USEC;
        run->ticks++;
        run->resident_pages += (double)(run->node.size_pages - mem_free(&run->node));
        watch_pressure(run);
        step_policy(run);
        return 0;
}

static int play(struct mem_run *run)
{
        uint64_t end_usec = (uint64_t)(run->scenario->span_sec * 1e6);
        struct mem_outcome outcome;
        int error = 0;

        run->next_step_usec = run->policy->step_usec;
        run->writes += mem_take_knobs(&run->node);
        while (run->node.now_usec < end_usec && error == 0)
                error = tick(run);
        for (size_t i = 0; i < run->node.n && error == 0; i++)
                if (mem_give_up(&run->actors[i], &run->node, &outcome))
                        error = note(run, &outcome);
        return error;
}

static void sum_up(struct mem_result *ret, struct mem_run *run)
{
        struct mem_result result = {.writes = run->writes, .stall_sec = (double)stalled_usec(run) / 1e6};

        for (int kind = 0; kind < MEM_KINDS; kind++) {
                struct list *list = &run->lists[kind];

                result.kinds[kind].slowdown = summary_of(list->slowdown, list->n);
                result.kinds[kind].response_sec = summary_of(list->response_sec, list->n);
                result.kinds[kind].unfinished = list->unfinished;
        }
        for (size_t i = 0; i < run->node.n; i++) {
                const struct mem_group *group = &run->node.groups[i];

                result.delayed_sec += (double)group->delayed_usec / 1e6;
                result.refaulted_bytes += group->facts.refaulted_bytes;
                result.oom_kills += group->facts.oom_kills;
        }
        result.mean_resident_bytes = (uint64_t)(run->resident_pages / (double)run->ticks) * MEM_PAGE_BYTES;
        *ret = result;
}

static void end(struct mem_run *run)
{
        if (run->policy->close)
                run->policy->close(run->state);
        for (int kind = 0; kind < MEM_KINDS; kind++) {
                free(run->lists[kind].slowdown);
                free(run->lists[kind].response_sec);
        }
        free(run->node.groups);
        free(run->actors);
}

int mem_run(struct mem_result *ret, const struct mem_scenario *scenario, const struct mem_policy *policy,
        const struct mem_costs *costs)
{
        struct mem_run run = {
                .scenario = scenario,
                .policy = policy,
                .node = {.size_pages = scenario->size_pages, .swap_pages = scenario->swap_pages, .costs = *costs},
        };
        int error = make_groups(&run);

        run.machine.node = &run.node;
        if (error == 0) {
                fill(&run);
                error = policy->open(&run.state, &run.machine);
        }
        if (error == 0)
                error = play(&run);
        if (error == 0)
                sum_up(ret, &run);
        end(&run);
        return error < 0 ? complain(error, "%s under %s", scenario->name, policy->name) : 0;
}
