/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public door of the memory law: its memory, who joins and leaves, the step, and what one may ask it. memory-state.h has
 * the data, memory-read.c the readings, memory-rights.c who may have what, memory-limits.c and memory-give.c what is done
 * about it.
 */
#include <errno.h>
#include <string.h>

#include "memory-state.h"

#define CAPACITY_MAX (1u << 20)
#define STEP_MIN_USEC 10000ull
#define STEP_MAX_USEC (60 * SECOND_USEC)

/*
 * A newcomer is left alone while it fills its memory for the first time: nothing is taken, and that it grows is no sign of
 * anything.
 */
#define GRACE_USEC (30 * SECOND_USEC)

void cgb_memory_options_init(struct cgb_memory_options *options, uint64_t step_usec, uint32_t capacity)
{
        *options = (struct cgb_memory_options){
                .size = sizeof *options,
                .capacity = capacity,
                .step_usec = step_usec,
                .can_reclaim = true,
                .reclaims_exactly = true,
        };
}

static size_t size_for(uint32_t capacity)
{
        return sizeof(struct cgb_memory) + capacity * sizeof(struct cgb_memory_slot);
}

size_t cgb_memory_size(const struct cgb_memory_options *options)
{
        if (options->size != sizeof *options || options->capacity < 1 || options->capacity > CAPACITY_MAX ||
                options->step_usec < STEP_MIN_USEC || options->step_usec > STEP_MAX_USEC)
                return 0;
        return size_for(options->capacity);
}

int cgb_memory_init(struct cgb_memory **ret, void *memory, size_t memory_size, const struct cgb_memory_options *options)
{
        struct cgb_memory *law = memory;
        size_t size = cgb_memory_size(options);

        if (size == 0)
                return -EINVAL;
        if (memory_size < size)
                return -ENOMEM;
        memset(law, 0, sizeof *law);
        law->options = *options;
        law->used = 1;
        law->free = NOBODY;
        law->writes = law->reclaims = (struct cgb_memory_queue){NOBODY, NOBODY};
        law->slots[CGB_NODE_ROOT] = (struct cgb_memory_slot){.taken = true, .holder = CGB_NODE_ROOT, .next_lane = NOBODY};
        *ret = law;
        return 0;
}

int cgb_memory_grow(struct cgb_memory **law, void *memory, size_t memory_size, uint32_t capacity)
{
        struct cgb_memory *grown = memory;

        if (capacity < (*law)->options.capacity || capacity > CAPACITY_MAX)
                return -EINVAL;
        if (memory_size < size_for(capacity))
                return -ENOMEM;
        memcpy(grown, *law, size_for((*law)->used));
        grown->options.capacity = capacity;
        *law = grown;
        return 0;
}

struct cgb_memory_slot *cgb_memory_find(struct cgb_memory *law, cgb_node node)
{
        if (node == CGB_NODE_ROOT || node >= law->used || !law->slots[node].taken)
                return NULL;
        return &law->slots[node];
}

static uint32_t take_slot(struct cgb_memory *law)
{
        uint32_t node = law->free;

        if (node != NOBODY)
                law->free = law->slots[node].next_free;
        else if (law->used < law->options.capacity)
                node = law->used++;
        return node;
}

/* KiB * usec from byte * s: as near as 64 bits and no division of 128 allow. */
static int64_t credit_from(int64_t byte_seconds)
{
        return (int64_t)cgb_clamp_i128((cgb_i128)(byte_seconds / 1024) * (int64_t)SECOND_USEC, INT64_MIN / 2, INT64_MAX / 2);
}

static int64_t credit_to(int64_t credit)
{
        return credit / (int64_t)SECOND_USEC * 1024 + credit % (int64_t)SECOND_USEC * 1024 / (int64_t)SECOND_USEC;
}

static bool share_is_valid(uint32_t share_permille)
{
        return share_permille >= CGB_SHARE_MIN_PERMILLE && share_permille <= CGB_SHARE_MAX_PERMILLE;
}

