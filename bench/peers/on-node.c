/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <stdlib.h>

#include "on-node.h"
#include "quota.h"

#define CPUS_MIN .01
#define CPUS_MAX 8192

int on_node_open(struct on_node *ret, const struct sim_machine *machine, size_t law_size)
{
        struct on_node node = {
                .n = machine->n_groups,
                .workspaces = calloc(machine->n_groups, sizeof(*node.workspaces)),
                .laws = calloc(machine->n_groups, law_size > 0 ? law_size : 1),
        };

        if (!node.workspaces || !node.laws) {
                on_node_close(&node);
                return -ENOMEM;
        }
        *ret = node;
        return 0;
}

void on_node_close(struct on_node *node)
{
        free(node->workspaces);
        free(node->laws);
}

bool on_node_added(struct on_node *node, const struct sim_machine *machine, uint32_t number)
{
        const struct sim_group *group = &machine->groups[number];
        bool managed = number != SIM_ROOT && group->workspace != UINT32_MAX &&
                       (group->parent == SIM_ROOT || machine->groups[group->parent].workspace == UINT32_MAX);

        node->workspaces[number] = (struct on_node_workspace){
                .managed = managed,
                .usage_usec = group->facts.usage_usec,
                .nr_throttled = group->facts.nr_throttled,
        };
        return managed;
}

void on_node_gone(struct on_node *node, uint32_t number)
{
        node->workspaces[number].managed = false;
}

struct on_node_growth on_node_growth(struct on_node *node, const struct sim_machine *machine, uint32_t number)
{
        const struct sim_facts *facts = &machine->groups[number].facts;
        struct on_node_workspace *workspace = &node->workspaces[number];
        struct on_node_growth growth = {
                .used_sec = (double)(facts->usage_usec - workspace->usage_usec) / USEC_PER_SEC,
                .throttled = facts->nr_throttled > workspace->nr_throttled,
        };

        workspace->usage_usec = facts->usage_usec;
        workspace->nr_throttled = facts->nr_throttled;
        return growth;
}

double on_node_elapsed(struct on_node *node, uint64_t now_usec)
{
        double elapsed_sec = (double)(now_usec - node->stepped_usec) / USEC_PER_SEC;

        node->stepped_usec = now_usec;
        return elapsed_sec;
}

void on_node_limit(struct sim_group *group, double cpus, bool with_burst)
{
        struct quota_files files = quota_for(cpus, with_burst);

        group->knobs.quota_usec = files.quota_usec;
        group->knobs.period_usec = files.period_usec;
        group->knobs.burst_usec = files.burst_usec;
}

double on_node_cpus(struct sim_arguments *arguments, const char *key, double cpus)
{
        sim_argument(arguments, key, CPUS_MIN, CPUS_MAX, &cpus);
        return cpus;
}
