/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policy -> files. Before a file is written for the first time its value is on disk in the journal; before every write the
 * file is read once more, because what is there may be somebody else's.
 */
#include <errno.h>
#include <stdlib.h>

#include "context.h"

/*
 * How many files are read in a step only to see that they hold what we wrote: all of them within 32 steps, and at most
 * twenty microseconds of reading, by which a thousand are gone through in a minute.
 */
#define CHECKS_MIN 4
#define CHECKS_MAX 16
#define CHECKS_STEPS 32

/*
 * mkdir and writing the share are two things, and in between whoever makes a group may have to wait for a CPU. What is
 * written over our weight is somebody else's: so in a new group ours is written only when its maker has had this long. It
 * has no credit yet anyway.
 */
#define MAKERS_USEC 1000000ull

/* Makes the journal on disk name every value that we have written or are about to write. */
int cgb_journal_write(struct cgb *cgb)
{
        struct cgb_journal journal = {0};
        int r = cgb_journal_of(cgb, &journal);

        if (r == 0)
                r = cgb_journal_save(&journal, cgb->state_name, &cgb->fault);
        cgb_journal_free(&journal);
        if (r == 0)
                cgb->journal_is_stale = false;
        if (r < 0 && r != cgb->journal_error)
                cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &cgb->fault});
        cgb->journal_error = r;
        return r;
}

static bool is_unit(const struct cgb_group *group)
{
        return group->writer->type->asks_manager;
}

int cgb_journal_of(struct cgb *cgb, struct cgb_journal *ret)
{
        int r = 0;

        for (size_t i = 0; i < cgb->n_groups && r == 0; i++) {
                const struct cgb_group *group = cgb->groups[i];

                if (group->journalled && !group->foreign)
                        r = cgb_journal_add(ret, group->dir.inode,
                                is_unit(group) ? CGB_JOURNAL_UNIT_WEIGHT : CGB_JOURNAL_WEIGHT,
                                group->found_is_unset ? CGB_WEIGHT_UNSET : group->found_weight, group->name);
                if (group->memory.journalled && !group->memory.foreign && r == 0)
                        r = cgb_journal_add(ret, group->dir.inode, is_unit(group) ? CGB_JOURNAL_UNIT_HIGH : CGB_JOURNAL_HIGH,
                                group->memory.found_bytes, group->name);
        }
        for (size_t i = 0; i < cgb->inherited.n && r == 0; i++) {
                const struct cgb_journal_entry *entry = &cgb->inherited.entries[i];

                r = cgb_journal_add(ret, entry->inode, entry->file, entry->value, entry->name);
        }
        return r < 0 ? cgb_fail(cgb, r, cgb->state_name, "out of memory", NULL) : 0;
}

/* systemd says that it is done, and then writes the file: the first look afterwards may find what was there before. */
static bool is_replaced(struct cgb_group *group, uint32_t weight)
{
        bool is_replaced = weight == group->replaced_weight;

        group->replaced_weight = 0;
        return is_replaced;
}

/* What was asked for and said to have failed, as after a time-out, may have been done in the end: that is nobody else's. */
bool cgb_weight_is_ours(struct cgb *cgb, struct cgb_group *group, uint32_t weight)
{
        struct cgb_account_state account;

        if (is_replaced(group, weight) || group->is_pending || (group->touched && weight == group->asked_weight))
                return true;
        return cgb_policy_get_account(cgb->policy, group->node, &account) < 0 || account.written == 0 ||
               account.written == weight;
}

/* Whoever made it wants it to have this one. */
static void makers_weight(struct cgb *cgb, struct cgb_group *group, uint32_t weight)
{
        group->found_weight = weight;
        group->found_is_unset &= weight == CGB_WEIGHT_DEFAULT;
        cgb_policy_set_share(cgb->policy, group->node, cgb_group_share(group));
}

/*
 * What the file holds is not what was last seen there. Before our first write that is the maker's: it is the group's share.
 */
