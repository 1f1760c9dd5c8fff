/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public door of the policy: its memory, who joins and leaves, and what one may ask it. state.h has the data, step.c the
 * step, ledger.c and weights.c the law.
 */
#include <errno.h>
#include <string.h>

#include "state.h"

#define CAPACITY_MAX (1u << 20)
#define DEPTH_MIN_USEC 1000ull
#define DEPTH_MAX_USEC (24 * 3600 * 1000000ull)
#define STRENGTH_MAX_PERMILLE 12000u

/* All shares of one pool together: with the largest raw weight, 2^32 in Q20, their sum stays within 64 bits. */
#define SHARES_MAX_PERMILLE (1ull << 30)

/*
 * A quarter of an hour: long enough that somebody who builds now and then comes before a miner, short enough that a build's
 * debt is forgiven before the next. Depths and strengths together are those of the set that came out best of 150 on the
 * simulated node: see docs/algorithm.md.
 */
#define SLOW_DEPTH_USEC (900 * 1000000ull)

/*
 * Ten seconds: a workspace that works and pauses by turns of ten seconds can play a fast account of three, and gain half
 * again what is due to it; here it gains 3 %, with nine 9 %. No less than three steps: the correction of one step is 0.7 *
 * strength * step / depth of the error, which is 1.4 there, and from 2 on weights would swing from one end to the other. No
 * deeper either: what is deep takes long to fill, and until then nobody is armed.
 */
#define FAST_DEPTH_USEC (10 * 1000000ull)
#define FAST_DEPTH_STEPS 3

/*
 * A quarter of an hour's credit is worth 2^2, seconds of quiet 2^6: what one did just now says most about what one will do
 * next.
 */
#define SLOW_STRENGTH_PERMILLE 2000
#define FAST_STRENGTH_PERMILLE 6000

/*
 * Debt weighs less than a third of what credit does: enough to keep a miner behind builds, and little enough that who has
 * built something is not made to pay for it with its key presses.
 */
#define DEBT_STRENGTH_PERMILLE 600

/*
 * A tenth of the fair share: a build beside a burst goes on. Nine to one is the reach that this floor leaves to a single
 * burst, so that weights need not change when it begins.
 */
#define FLOOR_PERMILLE 100
#define REACH_PERMILLE 9000

/* Below 5 % nobody could measure the difference, and each write makes the kernel visit every CPU. */
#define HYSTERESIS_PERMILLE 50

void cgb_policy_options_init(struct cgb_policy_options *options, uint64_t step_usec, uint32_t capacity)
{
        *options = (struct cgb_policy_options){
                .size = sizeof *options,
                .capacity = capacity,
                .slow_depth_usec = SLOW_DEPTH_USEC,
                .fast_depth_usec = cgb_max_u64(
                        FAST_DEPTH_USEC, cgb_min_u64(step_usec, DEPTH_MAX_USEC / FAST_DEPTH_STEPS) * FAST_DEPTH_STEPS),
                .slow_strength_permille = SLOW_STRENGTH_PERMILLE,
                .debt_strength_permille = DEBT_STRENGTH_PERMILLE,
                .fast_strength_permille = FAST_STRENGTH_PERMILLE,
                .floor_permille = FLOOR_PERMILLE,
                .reach_permille = REACH_PERMILLE,
                .hysteresis_permille = HYSTERESIS_PERMILLE,
        };
}

static bool depth_is_valid(uint64_t depth_usec)
{
        return depth_usec >= DEPTH_MIN_USEC && depth_usec <= DEPTH_MAX_USEC;
}

/* Of both accounts together, on the side of credit or on that of debt. */
static bool strengths_are_valid(uint32_t slow_permille, uint32_t fast_permille)
{
        return (uint64_t)slow_permille + fast_permille <= STRENGTH_MAX_PERMILLE;
}

static bool options_are_valid(const struct cgb_policy_options *options)
{
        return options->size == sizeof *options && options->capacity >= 1 && options->capacity <= CAPACITY_MAX &&
               depth_is_valid(options->slow_depth_usec) && depth_is_valid(options->fast_depth_usec) &&
               strengths_are_valid(options->slow_strength_permille, options->fast_strength_permille) &&
               strengths_are_valid(options->debt_strength_permille, options->fast_strength_permille) &&
               options->floor_permille <= 1000 && options->reach_permille >= 1000 && options->reach_permille <= 1000000 &&
               options->hysteresis_permille <= 1000 && options->beside_others <= 1;
}

static size_t size_for(uint32_t capacity)
{
        return sizeof(struct cgb_policy) + capacity * (sizeof(struct cgb_slot) + sizeof(struct cgb_pool));
}

size_t cgb_policy_memory_size(const struct cgb_policy_options *options)
{
        return options_are_valid(options) ? size_for(options->capacity) : 0;
}

