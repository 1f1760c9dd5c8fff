/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which groups are worth reading. The kernel adds up a pool's usage for us: as long as the readings of the awake explain
 * what the pool used, no sleeper ran, and none needs reading. The part that is explained is kept over the rounds, so that a
 * sleeper who uses very little is found in the end as well, and charged for all of it.
 */
#include <errno.h>

#include "state.h"

/*
 * Usage that may stay unexplained: readings of a pool and of its children are some tens of microseconds apart, on each CPU.
 */
#define UNEXPLAINED_USEC 1000

int cgb_policy_observe_pool(struct cgb_policy *policy, cgb_node node, const struct cgb_pool_sample *sample)
{
        struct cgb_pool *pool;

        if (cgb_slot_find(policy, node) == NULL || !cgb_is_pool(policy, node))
                return -ENOENT;
        if (sample->cpus_permille == 0 || sample->cpus_permille > 8192000)
                return -EINVAL;

        pool = cgb_pool_of(policy, node);
        pool->sample = *sample;
        pool->observed = true;
        pool->reading = AWAKE;
        pool->cursor = pool->first[AWAKE];
        return 0;
}

static bool sleepers_may_have_run(const struct cgb_pool *pool)
{
        if (!pool->known || pool->sample.usage_usec == CGB_UNKNOWN || pool->previous.usage_usec == CGB_UNKNOWN)
                return true;
        return (int64_t)(pool->sample.usage_usec - pool->explained_usec) > UNEXPLAINED_USEC;
}

bool cgb_policy_next_to_read(struct cgb_policy *policy, cgb_node node, cgb_node *ret)
{
        struct cgb_pool *pool;

        if (cgb_slot_find(policy, node) == NULL)
                return false;
        pool = cgb_pool_of(policy, node);
        if (!pool->observed)
                return false;
        if (pool->cursor == NONE && pool->reading == AWAKE) {
                pool->reading = ASLEEP;
                pool->cursor = pool->first[ASLEEP];
        }
        if (pool->reading == ASLEEP) {
                if (!sleepers_may_have_run(pool))
                        return false;
                if (pool->cursor == NONE) {
                        /* everyone was read: the rest was used by groups that are gone, or are not ours */
                        pool->explained_usec = pool->sample.usage_usec;
                        return false;
                }
        }
        if (pool->cursor == NONE)
                return false;
        *ret = pool->cursor;
        pool->cursor = policy->slots[pool->cursor].next;
        return true;
}

int cgb_policy_observe(struct cgb_policy *policy, cgb_node node, const struct cgb_account_sample *sample)
{
        struct cgb_slot *slot = cgb_slot_find(policy, node);
        struct cgb_account *account;
        uint64_t used_usec = 0;

        if (slot == NULL || slot->parent == NONE)
                return -ENOENT;
        account = &slot->account;
        if (account->identity != sample->identity) {
                cgb_pool_of(policy, slot->parent)->explained_usec += sample->usage_usec;
                account->identity = sample->identity;
        } else if (sample->usage_usec >= account->usage_usec) {
                used_usec = sample->usage_usec - account->usage_usec;
                cgb_pool_of(policy, slot->parent)->explained_usec += used_usec;
        }
        account->usage_usec = sample->usage_usec;
        account->used_usec += used_usec;
        if (used_usec > 0 && slot->place == ASLEEP)
                cgb_child_move(policy, node, AWAKE);
        return 0;
}