static void weight_changed(struct cgb *cgb, struct cgb_group *group, uint32_t weight)
{
        cgb_policy_set_written(cgb->policy, group->node, weight);
        if (group->touched && weight == group->asked_weight)
                return;
        cgb->journal_is_stale = true;
        if (!group->touched) {
                makers_weight(cgb, group, weight);
                return;
        }
        /* the value from before us is nobody's new wish: whoever owns the tree has written again what it knows */
        if (!group->undone && (weight == group->found_weight || is_unit(group))) {
                if (weight != group->found_weight)
                        makers_weight(
                                cgb, group, weight); /* systemctl set-property: a share, and what is to be found after us */
                group->undone = true;
                cgb_report(cgb, CGB_EVENT_UNDONE, group, &(struct cgb_event){.weight = weight});
                return;
        }
        group->foreign = true;
        cgb_report(cgb, CGB_EVENT_FOREIGN_WRITE, group, &(struct cgb_event){.weight = weight});
}

/* @return 1 if the file may be written, 0 if not, or the errno of reading it. */
static int look_before_writing(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action)
{
        uint32_t weight;
        int r = cgb_group_read_weight(cgb, group, &weight);

        if (r < 0)
                return r;
        if (!is_replaced(group, weight) && action->previous != 0 && weight != action->previous) {
                weight_changed(cgb, group, weight);
                return 0;
        }
        return 1;
}

/* Credit in hand, or not: said when it changes. */
static void report_boost(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action)
{
        bool boosted = action->reason == CGB_REASON_CREDIT || action->reason == CGB_REASON_REACH;

        if (boosted == group->boosted)
                return;
        group->boosted = boosted;
        cgb_report(cgb, boosted ? CGB_EVENT_BOOSTED : CGB_EVENT_SPENT, group, &(struct cgb_event){.action = *action});
}

static void weight_written(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action)
{
        cgb_report_works_again(group, CGB_FILE_CPU_WEIGHT);
        cgb->weights_written++;
        cgb_report(cgb, CGB_EVENT_WEIGHT, group, &(struct cgb_event){.action = *action});
        report_boost(cgb, group, action);
}

static void weight_failed(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action, int r)
{
        cgb_policy_set_written(cgb->policy, group->node, action->previous);
        if (r == -ENODEV || r == -ENOENT)
                cgb_group_lost(cgb, group, CGB_FILE_CPU_WEIGHT);
        else
                cgb_report_error(cgb, group, CGB_FILE_CPU_WEIGHT, r, "its weight cannot be written; the others go on");
}

/* Under way, and perhaps for the second time: then what is known to be there is what was there before the first. */
static void weight_under_way(struct cgb_group *group, const struct cgb_action *action)
{
        uint32_t previous = group->is_pending ? group->pending.previous : action->previous;

        group->pending = *action;
        group->pending.previous = previous;
        group->is_pending = true;
}

void cgb_weight_done(struct cgb *cgb, struct cgb_group *group, const struct cgb_backend_result *result)
{
        struct cgb_action action = group->pending;

        if (!group->is_pending)
                return;
        if (result->value != action.weight) { /* another one is on its way behind it */
                if (result->code == 0) {
                        group->pending.previous = (uint32_t)result->value;
                        cgb->weights_written++;
                }
                return;
        }
        group->is_pending = false;
        group->replaced_weight = result->code == 0 ? action.previous : 0;
        if (result->code == 0)
                weight_written(cgb, group, &action);
        else
                weight_failed(cgb, group, &action, result->code);
}

static void write_weight(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action)
{
        int may_write = group->is_pending ? 1 : look_before_writing(cgb, group, action), r;

        if (may_write < 0)
                weight_failed(cgb, group, action, may_write);
        if (may_write != 1)
                return;
        r = cgb_backend_write(group->writer, &group->dir, CGB_FILE_CPU_WEIGHT, action->weight);
        group->touched = true; /* also where it failed: nobody knows what a file that refuses has taken */
        group->asked_weight = action->weight;
        if (r < 0)
                weight_failed(cgb, group, action, r);
        else if (r == 0)
                weight_written(cgb, group, action);
        else
                weight_under_way(group, action);
}

/* Before its manager has said what a unit has, and its maker what the group is to have, nothing is written. */
static bool is_early(const struct cgb_group *group, uint64_t now_usec)
{
        return group->is_asked || (group->came_usec != 0 && now_usec - group->came_usec < MAKERS_USEC);
}

