/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "node.h"

#define SEC(usec) ((double)(usec)*1e-6)
#define USEC(sec) ((uint64_t)((sec)*1e6))

/* Ranges of the kernel's files (Documentation/admin-guide/cgroup-v2.rst, and kernel/sched/core.c for cpu.max). */
#define WEIGHT_MAX 10000
#define QUOTA_MIN_USEC 1000
#define PERIOD_MIN_USEC 1000
#define PERIOD_MAX_USEC 1000000

/* What ends within a nanosecond of now has ended: the next float up would make an event of nothing. */
#define SAME_TIME_SEC 1e-9

int node_init(struct node *ret, struct sim_machine *machine, size_t n_jobs)
{
        struct node node = {.machine = machine, .next_sec = INFINITY};

        node.groups = calloc(machine->n_groups, sizeof(*node.groups));
        node.jobs = calloc(n_jobs + 1, sizeof(*node.jobs));
        if (!node.groups || !node.jobs) {
                node_free(&node);
                return -ENOMEM;
        }
        for (uint32_t i = 0; i < machine->n_groups; i++) {
                struct node_group *group = &node.groups[i];

                group->parent = machine->groups[i].parent;
                group->is_leaf = machine->groups[i].role != SIM_PARENT;
                group->first_job = group->last_job = NODE_NONE;
                group->finish_sec = INFINITY;
                group->weight = machine->groups[i].knobs.weight;
                bandwidth_init(&group->bandwidth);
        }
        *ret = node;
        return 0;
}

void node_free(struct node *node)
{
        free(node->groups);
        free(node->jobs);
        *node = (struct node){0};
}

/* Memory is charged to a group and all above it. */
static void charge_memory(struct node *node, uint32_t number, uint64_t bytes)
{
        for (uint32_t i = number;; i = node->groups[i].parent) {
                node->groups[i].memory_bytes += bytes;
                if (i == SIM_ROOT)
                        return;
        }
}

void node_start(struct node *node, uint32_t number, uint32_t group_number, const struct node_work *work)
{
        struct node_group *group = &node->groups[group_number];

        node->jobs[number] = (struct node_job){
                .group = group_number,
                .next = NODE_NONE,
                .work = *work,
                .remaining_sec = work->cpu_sec,
                .since_sec = node->now_sec,
                .finish_sec = INFINITY, /* until node_share() has given it a rate */
        };
        charge_memory(node, group_number, work->memory_bytes);
        if (group->last_job == NODE_NONE)
                group->first_job = number;
        else
                node->jobs[group->last_job].next = number;
        group->last_job = number;
        group->jobs_changed = true;
}

static void count(struct node_group *group, double elapsed_sec)
{
        group->usage_sec += group->rate * elapsed_sec;
        group->some_sec += fmin(group->threads - group->rate, 1) * elapsed_sec;
}

bool node_advance(struct node *node, double to_sec)
{
        double elapsed_sec = to_sec - node->now_sec, cpus = node->machine->cpus;
        const struct node_group *root = &node->groups[SIM_ROOT];
        bool changed = to_sec >= node->next_sec;

        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                struct node_group *group = &node->groups[i];

                if (group->threads > 0)
                        count(group, elapsed_sec);
                if (!isinf(group->bandwidth.quota_sec))
                        changed |= bandwidth_advance(
                                &group->bandwidth, node->now_sec, to_sec, group->rate, fmin(group->threads, cpus));
        }
        node->used_sec += root->rate * elapsed_sec;
        node->wanted_sec += fmin(root->threads, cpus) * elapsed_sec;
        node->now_sec = to_sec;
        return changed;
}

/* @before: the job before it in its group's list, or NODE_NONE. */
static void remove_job(struct node *node, struct node_group *group, uint32_t before, uint32_t number)
{
        uint32_t next = node->jobs[number].next;

        if (before == NODE_NONE)
                group->first_job = next;
        else
                node->jobs[before].next = next;
        if (group->last_job == number)
                group->last_job = before;
        charge_memory(node, node->jobs[number].group, -node->jobs[number].work.memory_bytes);
        group->jobs_changed = true;
}

static bool take_finished_of(struct node *node, struct node_group *group, uint32_t *ret_job)
{
        uint32_t before = NODE_NONE;

        for (uint32_t i = group->first_job; i != NODE_NONE; before = i, i = node->jobs[i].next)
                if (node->jobs[i].finish_sec <= node->now_sec + SAME_TIME_SEC) {
                        remove_job(node, group, before, i);
                        *ret_job = i;
                        return true;
                }
        group->finish_sec = INFINITY; /* node_share() is due, and finds it anew */
        return false;
}

bool node_take_finished(struct node *node, uint32_t *ret_job)
{
        if (node->next_sec > node->now_sec)
                return false;
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                struct node_group *group = &node->groups[i];

                if (group->finish_sec <= node->now_sec + SAME_TIME_SEC && take_finished_of(node, group, ret_job))
                        return true;
        }
        return false;
}

void node_tell_facts(const struct node *node)
{
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                const struct node_group *group = &node->groups[i];
                struct sim_facts *facts = &node->machine->groups[i].facts;

                facts->usage_usec = USEC(group->usage_sec);
                facts->memory_current_bytes = group->memory_bytes;
                facts->cpu_some_usec = USEC(group->some_sec);
                facts->nr_periods = group->bandwidth.nr_periods;
                facts->nr_throttled = group->bandwidth.nr_throttled;
                facts->throttled_usec = USEC(group->bandwidth.throttled_sec);
                facts->nr_bursts = group->bandwidth.nr_bursts;
                facts->burst_usec = USEC(group->bandwidth.beyond_quota_sec);
        }
}

static bool knobs_are_valid(const struct sim_knobs *knobs)
{
        if (knobs->weight < 1 || knobs->weight > WEIGHT_MAX)
                return false;
        if (knobs->period_usec < PERIOD_MIN_USEC || knobs->period_usec > PERIOD_MAX_USEC)
                return false;
        return knobs->quota_usec == SIM_MAX ||
               (knobs->quota_usec >= QUOTA_MIN_USEC && knobs->burst_usec <= knobs->quota_usec);
}

/* @return how many files were written */
static int take_bandwidth(struct bandwidth *bandwidth, const struct sim_knobs *knobs)
{
        double quota_sec = knobs->quota_usec == SIM_MAX ? INFINITY : SEC(knobs->quota_usec);
        double period_sec = SEC(knobs->period_usec), burst_sec = SEC(knobs->burst_usec);
        int writes = (quota_sec != bandwidth->quota_sec || period_sec != bandwidth->period_sec) +
                     (burst_sec != bandwidth->burst_sec);

        if (writes > 0)
                bandwidth_set(bandwidth, quota_sec, period_sec, burst_sec);
        return writes;
}

int node_take_knobs(struct node *node, uint32_t *ret_group)
{
        int writes = 0;

        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                struct node_group *group = &node->groups[i];
                const struct sim_knobs *knobs = &node->machine->groups[i].knobs;

                if (!knobs_are_valid(knobs)) {
                        *ret_group = i;
                        return -ERANGE;
                }
                writes += group->weight != knobs->weight;
                group->weight = knobs->weight;
                writes += take_bandwidth(&group->bandwidth, knobs);
        }
        return writes;
}
