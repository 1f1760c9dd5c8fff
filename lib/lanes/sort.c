/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "fault.h"
#include "lanes/lanes.h"
#include "lanes/sort-batch.h"

static bool is_lane(const struct cgb_group *group)
{
        return group->up != NULL && group->up->lanes == CGB_LANES_MADE;
}

static bool is_interactive_lane(const struct cgb_group *group)
{
        const char *name = strrchr(group->name, '/');

        return is_lane(group) &&
               strcmp(name != NULL ? name + 1 : group->name, cgb_lane_to_string(CGB_LANE_INTERACTIVE)) == 0;
}

enum cgb_lanes_state cgb_sort_wants(const struct cgb_group *group)
{
        return !is_lane(group) && cgb_rule_has_lanes(group->rule) ? CGB_LANES_WANTED : CGB_LANES_NONE;
}

void cgb_sort_forget(struct cgb_group *group)
{
        if (group->sorting != NULL && group->sorting->is_busy)
                group->sorting->is_orphan = true; /* the thread has it */
        else if (group->sorting != NULL)
                cgb_sorting_free(group->sorting);
        group->sorting = NULL;
}

/* ----------------------------------------------------------------------------------- what was done */

static struct cgb_group *find_group(const struct cgb *cgb, const struct cgb_sorting *sorting)
{
        for (size_t i = 0; i < cgb->n_groups; i++)
                if (cgb->groups[i]->sorting == sorting)
                        return cgb->groups[i];
        return NULL;
}

static void refuse(struct cgb *cgb, struct cgb_group *group, const struct cgb_fault *fault)
{
        group->lanes = CGB_LANES_REFUSED;
        cgb_report(cgb, CGB_EVENT_ERROR, group, &(struct cgb_event){.fault = fault});
}

/* The lanes join the ledger one level down. What fails there is reported there. */
static void adopt_lanes(struct cgb *cgb, struct cgb_group *group)
{
        group->lanes = group->sorting->is_dry ? CGB_LANES_DRY : CGB_LANES_MADE;
        cgb_report(cgb, CGB_EVENT_LANES, group, NULL);
        if (group->sorting->is_dry || cgb_group_become_pool(cgb, group) < 0)
                return;
        for (int lane = 0; lane < CGB_LANES; lane++)
                cgb_group_add(cgb, group, cgb_lane_to_string((enum cgb_lane)lane), group->rule);
}

/* A group that went while it was looked at is told by others. */
static void take_result(struct cgb *cgb, struct cgb_group *group, struct cgb_sorting *sorting)
{
        if (sorting->look_again)
                sorting->usage_usec = UINT64_MAX; /* also if it sleeps now */
        if (sorting->result == -ENOENT || sorting->result == -ENODEV)
                group->lanes = CGB_LANES_REFUSED;
        else if (sorting->result < 0)
                refuse(cgb, group, &sorting->fault);
        else if (sorting->make)
                adopt_lanes(cgb, group);
        for (size_t i = 0; i < sorting->n_moved; i++)
                cgb_report(cgb, CGB_EVENT_SORTED, group, &(struct cgb_event){.pid = sorting->moved[i]});
        sorting->make = false;
}

static void take_results(struct cgb *cgb)
{
        struct cgb_sort_batch *batch = cgb->sorter.batch;

        for (size_t i = 0; i < cgb_sort_batch_size(batch); i++) {
                struct cgb_sorting *sorting = cgb_sort_batch_get(batch, i);
                struct cgb_group *group = find_group(cgb, sorting);

                sorting->is_busy = false;
                if (group != NULL)
                        take_result(cgb, group, sorting);
                else if (sorting->is_orphan)
                        cgb_sorting_free(sorting);
        }
        cgb->sorter.batch = cgb_sort_batch_free(batch);
}

/* There is no thread to be had: nothing was done, and the next step tries again. */
static void take_nothing(struct cgb *cgb)
{
        struct cgb_sort_batch *batch = cgb->sorter.batch;

        for (size_t i = 0; i < cgb_sort_batch_size(batch); i++) {
                cgb_sort_batch_get(batch, i)->is_busy = false;
                cgb_sort_batch_get(batch, i)->usage_usec = UINT64_MAX;
        }
        cgb->sorter.batch = cgb_sort_batch_free(batch);
}

/* ------------------------------------------------------------------------------ what is to be done */

/* Who has the group has the say inside of it, unless that was delegated. */
static bool may_divide(struct cgb *cgb, struct cgb_group *group)
{
        struct cgb_owner owner;
        struct cgb_fault fault;
        char name[sizeof fault.file];

        cgb_owner_find(&cgb->owners, group->dir.path, &owner); /* known since its writer was chosen */
        if (owner.type == CGB_OWNER_NOBODY || owner.delegated)
                return true;
        cgb_tree_name(name, sizeof name, &cgb->tree, group->dir.path, "");
        cgb_fault_set(&fault, -EPERM, name, "somebody else has the say in it, so it gets no lanes",
                "a unit of systemd's needs Delegate=yes; or let the rule have no lanes");
        refuse(cgb, group, &fault);
        return false;
}