static size_t checks_per_step(size_t n_groups)
{
        size_t n = n_groups / CHECKS_STEPS;

        n = n < CHECKS_MIN ? CHECKS_MIN : n > CHECKS_MAX ? CHECKS_MAX : n;
        return n < n_groups ? n : n_groups;
}

/*
 * A few files a step are read though nothing is to be written there, so that no foreign write stays unnoticed, and no share
 * of a new group.
 */
static void look_around(struct cgb *cgb, uint64_t now_usec)
{
        for (size_t n = checks_per_step(cgb->n_groups); n > 0; n--) {
                struct cgb_group *group = cgb->groups[cgb->next_check++ % cgb->n_groups];
                uint32_t weight;

                cgb_memory_look_at(cgb, group);
                cgb_memory_look_at_rights(cgb, group);
                if ((!group->touched && group->came_usec == 0) || group->foreign || group->is_pending || group->is_asked ||
                        cgb_group_is_dry(cgb, group))
                        continue;
                if (!is_early(group, now_usec))
                        group->came_usec = 0;
                if (cgb_group_read_weight(cgb, group, &weight) == 0 && !cgb_weight_is_ours(cgb, group, weight))
                        weight_changed(cgb, group, weight);
        }
}

/* Takes all that the policy wants of this step. @return 0; -ENOMEM with nothing taken beyond what there is room for. */
static int take_actions(struct cgb *cgb)
{
        size_t room = cgb->policy_options.capacity;

        cgb->n_actions = 0;
        if (cgb->actions == NULL || cgb->actions_room < room) {
                struct cgb_action *actions = realloc(cgb->actions, room * sizeof *actions);

                if (actions == NULL)
                        return -ENOMEM;
                cgb->actions = actions;
                cgb->actions_room = room;
        }
        while (cgb_policy_next_action(cgb->policy, &cgb->actions[cgb->n_actions]))
                cgb->n_actions++;
        return 0;
}

/* What is to be written for the first time goes to the journal, and the journal to disk. */
static int prepare_journal(struct cgb *cgb, uint64_t now_usec)
{
        bool changed = cgb->journal_is_stale;
        int r;

        for (size_t i = 0; i < cgb->n_actions; i++) {
                struct cgb_group *group = cgb->by_node[cgb->actions[i].node];

                if (cgb_group_is_dry(cgb, group) || is_early(group, now_usec))
                        continue;
                changed |= !group->journalled;
                group->journalled = true;
        }
        r = changed ? cgb_journal_write(cgb) : 0;
        if (r < 0)
                cgb->journal_is_stale = true;
        return r;
}

static void dry_run(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action)
{
        cgb_report(cgb, CGB_EVENT_WEIGHT, group, &(struct cgb_event){.action = *action});
        report_boost(cgb, group, action);
}

/* Also where nobody is kept waiting: then it wants first weights alone to be written, and those of new shares. */
static void ask_again(struct cgb *cgb, const struct cgb_group *group, const struct cgb_action *action)
{
        cgb_policy_set_written(cgb->policy, group->node, action->previous);
        cgb_policy_set_share(cgb->policy, group->node, cgb_group_share(group));
}

/* The policy believes that it is written: tell it that it is not, and it asks again in the next step. */
static void take_back(struct cgb *cgb)
{
        for (size_t i = 0; i < cgb->n_actions; i++)
                cgb_policy_set_written(cgb->policy, cgb->actions[i].node, cgb->actions[i].previous);
}

void cgb_apply(struct cgb *cgb, uint64_t now_usec)
{
        if (take_actions(cgb) < 0)
                return;
        if (cgb->n_actions > 0 && prepare_journal(cgb, now_usec) < 0) {
                take_back(cgb);
                return;
        }
        for (size_t i = 0; i < cgb->n_actions; i++) {
                struct cgb_group *group = cgb->by_node[cgb->actions[i].node];

                if (cgb_group_is_dry(cgb, group))
                        dry_run(cgb, group, &cgb->actions[i]);
                else if (is_early(group, now_usec))
                        ask_again(cgb, group, &cgb->actions[i]);
                else if (!group->foreign && !group->gone)
                        write_weight(cgb, group, &cgb->actions[i]);
        }
        look_around(cgb, now_usec);
        if (cgb->journal_is_stale)
                cgb_journal_write(cgb);
        cgb_groups_drop_gone(cgb);
}
