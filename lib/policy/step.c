/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step: for every pool that was observed, parents first, price the contention, charge the awake and grant it to all by
 * share, then turn credits into weights. Last, a few sleepers are visited in rotation, so that theirs follow as well.
 */
#include "state.h"

/* An account is active if it used a thousandth of a CPU or more: less is housekeeping, and needs no floor. */
#define ACTIVE_PER_STEP 1000

/* Sleepers are visited within this many steps. Slow credit needs some forty seconds to move a weight by one hysteresis. */
#define ROTATION_STEPS 32

/* ... and so many of them in any step, which is all of them for most hosts and costs some microseconds. */
#define ROTATION_MIN 256

/*
 * Who was not active for so many fast depths, ten minutes by default, does not count for the fast accounts any more. What
 * longer and shorter times do is in docs/algorithm.md.
 */
#define COUNTS_FAST_DEPTHS 60

/* A longer time between two steps counts as this long: it keeps every product within 64 bits. */
#define ELAPSED_MAX_USEC (24 * 3600 * 1000000ull)

/* Readings that add up to more than this many times what the CPUs can give, with a second's allowance, are not believed. */
#define BELIEVABLE_FACTOR 4
#define BELIEVABLE_EXTRA_USEC 1000000ull

/*
 * Readings of a pool's usage and of its accounts' are not of the same moment: the accounts' may be ahead by this much. More
 * than that is a counter that went back, or a reading that was not true.
 */
#define AHEAD_USEC 10000

/* Since this pool was observed, which need not have been in the last step. */
static uint64_t time_elapsed(const struct cgb_pool *pool, uint64_t now_usec)
{
        if (!pool->known || now_usec <= pool->observed_usec)
                return 0;
        return cgb_min_u64(now_usec - pool->observed_usec, ELAPSED_MAX_USEC);
}

/* What one look at the awake tells of the last step. */
struct round {
        uint64_t used_usec, most_usec; /* by all of them, and by the one who used most */
        uint64_t charged_nsec;         /* at the pool's price */
        uint32_t active;
};

static bool is_believable(const struct round *round, const struct cgb_pool *pool, uint64_t elapsed_usec)
{
        uint64_t limit_usec = (elapsed_usec * BELIEVABLE_FACTOR + BELIEVABLE_EXTRA_USEC) * pool->sample.cpus_permille / 1000;

        return round->most_usec <= limit_usec && round->used_usec <= limit_usec;
}

/* Two fast depths ago: by then an account that was quiet has its fast credit back, if anybody paid meanwhile. */
static bool is_long_ago(const struct cgb_policy *policy, uint64_t then_usec, uint64_t now_usec)
{
        return now_usec - then_usec > 2 * policy->options.fast_depth_usec;
}

static void mark_active(const struct cgb_policy *policy, struct cgb_pool *pool, struct cgb_account *account,
        uint64_t elapsed_usec, uint64_t now_usec)
{
        account->active = elapsed_usec > 0 && account->used_usec * ACTIVE_PER_STEP >= elapsed_usec;
        if (account->active)
                account->last_active_usec = now_usec;
        if (account->active || account->fresh)
                account->noticed_usec = now_usec;
        /* where the clock went back */
        account->last_active_usec = cgb_min_u64(account->last_active_usec, now_usec);
        account->noticed_usec = cgb_min_u64(account->noticed_usec, now_usec);
        account->was_active |= account->active;
        if (account->active)
                cgb_ledger_count(&pool->ledger, account);
        account->awake = account->was_active && !is_long_ago(policy, account->last_active_usec, now_usec);
}

static int64_t charge_nsec(uint64_t used_usec, uint64_t price_q16)
{
        return (int64_t)(((cgb_u128)(used_usec * 1000) * price_q16) >> 16);
}

static struct round look_at_awake(struct cgb_policy *policy, struct cgb_pool *pool, uint64_t elapsed_usec, uint64_t now_usec)
{
        struct round round = {0};

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                struct cgb_account *account = &policy->slots[i].account;

                mark_active(policy, pool, account, elapsed_usec, now_usec);
                round.active += account->active;
                round.used_usec += account->used_usec;
                round.most_usec = cgb_max_u64(round.most_usec, account->used_usec);
                round.charged_nsec += (uint64_t)charge_nsec(account->used_usec, pool->price_q16);
        }
        return round;
}

/* @slow_too: of both accounts, else of the fast one alone. */
static void settle_awake(struct cgb_policy *policy, struct cgb_pool *pool, uint64_t charged_nsec, bool slow_too)
{
        cgb_ledger_grant(&pool->ledger, SLOW, slow_too ? charged_nsec : 0);
        cgb_ledger_grant(&pool->ledger, FAST, charged_nsec);

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                struct cgb_account *account = &policy->slots[i].account;
                int64_t charge = charge_nsec(account->used_usec, pool->price_q16);

                cgb_account_settle(&pool->ledger, account, slow_too ? charge : 0, charge);
                cgb_account_raw(policy, &pool->ledger, account);
        }
}

