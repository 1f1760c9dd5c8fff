/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policy -> files. Before a file is written for the first time its value is on disk in the journal; before every write the file is
 * read once more, because what is there may be somebody else's.
 */
#include <errno.h>
#include <stdlib.h>

#include "context.h"

/* Twenty microseconds of reading, and a thousand groups are gone through in a minute. */
#define CHECKS_PER_STEP 16

/* Writes the journal anew if there are groups that it lacks. @return 0, or why nothing may be written now. */
static int update_journal(struct cgb *cgb)
{
        struct cgb_journal_entry *entries;
        char *text = NULL;
        size_t n = 0;
        int r;

        if (!cgb->journal_is_stale)
                return 0;
        entries = calloc(cgb->n_groups + 1, sizeof *entries);
        if (entries == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < cgb->n_groups; i++) {
                struct cgb_group *group = cgb->groups[i];

                if (!group->foreign)
                        entries[n++] = (struct cgb_journal_entry){group->dir.inode, group->found_weight, group->name};
        }
        r = cgb_journal_format(&text, entries, n);
        if (r == 0)
                r = cgb_state_write(cgb->state_name, CGB_JOURNAL_SUFFIX, text, CGB_ON_DISK, &cgb->fault);
        free(text);
        free(entries);
        if (r == 0)
                cgb->journal_is_stale = false;
        return r;
}

/* What the file holds is not what was last seen there. Before our first write that is the maker's: it is the group's share. */
static void weight_changed(struct cgb *cgb, struct cgb_group *group, uint32_t weight)
{
        cgb_policy_set_written(cgb->policy, group->node, weight);
        cgb->journal_is_stale = true;
        if (!group->touched) {
                group->found_weight = weight;
                cgb_policy_set_share(cgb->policy, group->node, cgb_weight_to_share(weight));
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
        if (action->previous != 0 && weight != action->previous) {
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

static void write_weight(struct cgb *cgb, struct cgb_group *group, const struct cgb_action *action)
{
        int r = look_before_writing(cgb, group, action);

        if (r == 1) {
                r = cgb->backend->write(cgb->fds, &cgb->tree, &group->dir, CGB_FILE_CPU_WEIGHT, action->weight);
                group->touched = true; /* also where it failed: nobody knows what a file that refuses has taken */
                if (r == 0) {
                        group->reported = 0;
                        cgb->weights_written++;
                        cgb_report(cgb, CGB_EVENT_WEIGHT, group, &(struct cgb_event){.action = *action});
                        report_boost(cgb, group, action);
                        return;
                }
        }
        if (r == 0)
                return;
        cgb_policy_set_written(cgb->policy, group->node, action->previous);
        if (r == -ENODEV || r == -ENOENT)
                cgb_group_set_gone(cgb, group);
        else
                cgb_report_error(cgb, group, CGB_FILE_CPU_WEIGHT, r, "its weight cannot be written; the others go on");
}

/* A few files a step are read though nothing is to be written there, so that a foreign write does not stay unnoticed. */
static void look_around(struct cgb *cgb)
{
        for (size_t n = cgb->n_groups < CHECKS_PER_STEP ? cgb->n_groups : CHECKS_PER_STEP; n > 0; n--) {
                struct cgb_group *group = cgb->groups[cgb->next_check++ % cgb->n_groups];
                struct cgb_account_state account;
                uint32_t weight;

                if (!group->touched || group->foreign || cgb_group_read_weight(cgb, group, &weight) < 0)
                        continue;
                cgb_policy_get_account(cgb->policy, group->node, &account);
                if (account.written != 0 && weight != account.written)
                        weight_changed(cgb, group, weight);
        }
}

void cgb_apply(struct cgb *cgb)
{
        bool dry_run = (cgb->options.flags & CGB_DRY_RUN) != 0, first = true;
        struct cgb_action action;

        while (cgb_policy_next_action(cgb->policy, &action)) {
                struct cgb_group *group = cgb->by_node[action.node];

                if (group->foreign || group->gone)
                        continue;
                if (dry_run) {
                        cgb_report(cgb, CGB_EVENT_WEIGHT, group, &(struct cgb_event){.action = action});
                        report_boost(cgb, group, &action);
                        continue;
                }
                if (first && update_journal(cgb) < 0) {
                        /* without a journal nothing is written: the policy asks again in the next step */
                        cgb_report(cgb, CGB_EVENT_ERROR, NULL, &(struct cgb_event){.fault = &cgb->fault});
                        do
                                cgb_policy_set_written(cgb->policy, action.node, action.previous);
                        while (cgb_policy_next_action(cgb->policy, &action));
                        return;
                }
                first = false;
                write_weight(cgb, group, &action);
        }
        look_around(cgb);
        cgb_groups_drop_gone(cgb);
}