int cgb_policy_init(struct cgb_policy **ret, void *memory, size_t memory_size, const struct cgb_policy_options *options)
{
        struct cgb_policy *policy = memory;

        if (!options_are_valid(options))
                return -EINVAL;
        if (memory_size < size_for(options->capacity))
                return -ENOMEM;

        memset(policy, 0, sizeof *policy);
        policy->options = *options;
        policy->free = policy->first_pool = policy->last_pool = policy->first_action = policy->last_action = NONE;
        policy->used = 1;
        policy->slots[CGB_NODE_ROOT] = (struct cgb_slot){.taken = true, .parent = NONE, .next = NONE, .previous = NONE};
        cgb_pool_open(policy, CGB_NODE_ROOT);
        *ret = policy;
        return 0;
}

int cgb_policy_grow(struct cgb_policy **policy, void *memory, size_t memory_size, uint32_t capacity)
{
        struct cgb_policy *grown = memory;

        if (capacity < (*policy)->options.capacity || capacity > CAPACITY_MAX)
                return -EINVAL;
        if (memory_size < size_for(capacity))
                return -ENOMEM;
        memcpy(grown, *policy, sizeof *grown + (*policy)->used * sizeof(struct cgb_slot));
        grown->options.capacity = capacity;
        memcpy(cgb_pool_of(grown, 0), cgb_pool_of(*policy, 0), (*policy)->used * sizeof(struct cgb_pool));
        *policy = grown;
        return 0;
}

/* A free slot, or NONE. */
static uint32_t take_slot(struct cgb_policy *policy)
{
        uint32_t node = policy->free;

        if (node != NONE)
                policy->free = policy->slots[node].next;
        else if (policy->used < policy->options.capacity)
                node = policy->used++;
        return node;
}

static bool share_is_valid(uint32_t share_permille)
{
        return share_permille >= CGB_SHARE_MIN_PERMILLE && share_permille <= CGB_SHARE_MAX_PERMILLE;
}

int cgb_policy_join(struct cgb_policy *policy, const struct cgb_account_options *options, cgb_node *ret)
{
        struct cgb_pool *parent;
        uint32_t node;

        if (options->size != sizeof *options || !share_is_valid(options->share_permille) || options->weight > CGB_WEIGHT_MAX)
                return -EINVAL;
        if (cgb_slot_find(policy, options->parent) == NULL)
                return -ENOENT;
        parent = cgb_pool_of(policy, options->parent);
        if (cgb_is_pool(policy, options->parent) &&
                parent->ledger.shares_permille[SLOW] + options->share_permille > SHARES_MAX_PERMILLE)
                return -ENOSPC;
        node = take_slot(policy);
        if (node == NONE)
                return -ENOSPC;

        if (!cgb_is_pool(policy, options->parent))
                cgb_pool_open(policy, options->parent);
        *cgb_pool_of(policy, node) = (struct cgb_pool){0};
        policy->slots[node] = (struct cgb_slot){
                .taken = true,
                .parent = options->parent,
                .account =
                        {
                                .share_permille = options->share_permille,
                                .identity = options->identity,
                                .usage_usec = options->usage_usec,
                                .credit_nsec = {options->balance.slow_nsec, options->balance.fast_nsec},
                                .seen_nsec = {parent->ledger.virtual_nsec[SLOW], parent->ledger.virtual_nsec[FAST]},
                                .raw_q20 = CGB_Q20_ONE,
                                .weight = options->weight,
                                .written = options->weight,
                                .fresh = true,
                                .counts = true,
                        },
        };
        cgb_child_insert(policy, node, AWAKE);
        parent->ledger.shares_permille[SLOW] += options->share_permille;
        parent->ledger.shares_permille[FAST] += options->share_permille;
        parent->ledger.bank_nsec -= options->balance.slow_nsec;
        parent->largest_share_permille = (uint32_t)cgb_max_u64(parent->largest_share_permille, options->share_permille);
        *ret = node;
        return 0;
}

/* The cap of every account follows the sum of the shares, and the scale the largest of them. */
static void find_largest_share(struct cgb_policy *policy, struct cgb_pool *pool)
{
        pool->largest_share_permille = 0;
        for (int place = 0; place < PLACES; place++)
                for (uint32_t i = pool->first[place]; i != NONE; i = policy->slots[i].next)
                        pool->largest_share_permille =
                                (uint32_t)cgb_max_u64(pool->largest_share_permille, policy->slots[i].account.share_permille);
}

static struct cgb_slot *find_account(struct cgb_policy *policy, cgb_node node)
{
        return node == CGB_NODE_ROOT ? NULL : cgb_slot_find(policy, node);
}

int cgb_policy_leave(struct cgb_policy *policy, cgb_node node)
{
        struct cgb_slot *slot = find_account(policy, node);
        struct cgb_pool *pool;
        uint32_t share_permille;

        if (slot == NULL)
                return -ENOENT;
        if (cgb_is_pool(policy, node))
                return -EBUSY;

        pool = cgb_pool_of(policy, slot->parent);
        cgb_account_settle(&pool->ledger, &slot->account, 0, 0);
        pool->ledger.bank_nsec += slot->account.credit_nsec[SLOW];
        share_permille = slot->account.share_permille;
        pool->ledger.shares_permille[SLOW] -= share_permille;
        cgb_ledger_discount(&pool->ledger, &slot->account);

        cgb_action_drop(policy, node);
        cgb_child_remove(policy, node);
        if (share_permille == pool->largest_share_permille)
                find_largest_share(policy, pool);
        if (!cgb_is_pool(policy, slot->parent))
                cgb_pool_close(policy, slot->parent);
        slot->taken = false;
        slot->next = policy->free;
        policy->free = node;
        return 0;
}