static int check_group(struct cgb_memory *law, const struct cgb_memory_group *group)
{
        const struct cgb_memory_slot *workspace = cgb_memory_find(law, group->workspace);

        if (group->size != sizeof *group || !share_is_valid(group->share_permille))
                return -EINVAL;
        if ((group->parent != CGB_NODE_ROOT && cgb_memory_find(law, group->parent) == NULL) ||
                (group->workspace != CGB_NODE_ROOT && workspace == NULL))
                return -ENOENT;
        if (law->slots[group->parent].depth >= MEMORY_DEPTH_MAX || (workspace != NULL && workspace->parent != group->parent))
                return -EINVAL;
        return 0;
}

/* A lane is chained in behind the holder of its workspace's rights. */
static void chain_lane(struct cgb_memory *law, uint32_t node, uint32_t workspace)
{
        struct cgb_memory_slot *slot = &law->slots[node], *holder;

        slot->holder = node;
        slot->next_lane = NOBODY;
        if (workspace == CGB_NODE_ROOT)
                return;
        slot->holder = law->slots[workspace].holder;
        holder = &law->slots[slot->holder];
        slot->next_lane = holder->next_lane;
        holder->next_lane = node;
}

static struct cgb_rights new_rights(const struct cgb_memory *law, const struct cgb_memory_group *group)
{
        return (struct cgb_rights){
                .share_permille = group->share_permille,
                .floor_bytes = cgb_min_u64(group->floor_bytes, SIZE_MAX_BYTES),
                .last_active_usec = law->clock_usec,
                .grace_until_usec = law->clock_usec + GRACE_USEC,
                .guard.begin_usec = law->clock_usec,
                .guard.spared_until_usec = law->clock_usec + GRACE_USEC,
                .run_begin_usec = law->clock_usec,
                .run_top_usec = law->clock_usec,
        };
}

int cgb_memory_join(struct cgb_memory *law, const struct cgb_memory_group *group, cgb_node *ret)
{
        uint32_t node;
        int r = check_group(law, group);

        if (r < 0)
                return r;
        node = take_slot(law);
        if (node == NOBODY)
                return -ENOSPC;
        law->slots[node] = (struct cgb_memory_slot){
                .taken = true,
                .parent = group->parent,
                .depth = law->slots[group->parent].depth + 1,
                .identity = group->identity,
                .cap_bytes = group->cap_bytes,
                .found_bytes = group->high_bytes,
                .high_bytes = group->high_bytes,
                .target_bytes = group->high_bytes,
                .due_usec = law->clock_usec,
        };
        chain_lane(law, node, group->workspace);
        if (law->slots[node].holder == node) {
                law->slots[node].rights = new_rights(law, group);
                law->slots[node].rights.credit = credit_from(group->credit_byte_seconds);
                law->bank -= law->slots[node].rights.credit;
        }
        if (law->slots[node].depth > law->deepest)
                law->deepest = law->slots[node].depth;
        law->slots[group->parent].children++;
        law->groups++;
        *ret = node;
        return 0;
}

/* Somebody else of the chain takes the rights over; or it was the last, and the credit goes to the bank. */
static void hand_over_rights(struct cgb_memory *law, uint32_t node)
{
        struct cgb_memory_slot *slot = &law->slots[node];
        uint32_t heir = slot->next_lane;

        if (slot->holder != node) {
                uint32_t before = slot->holder;

                while (law->slots[before].next_lane != node)
                        before = law->slots[before].next_lane;
                law->slots[before].next_lane = slot->next_lane;
        } else if (heir == NOBODY) {
                law->bank += slot->rights.credit;
        } else {
                law->slots[heir].rights = slot->rights;
                for_each_lane(law, heir, lane)
                        law->slots[lane].holder = heir;
        }
}

static void drop_from(struct cgb_memory *law, struct cgb_memory_queue *queue, uint32_t node, bool reclaim)
{
        uint32_t before = NOBODY;

        for (uint32_t i = queue->first; i != NOBODY; i = reclaim ? law->slots[i].next_reclaim : law->slots[i].next_write) {
                uint32_t next = reclaim ? law->slots[i].next_reclaim : law->slots[i].next_write;

                if (i != node) {
                        before = i;
                        continue;
                }
                if (before == NOBODY)
                        queue->first = next;
                else if (reclaim)
                        law->slots[before].next_reclaim = next;
                else
                        law->slots[before].next_write = next;
                if (queue->last == node)
                        queue->last = before;
                return;
        }
}

