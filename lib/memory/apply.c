/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law -> files. As with weights: the journal is on disk before the first write, and before every write the file
 * is read once more. Before a limit is lowered usage is read again as well, for what the law promises it promises of this
 * moment.
 */
#include <errno.h>

#include "context.h"
#include "memory/reclaim.h"
#include "policy/memory-headroom.h"

static void limit_changed(struct cgb *cgb, struct cgb_group *group, uint64_t bytes)
{
        cgb_memory_set_foreign(cgb->memory.law, group->memory.node, bytes);
        group->memory.foreign = true;
        cgb->journal_is_stale = true;
        cgb_report(cgb, CGB_EVENT_FOREIGN_LIMIT, group,
                &(struct cgb_event){.memory = {.node = group->memory.node, .bytes = bytes}});
}

/* As cgb_weight_is_ours(). */
bool cgb_memory_limit_is_ours(struct cgb *cgb, struct cgb_group *group, uint64_t bytes)
{
        bool is_replaced =
                bytes != 0 &&
                bytes == group->memory.replaced_bytes; /* systemd says that it is done, and then writes the file */
        struct cgb_memory_state state;

        group->memory.replaced_bytes = 0;
        if (is_replaced || group->memory.is_pending || (group->memory.touched && bytes == group->memory.asked_bytes))
                return true;
        return cgb_memory_get(cgb->memory.law, group->memory.node, &state) < 0 || bytes == state.high_bytes;
}

void cgb_memory_look_at(struct cgb *cgb, struct cgb_group *group)
{
        uint64_t bytes;

        if (group->memory.known && group->memory.touched && !group->memory.foreign && !group->memory.is_pending &&
                cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_HIGH, &bytes) == 0 &&
                !cgb_memory_limit_is_ours(cgb, group, bytes))
                limit_changed(cgb, group, bytes);
}

static bool has_headroom(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        uint64_t usage_bytes, headroom_bytes;

        if (cgb_memory_read_usage(cgb, group, &usage_bytes) < 0)
                return false;
        headroom_bytes =
                action->reason == CGB_MEMORY_REASON_FROZEN ? HELD_ROOM_MIN_BYTES / 2 : cgb_memory_headroom(usage_bytes);
        return action->bytes >= usage_bytes + headroom_bytes;
}

/* @return 1 if the file may be written; 0 if not now, or not any more; the errno of reading it. */
static int look_before_writing(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        uint64_t bytes;
        int r = cgb_memory_read_limit(cgb, group, CGB_FILE_MEMORY_HIGH, &bytes);

        if (r < 0)
                return r;
        if (bytes != action->previous_bytes && !cgb_memory_limit_is_ours(cgb, group, bytes)) {
                limit_changed(cgb, group, bytes);
                return 0;
        }
        if (action->type == CGB_MEMORY_LOWER && !has_headroom(cgb, group, action)) {
                cgb_memory_set_written(cgb->memory.law, group->memory.node, action->previous_bytes);
                return 0;
        }
        return 1;
}

static int journal_first(struct cgb *cgb, struct cgb_group *group)
{
        int r;

        if (group->memory.journalled)
                return 0;
        group->memory.journalled = true;
        r = cgb_journal_write(cgb);
        group->memory.journalled = r == 0;
        return r;
}

static void report(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        enum cgb_event_type type = action->reason == CGB_MEMORY_REASON_FROZEN ? CGB_EVENT_FROZEN : CGB_EVENT_MEMORY;

        cgb_report(cgb, type, group, &(struct cgb_event){.memory = *action});
}

static void limit_written(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        cgb_report_works_again(group, CGB_FILE_MEMORY_HIGH);
        cgb->memory.limits_written++;
        report(cgb, group, action);
}

static void limit_failed(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action, int r)
{
        cgb_memory_set_written(cgb->memory.law, group->memory.node, action->previous_bytes);
        if (r != -ENODEV && r != -ENOENT && r != -EAGAIN)
                cgb_report_error(cgb, group, CGB_FILE_MEMORY_HIGH, r, "its limit cannot be written; the others go on");
}

/* As weight_under_way() in lib/apply.c. */
static void limit_under_way(struct cgb_group_memory *memory, const struct cgb_memory_action *action)
{
        uint64_t previous_bytes = memory->is_pending ? memory->pending.previous_bytes : action->previous_bytes;

        memory->pending = *action;
        memory->pending.previous_bytes = previous_bytes;
        memory->is_pending = true;
}

void cgb_memory_limit_done(struct cgb *cgb, struct cgb_group *group, const struct cgb_backend_result *result)
{
        struct cgb_memory_action action = group->memory.pending;

        if (!group->memory.is_pending || !group->memory.known)
                return;
        if (result->value != action.bytes) {
                if (result->code == 0) {
                        group->memory.pending.previous_bytes = result->value;
                        cgb->memory.limits_written++;
                }
                return;
        }
        group->memory.is_pending = false;
        group->memory.replaced_bytes = result->code == 0 ? action.previous_bytes : 0;
        if (result->code == 0)
                limit_written(cgb, group, &action);
        else
                limit_failed(cgb, group, &action, result->code);
}

static void write_limit(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        int may_write = group->memory.is_pending ? 1 : look_before_writing(cgb, group, action), r = may_write;

        if (may_write == 0)
                return;
        if (may_write == 1)
                r = journal_first(cgb, group);
        if (r == 0) {
                group->memory.touched = true; /* also where it fails: nobody knows what a file that refuses has taken */
                group->memory.asked_bytes = action->bytes;
                r = cgb_backend_write(group->writer, &group->dir, CGB_FILE_MEMORY_HIGH, action->bytes);
        }
        if (r < 0)
                limit_failed(cgb, group, action, r);
        else if (r == 0)
                limit_written(cgb, group, action);
        else
                limit_under_way(&group->memory, action);
}

static void ask(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        struct cgb_memory_state state;

        if (cgb_reclaimer_ask(cgb->memory.reclaimer, action->node, group->dir.path, group->dir.inode, action->bytes) == 0)
                report(cgb, group, action);
        else if (cgb_memory_get(cgb->memory.law, action->node, &state) == 0) /* no memory for that: nothing was taken */
                cgb_memory_reclaimed(cgb->memory.law, action->node, state.usage_bytes);
}

/* Nothing was written: the law is told that all is as it was, and asks again. */
static void dry_run(struct cgb *cgb, struct cgb_group *group, const struct cgb_memory_action *action)
{
        uint64_t usage_bytes;

        report(cgb, group, action);
        if (action->type != CGB_MEMORY_RECLAIM)
                cgb_memory_set_written(cgb->memory.law, group->memory.node, action->previous_bytes);
        else if (cgb_memory_read_usage(cgb, group, &usage_bytes) == 0)
                cgb_memory_reclaimed(cgb->memory.law, group->memory.node, usage_bytes);
}

void cgb_memory_apply(struct cgb *cgb)
{
        struct cgb_memory_action action;

        while (cgb_memory_next_action(cgb->memory.law, &action)) {
                struct cgb_group *group = cgb->memory.by_node[action.node];

                if (action.type == CGB_MEMORY_TELL)
                        cgb_report(cgb, CGB_EVENT_GROWING, group, &(struct cgb_event){.memory = action});
                else if (cgb_group_is_dry(cgb, group))
                        dry_run(cgb, group, &action);
                else if (action.type == CGB_MEMORY_RECLAIM)
                        ask(cgb, group, &action);
                else if (!group->memory.foreign && !group->gone)
                        write_limit(cgb, group, &action);
        }
}