static void weigh_awake(struct cgb_policy *policy, struct cgb_pool *pool)
{
        cgb_pool_measure(policy, pool);
        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next)
                cgb_account_weigh(policy, pool, i);
}

/* A group that has joined gets its first weight even where nobody is kept waiting. */
static void weigh_fresh(struct cgb_policy *policy, struct cgb_pool *pool)
{
        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                struct cgb_account *account = &policy->slots[i].account;

                if (!account->fresh)
                        continue;
                cgb_account_raw(policy, &pool->ledger, account);
                cgb_account_weigh(policy, pool, i);
        }
}

/* Ends the round for the children. */
static void lay_down(struct cgb_policy *policy, struct cgb_pool *pool, uint64_t now_usec)
{
        uint32_t next;

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = next) {
                struct cgb_account *account = &policy->slots[i].account;

                next = policy->slots[i].next;
                account->used_usec = 0;
                account->fresh = false;
                if (is_long_ago(policy, account->noticed_usec, now_usec))
                        cgb_child_move(policy, i, ASLEEP);
        }
}

static void settle_pool(struct cgb_policy *policy, uint32_t node, uint64_t now_usec)
{
        struct cgb_pool *pool = cgb_pool_of(policy, node);
        uint64_t elapsed_usec = time_elapsed(pool, now_usec);
        struct round round;

        cgb_pool_price(policy, node, elapsed_usec);
        round = look_at_awake(policy, pool, elapsed_usec, now_usec);
        cgb_ledger_set_depth(&pool->ledger, &policy->options, pool->sample.cpus_permille, pool->largest_share_permille);
        if (!is_believable(&round, pool, elapsed_usec))
                pool->price_q16 = 0;
        if (pool->price_q16 > 0) {
                /* alone, nobody is kept waiting but oneself: that is nothing to be in debt for */
                settle_awake(policy, pool, round.charged_nsec, round.active > 1);
                weigh_awake(policy, pool);
        } else {
                weigh_fresh(policy, pool);
        }
        lay_down(policy, pool, now_usec);
}

static void close_round(struct cgb_pool *pool, uint64_t now_usec)
{
        if (!pool->known || (int64_t)(pool->explained_usec - pool->sample.usage_usec) > AHEAD_USEC)
                pool->explained_usec = pool->sample.usage_usec;
        pool->previous = pool->sample;
        pool->observed_usec = now_usec;
        pool->known = true;
        pool->observed = false;
        pool->cursor = NONE;
}

static bool is_forgotten(const struct cgb_policy *policy, const struct cgb_account *account, uint64_t now_usec)
{
        return now_usec > account->noticed_usec + COUNTS_FAST_DEPTHS * policy->options.fast_depth_usec;
}

/* Sleepers earn without being looked at; this writes what they have earned into their weights. */
static void visit_sleepers(struct cgb_policy *policy, uint64_t now_usec)
{
        uint32_t visits = (uint32_t)cgb_max_u64(policy->used / ROTATION_STEPS, ROTATION_MIN);

        if (visits > policy->used)
                visits = policy->used;
        for (; visits > 0; visits--) {
                uint32_t node = policy->rotation;
                struct cgb_slot *slot = &policy->slots[node];
                struct cgb_pool *pool;

                policy->rotation = node + 1 < policy->used ? node + 1 : 0;
                if (!slot->taken || slot->parent == NONE || slot->place != ASLEEP)
                        continue;
                pool = cgb_pool_of(policy, slot->parent);
                if (is_forgotten(policy, &slot->account, now_usec))
                        cgb_ledger_discount(&pool->ledger, &slot->account);
                if (pool->price_q16 == 0)
                        continue;
                cgb_account_settle(&pool->ledger, &slot->account, 0, 0);
                cgb_account_raw(policy, &pool->ledger, &slot->account);
                cgb_account_weigh(policy, pool, node);
        }
}

void cgb_policy_step(struct cgb_policy *policy, uint64_t now_usec)
{
        for (uint32_t i = policy->first_pool; i != NONE; i = cgb_pool_of(policy, i)->next_pool) {
                struct cgb_pool *pool = cgb_pool_of(policy, i);

                if (!pool->observed) {
                        pool->price_q16 = 0;
                        continue;
                }
                if (pool->ledger.shares_permille[SLOW] > 0)
                        settle_pool(policy, i, now_usec);
                close_round(pool, now_usec);
        }
        visit_sleepers(policy, now_usec);
}