int cgb_memory_leave(struct cgb_memory *law, cgb_node node)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        if (slot->children > 0)
                return -EBUSY;
        hand_over_rights(law, node);
        drop_from(law, &law->writes, node, false);
        drop_from(law, &law->reclaims, node, true);
        law->slots[slot->parent].children--;
        law->groups--;
        *slot = (struct cgb_memory_slot){.next_free = law->free};
        law->free = node;
        return 0;
}

int cgb_memory_set_rights(
        struct cgb_memory *law, cgb_node node, uint32_t share_permille, uint64_t floor_bytes, uint64_t cap_bytes)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);
        struct cgb_rights *rights;

        if (slot == NULL)
                return -ENOENT;
        if (!share_is_valid(share_permille))
                return -EINVAL;
        rights = cgb_memory_rights(law, node);
        rights->share_permille = share_permille;
        rights->floor_bytes = cgb_min_u64(floor_bytes, SIZE_MAX_BYTES);
        slot->cap_bytes = cap_bytes;
        return 0;
}

void cgb_memory_set_can_reclaim(struct cgb_memory *law, bool can_reclaim)
{
        law->options.can_reclaim = can_reclaim;
}

int cgb_memory_set_written(struct cgb_memory *law, cgb_node node, uint64_t high_bytes)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        slot->high_bytes = high_bytes;
        return 0;
}

int cgb_memory_set_foreign(struct cgb_memory *law, cgb_node node, uint64_t high_bytes)
{
        struct cgb_memory_slot *slot = cgb_memory_find(law, node);

        if (slot == NULL)
                return -ENOENT;
        slot->foreign = true;
        slot->high_bytes = slot->found_bytes = high_bytes;
        return 0;
}

void cgb_memory_step(struct cgb_memory *law)
{
        law->writes = law->reclaims = (struct cgb_memory_queue){NOBODY, NOBODY};
        cgb_memory_settle(law);
        cgb_memory_guard(law);
        cgb_memory_limits(law);
        cgb_memory_ask(law);
        law->elapsed_usec = 0;
        for_each_memory_slot(law, i)
                if (!cgb_memory_is_managed(&law->slots[i]))
                        law->slots[i].events_known = false; /* nobody reads them: what happens meanwhile is not our doing */
}

static void remember(struct cgb_memory *law, const struct cgb_memory_action *action)
{
        struct cgb_memory_slot *slot = &law->slots[action->node];

        slot->last_type = action->type;
        slot->last_reason = action->reason;
        slot->last_bytes = action->bytes;
        slot->last_usec = law->now_usec;
}

static void take_write(struct cgb_memory *law, uint32_t node, struct cgb_memory_action *ret)
{
        struct cgb_memory_slot *slot = &law->slots[node];

        law->writes.first = slot->next_write;
        *ret = (struct cgb_memory_action){
                .type = slot->target_bytes > slot->high_bytes ? CGB_MEMORY_RAISE : CGB_MEMORY_LOWER,
                .reason = slot->target_reason,
                .node = node,
                .bytes = slot->target_bytes,
                .previous_bytes = slot->high_bytes,
        };
        slot->high_bytes = slot->target_bytes;
}

static void take_reclaim(struct cgb_memory *law, uint32_t node, struct cgb_memory_action *ret)
{
        struct cgb_memory_slot *slot = &law->slots[node];

        law->reclaims.first = slot->next_reclaim;
        *ret = (struct cgb_memory_action){
                .type = CGB_MEMORY_RECLAIM,
                .reason = slot->reclaim_reason,
                .node = node,
                .bytes = slot->asked_bytes,
                .previous_bytes = slot->high_bytes,
        };
}