/* @return whether @group was added to the batch. */
static bool add(struct cgb *cgb, struct cgb_group *group, bool make)
{
        if (group->sorting == NULL)
                group->sorting = cgb_sorting_new(group->dir.path, group->rule);
        if (group->sorting == NULL || !cgb_sort_batch_add(cgb->sorter.batch, group->sorting))
                return false;
        group->sorting->make = make;
        group->sorting->is_dry = cgb_group_is_dry(cgb, group);
        group->sorting->is_busy = true;
        return true;
}

static void add_wanted(struct cgb *cgb)
{
        for (size_t i = 0, n = 0; i < cgb->n_groups && n < CGB_LANES_PER_BATCH; i++)
                if (cgb->groups[i]->lanes == CGB_LANES_WANTED && may_divide(cgb, cgb->groups[i]))
                        n += add(cgb, cgb->groups[i], true);
}

/*
 * Whose processes are looked at when this group has used the CPU: an interactive lane's workspace, and in a dry run the
 * workspace without lanes itself.
 */
static struct cgb_group *workspace_to_sort(struct cgb_group *group)
{
        return group->lanes == CGB_LANES_DRY ? group : is_interactive_lane(group) ? group->up : NULL;
}

/* Has it since the last look? */
static bool has_run(
        const struct cgb *cgb, const struct cgb_group *group, const struct cgb_group *workspace, uint64_t *ret_usage_usec)
{
        struct cgb_account_state account;

        if (cgb_policy_get_account(cgb->policy, group->node, &account) < 0 ||
                (workspace->sorting != NULL && account.usage_usec == workspace->sorting->usage_usec))
                return false;
        *ret_usage_usec = account.usage_usec;
        return true;
}

static void add_those_that_ran(struct cgb *cgb)
{
        size_t first = cgb->n_groups > 0 ? cgb->sorter.next % cgb->n_groups : 0;

        for (size_t i = 0; i < cgb->n_groups; i++) {
                struct cgb_group *group = cgb->groups[(first + i) % cgb->n_groups], *workspace = workspace_to_sort(group);
                uint64_t usage_usec;

                if (workspace == NULL || !has_run(cgb, group, workspace, &usage_usec))
                        continue;
                if (!add(cgb, workspace, false)) {
                        cgb->sorter.next = (first + i) % cgb->n_groups;
                        return;
                }
                workspace->sorting->usage_usec = usage_usec;
        }
        cgb->sorter.next = first + 1; /* looks, too, are given to another first */
}

void cgb_sort(struct cgb *cgb)
{
        struct cgb_sorter *sorter = &cgb->sorter;

        if (!sorter->is_open || (sorter->batch != NULL && !cgb_sort_batch_is_done(sorter->batch)))
                return;
        if (sorter->batch != NULL)
                take_results(cgb);
        sorter->batch = cgb_sort_batch_new(&cgb->tree, cgb->state_name, sorter->proc_fd);
        if (sorter->batch == NULL)
                return;
        add_wanted(cgb);
        add_those_that_ran(cgb);
        if (cgb_sort_batch_size(sorter->batch) == 0)
                sorter->batch = cgb_sort_batch_free(sorter->batch);
        else if (cgb_sort_batch_start(sorter->batch) < 0)
                take_nothing(cgb);
}

/* ----------------------------------------------------------------------------------- begin and end */

static bool some_rule_has_lanes(const struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->rules.n; i++)
                if (cgb_rule_has_lanes(&cgb->rules.rules[i]))
                        return true;
        return false;
}

int cgb_sort_open(struct cgb *cgb, struct cgb_fault *fault)
{
        if (some_rule_has_lanes(cgb) && cgb->tree.is_cgroup2) { /* a folder has no processes */
                cgb->sorter.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
                cgb->sorter.is_open = cgb->sorter.proc_fd >= 0;
        }
        return (cgb->options.flags & CGB_DRY_RUN) == 0 ? cgb_lanes_undo(&cgb->tree, cgb->state_name, fault) : 0;
}

int cgb_sort_close(struct cgb *cgb, struct cgb_fault *fault)
{
        if (cgb->sorter.batch != NULL)
                take_results(cgb); /* waits */
        if (cgb->sorter.is_open)
                close(cgb->sorter.proc_fd);
        cgb->sorter = (struct cgb_sorter){0};
        return cgb->journal_is_ours ? cgb_lanes_undo(&cgb->tree, cgb->state_name, fault) : 0;
}