int cgb_policy_set_share(struct cgb_policy *policy, cgb_node node, uint32_t share_permille)
{
        struct cgb_slot *slot = find_account(policy, node);
        struct cgb_pool *pool;

        if (slot == NULL)
                return -ENOENT;
        pool = cgb_pool_of(policy, slot->parent);
        if (!share_is_valid(share_permille) ||
                pool->ledger.shares_permille[SLOW] - slot->account.share_permille + share_permille > SHARES_MAX_PERMILLE)
                return -EINVAL;

        cgb_account_settle(&pool->ledger, &slot->account, 0, 0);
        cgb_ledger_count(&pool->ledger, &slot->account);
        for (int span = 0; span < SPANS; span++)
                pool->ledger.shares_permille[span] =
                        pool->ledger.shares_permille[span] - slot->account.share_permille + share_permille;
        slot->account.share_permille = share_permille;
        slot->account.fresh = true;
        if (slot->place == ASLEEP)
                cgb_child_move(policy, node, AWAKE);
        find_largest_share(policy, pool);
        return 0;
}

int cgb_policy_set_written(struct cgb_policy *policy, cgb_node node, uint32_t weight)
{
        struct cgb_slot *slot = find_account(policy, node);

        if (slot == NULL)
                return -ENOENT;
        if (weight > CGB_WEIGHT_MAX)
                return -EINVAL;
        slot->account.written = weight;
        return 0;
}

bool cgb_policy_next_action(struct cgb_policy *policy, struct cgb_action *ret)
{
        uint32_t node = policy->first_action;
        struct cgb_account *account;

        if (node == NONE)
                return false;
        account = &policy->slots[node].account;
        cgb_action_drop(policy, node);
        *ret = (struct cgb_action){
                .node = node, .weight = account->weight, .previous = account->written, .reason = account->reason};
        account->written = account->weight;
        return true;
}

int cgb_policy_get_account(const struct cgb_policy *policy, cgb_node node, struct cgb_account_state *ret)
{
        const struct cgb_slot *slot = find_account((struct cgb_policy *)policy, node);
        const struct cgb_account *account;
        const struct cgb_ledger *ledger;

        if (slot == NULL)
                return -ENOENT;
        account = &slot->account;
        ledger = &cgb_pool_of(policy, slot->parent)->ledger;
        *ret = (struct cgb_account_state){
                .parent = slot->parent,
                .share_permille = account->share_permille,
                .usage_usec = account->usage_usec,
                .slow_credit_usec = cgb_account_credit(ledger, account, SLOW) / 1000,
                .slow_cap_usec = cgb_account_cap(ledger, account, SLOW) / 1000,
                .fast_credit_usec = cgb_account_credit(ledger, account, FAST) / 1000,
                .fast_cap_usec = cgb_account_cap(ledger, account, FAST) / 1000,
                .weight = account->weight,
                .written = account->written,
                .reason = account->reason,
                .active = account->active,
                .balance = {cgb_account_credit(ledger, account, SLOW), cgb_account_credit(ledger, account, FAST)},
        };
        return 0;
}

static uint32_t price_permille(const struct cgb_pool *pool)
{
        return (uint32_t)((pool->price_q16 * 1000 + CGB_Q16_ONE / 2) / CGB_Q16_ONE);
}

int cgb_policy_get_price(const struct cgb_policy *policy, cgb_node node, uint32_t *ret_permille)
{
        const struct cgb_slot *slot = cgb_slot_find((struct cgb_policy *)policy, node);

        if (slot == NULL || !cgb_is_pool(policy, node))
                return -ENOENT;
        *ret_permille = price_permille(cgb_pool_of(policy, node));
        return 0;
}

int cgb_policy_get_pool(const struct cgb_policy *policy, cgb_node node, struct cgb_pool_state *ret)
{
        const struct cgb_slot *slot = cgb_slot_find((struct cgb_policy *)policy, node);
        const struct cgb_pool *pool;
        cgb_i128 bank_nsec;

        if (slot == NULL || !cgb_is_pool(policy, node))
                return -ENOENT;
        pool = cgb_pool_of(policy, node);
        bank_nsec = pool->ledger.bank_nsec + (cgb_i128)pool->ledger.remainder_nsec[SLOW];
        for (int place = 0; place < PLACES; place++)
                for (uint32_t i = pool->first[place]; i != NONE; i = policy->slots[i].next)
                        bank_nsec += cgb_account_uncollected_cut(&pool->ledger, &policy->slots[i].account);
        *ret = (struct cgb_pool_state){
                .accounts = pool->count[AWAKE] + pool->count[ASLEEP],
                .awake = pool->count[AWAKE],
                .price_permille = price_permille(pool),
                .bank_nsec = (int64_t)cgb_clamp_i128(bank_nsec, INT64_MIN, INT64_MAX),
        };
        return 0;
}