static bool take_news(struct cgb_memory *law, struct cgb_memory_action *ret)
{
        for_each_workspace(law, i) {
                struct cgb_rights *rights = &law->slots[i].rights;

                if (!rights->to_tell)
                        continue;
                rights->to_tell = false;
                *ret = (struct cgb_memory_action){
                        .type = CGB_MEMORY_TELL,
                        .reason = CGB_MEMORY_REASON_GROWING,
                        .node = i,
                        .bytes = rights->usage_bytes,
                        .previous_bytes = law->slots[i].high_bytes,
                };
                return true;
        }
        law->has_news = false;
        return false;
}

bool cgb_memory_next_action(struct cgb_memory *law, struct cgb_memory_action *ret)
{
        if (law->has_news && take_news(law, ret))
                return true; /* nothing was done, so there is nothing to remember */
        if (law->writes.first != NOBODY)
                take_write(law, law->writes.first, ret);
        else if (law->reclaims.first != NOBODY)
                take_reclaim(law, law->reclaims.first, ret);
        else
                return false;
        remember(law, ret);
        return true;
}

uint64_t cgb_memory_due_usec(const struct cgb_memory *law)
{
        uint64_t due_usec = law->clock_usec + law->options.step_usec;

        for_each_memory_slot(law, i)
                due_usec = cgb_min_u64(due_usec, cgb_max_u64(law->slots[i].due_usec, law->clock_usec));
        return law->now_usec + (due_usec - law->clock_usec);
}

int cgb_memory_get(const struct cgb_memory *law, cgb_node node, struct cgb_memory_state *ret)
{
        const struct cgb_memory_slot *slot = cgb_memory_find((struct cgb_memory *)law, node);
        const struct cgb_rights *rights;

        if (slot == NULL)
                return -ENOENT;
        rights = &law->slots[slot->holder].rights;
        *ret = (struct cgb_memory_state){
                .parent = slot->parent,
                .workspace = slot->holder,
                .usage_bytes = slot->usage_bytes,
                .high_bytes = slot->high_bytes,
                .found_bytes = slot->found_bytes,
                .headroom_bytes = cgb_memory_headroom(slot->usage_bytes),
                .droppable_bytes = cgb_memory_droppable(law, slot),
                .droppable_known = slot->stat_known,
                .active = law->clock_usec - rights->last_active_usec < 2 * law->options.step_usec,
                .growing = rights->growing,
                .frozen = rights->frozen,
                .foreign = slot->foreign,
                .calm_steps = rights->calm_steps,
                .growth_bytes_per_second = slot->growth_bytes,
                .last_type = slot->last_type,
                .last_reason = slot->last_reason,
                .last_bytes = slot->last_bytes,
                .last_usec = slot->last_usec,
                .workspace_usage_bytes = rights->usage_bytes,
                .floor_bytes = rights->floor_bytes,
                .fair_bytes = rights->fair_bytes,
                .ceiling_bytes = rights->ceiling_bytes,
                .least_bytes = cgb_memory_least(rights),
                .backoff_usec = rights->guard.backoff_usec,
                .credit_byte_seconds = credit_to(rights->credit),
                .credit_cap_byte_seconds = credit_to(cgb_memory_credit_cap(rights)),
        };
        return 0;
}

void cgb_memory_get_pool(const struct cgb_memory *law, struct cgb_memory_pool_state *ret)
{
        *ret = (struct cgb_memory_pool_state){
                .groups = law->groups,
                .size_bytes = law->pool.size_bytes,
                .free_bytes = law->pool.free_bytes,
                .swap_free_bytes = law->pool.swap_free_bytes,
                .reserve_bytes = law->reserve_bytes,
                .ready_bytes = law->ready_bytes,
                .contended = law->contended,
                .reclaimed_bytes = law->reclaimed_bytes,
                .bank_byte_seconds = credit_to((int64_t)cgb_clamp_i128(law->bank, INT64_MIN, INT64_MAX)),
        };
}

int cgb_memory_check_floors(uint64_t sum_bytes, uint64_t low_bytes, uint64_t *ret_missing)
{
        if (low_bytes >= sum_bytes)
                return 0;
        *ret_missing = sum_bytes - low_bytes;
        return -ENOSPC;
}
