/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lists of a policy: a pool's children by place, the pools in order, the queue of actions. Indices, not pointers,
 * because the block of memory may move between two calls.
 */
#include "state.h"

void cgb_child_insert(struct cgb_policy *policy, uint32_t node, enum cgb_place place)
{
        struct cgb_slot *slot = &policy->slots[node];
        struct cgb_pool *pool = cgb_pool_of(policy, slot->parent);

        slot->place = place;
        slot->previous = NONE;
        slot->next = pool->first[place];
        if (slot->next != NONE)
                policy->slots[slot->next].previous = node;
        pool->first[place] = node;
        pool->count[place]++;
}

void cgb_child_remove(struct cgb_policy *policy, uint32_t node)
{
        struct cgb_slot *slot = &policy->slots[node];
        struct cgb_pool *pool = cgb_pool_of(policy, slot->parent);

        if (pool->cursor == node)
                pool->cursor = slot->next;
        if (slot->previous != NONE)
                policy->slots[slot->previous].next = slot->next;
        else
                pool->first[slot->place] = slot->next;
        if (slot->next != NONE)
                policy->slots[slot->next].previous = slot->previous;
        pool->count[slot->place]--;
}

void cgb_child_move(struct cgb_policy *policy, uint32_t node, enum cgb_place place)
{
        cgb_child_remove(policy, node);
        cgb_child_insert(policy, node, place);
}

void cgb_pool_open(struct cgb_policy *policy, uint32_t node)
{
        struct cgb_pool *pool = cgb_pool_of(policy, node);

        *pool = (struct cgb_pool){
                .first = {NONE, NONE},
                .next_pool = NONE,
                .cursor = NONE,
                .reach_q20 = UINT64_MAX,
                .full_weight = (uint64_t)CGB_SHARE_MAX_PERMILLE * CGB_Q20_ONE,
        };
        if (policy->last_pool != NONE)
                cgb_pool_of(policy, policy->last_pool)->next_pool = node;
        else
                policy->first_pool = node;
        policy->last_pool = node;
}

void cgb_pool_close(struct cgb_policy *policy, uint32_t node)
{
        uint32_t *link = &policy->first_pool, before = NONE;

        while (*link != node) {
                before = *link;
                link = &cgb_pool_of(policy, before)->next_pool;
        }
        *link = cgb_pool_of(policy, node)->next_pool;
        if (policy->last_pool == node)
                policy->last_pool = before;
}

void cgb_action_want(struct cgb_policy *policy, uint32_t node)
{
        struct cgb_slot *slot = &policy->slots[node];

        if (slot->wanted)
                return;
        slot->wanted = true;
        slot->next_action = NONE;
        slot->previous_action = policy->last_action;
        if (slot->previous_action != NONE)
                policy->slots[slot->previous_action].next_action = node;
        else
                policy->first_action = node;
        policy->last_action = node;
}

void cgb_action_drop(struct cgb_policy *policy, uint32_t node)
{
        struct cgb_slot *slot = &policy->slots[node];

        if (!slot->wanted)
                return;
        slot->wanted = false;
        if (slot->previous_action != NONE)
                policy->slots[slot->previous_action].next_action = slot->next_action;
        else
                policy->first_action = slot->next_action;
        if (slot->next_action != NONE)
                policy->slots[slot->next_action].previous_action = slot->previous_action;
        else
                policy->last_action = slot->previous_action;
}
