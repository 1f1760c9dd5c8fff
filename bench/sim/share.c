/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Weighted max-min, level by level: who wants less than its weight's part of what there is gets all it wants, and what it
 * leaves is divided anew among the others, until nobody wants less.
 */

#include <math.h>

#include "node.h"

static double threads_of(const struct node *node, const struct node_group *group)
{
        double threads = 0;

        for (uint32_t i = group->first_job; i != NODE_NONE; i = node->jobs[i].next)
                threads += node->jobs[i].work.threads;
        return threads;
}

static void begin(struct node *node)
{
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                struct node_group *group = &node->groups[i];

                group->threads = group->demand_below = group->rate = 0;
                group->first_active = NODE_NONE;
        }
}

/* A group tells its parent what it wants. Children come behind their parents, so from the back all is known when it is
 * asked. */
static void gather(struct node *node)
{
        for (uint32_t i = node->machine->n_groups; i-- > 0;) {
                struct node_group *group = &node->groups[i], *parent = &node->groups[group->parent];

                if (group->is_leaf)
                        group->threads = group->demand_below = threads_of(node, group);
                group->demand = group->bandwidth.throttled ? 0 : fmin(group->demand_below, node->machine->cpus);
                if (i == SIM_ROOT)
                        break;
                parent->threads += group->threads;
                if (group->demand == 0)
                        continue;
                parent->demand_below += group->demand;
                group->next_active = parent->first_active;
                parent->first_active = i;
        }
}

/* Takes those out of the list of @parent that want no more than @level for each unit of weight, and pays them. */
static bool pay_the_modest(struct node *node, struct node_group *parent, double level, double *left, double *weights)
{
        uint32_t *link = &parent->first_active;
        bool any = false;

        while (*link != NODE_NONE) {
                struct node_group *child = &node->groups[*link];

                if (child->demand > child->weight * level) {
                        link = &child->next_active;
                        continue;
                }
                child->rate = child->demand;
                *left -= child->demand;
                *weights -= child->weight;
                *link = child->next_active;
                any = true;
        }
        return any;
}

static void share_among_children(struct node *node, struct node_group *parent)
{
        double left = parent->rate, weights = 0;

        if (parent->rate >= parent->demand_below) {
                for (uint32_t i = parent->first_active; i != NODE_NONE; i = node->groups[i].next_active)
                        node->groups[i].rate = node->groups[i].demand;
                return;
        }
        for (uint32_t i = parent->first_active; i != NODE_NONE; i = node->groups[i].next_active)
                weights += node->groups[i].weight;
        while (parent->first_active != NODE_NONE && pay_the_modest(node, parent, left / weights, &left, &weights))
                ;
        for (uint32_t i = parent->first_active; i != NODE_NONE; i = node->groups[i].next_active)
                node->groups[i].rate = left * node->groups[i].weight / weights;
}

/* Pays those jobs in full that can use no more than @level. */
static bool pay_the_narrow(struct node *node, const struct node_group *group, double level, double *left, double *unpaid)
{
        bool any = false;

        for (uint32_t i = group->first_job; i != NODE_NONE; i = node->jobs[i].next) {
                struct node_job *job = &node->jobs[i];

                if (job->paid || job->work.threads > level)
                        continue;
                job->paid = any = true;
                *left -= job->work.threads;
                *unpaid -= 1;
        }
        return any;
}

static void set_rate(const struct node *node, struct node_job *job, double rate)
{
        job->remaining_sec = fmax(job->remaining_sec - job->rate * (node->now_sec - job->since_sec), 0);
        job->since_sec = node->now_sec;
        job->rate = rate;
        job->finish_sec = rate > 0 ? node->now_sec + job->remaining_sec / rate : INFINITY;
        job->finish_sec = fmax(fmin(job->finish_sec, job->work.stop_sec), node->now_sec);
}

static void share_among_jobs(struct node *node, struct node_group *group)
{
        double left = group->rate, unpaid = 0;

        for (uint32_t i = group->first_job; i != NODE_NONE; i = node->jobs[i].next) {
                node->jobs[i].paid = false;
                unpaid++;
        }
        while (unpaid > 0 && pay_the_narrow(node, group, left / unpaid, &left, &unpaid))
                ;
        group->finish_sec = INFINITY;
        for (uint32_t i = group->first_job; i != NODE_NONE; i = node->jobs[i].next) {
                struct node_job *job = &node->jobs[i];

                set_rate(node, job, job->paid ? job->work.threads : left / unpaid);
                group->finish_sec = fmin(group->finish_sec, job->finish_sec);
        }
        group->divided_rate = group->rate;
        group->jobs_changed = false;
}

static void find_next(struct node *node)
{
        node->next_sec = INFINITY;
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                struct node_group *group = &node->groups[i];

                node->next_sec = fmin(node->next_sec, group->finish_sec);
                if (isinf(group->bandwidth.quota_sec))
                        continue;
                if (group->rate > 0)
                        bandwidth_start(&group->bandwidth, node->now_sec);
                node->next_sec = fmin(node->next_sec, bandwidth_next_sec(&group->bandwidth, node->now_sec, group->rate));
        }
}

void node_share(struct node *node)
{
        begin(node);
        gather(node);
        node->groups[SIM_ROOT].rate = node->groups[SIM_ROOT].demand;
        for (uint32_t i = 0; i < node->machine->n_groups; i++) {
                struct node_group *group = &node->groups[i];

                if (!group->is_leaf)
                        share_among_children(node, group);
                else if (group->jobs_changed || group->rate != group->divided_rate || group->finish_sec <= node->now_sec)
                        share_among_jobs(node, group);
        }
        find_next(node);
}
