/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From credit to weight. docs/algorithm.md has the law; the three ideas:
 *
 * reach - a burst needs the CPUs against those who are awake, and no more than that: weights above a multiple of their sum make a
 *         kernel's tails worse, not better.
 * floor - whoever is active keeps a part of its fair share, however deep in debt.
 * scale - only ratios matter to the kernel, so the range hangs from its top: a sleeper with full credit stays at the top whatever
 *         the awake do, and nothing has to be written for it.
 */
#include "state.h"

/* The weight which the smallest of the awake may fall to before the scale is lifted from its natural place (100 a share) to the
 * top of the range. Half of the default: small weights are rounded coarsely, in our range and again inside the kernel. */
#define SMALL_WEIGHT (CGB_WEIGHT_DEFAULT / 2)

/* share * raw that comes to CGB_WEIGHT_MAX when one share without credit weighs CGB_WEIGHT_DEFAULT. */
#define NATURAL_FULL_WEIGHT ((uint64_t)CGB_SHARE_MAX_PERMILLE * CGB_Q20_ONE)

/* The floor's fixed point is approached by a factor of alpha or better per round; 32 rounds are exact for alpha up to one half, and
 * within 3 % at 0.9. */
#define FLOOR_ROUNDS 32

static int64_t full_part_q16(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        int64_t cap = cgb_account_cap(ledger, account, span), credit = account->credit_nsec[span];

        if (cap <= 0)
                return 0;
        if (credit < 0)
                return -(int64_t)cgb_scale_part(cgb_min_u64((uint64_t)-credit, (uint64_t)cap), (uint64_t)cap, CGB_Q16_ONE);
        return (int64_t)cgb_scale_part(cgb_min_u64((uint64_t)credit, (uint64_t)cap), (uint64_t)cap, CGB_Q16_ONE);
}

void cgb_account_raw(const struct cgb_policy *policy, const struct cgb_ledger *ledger, struct cgb_account *account)
{
        int64_t exponent = full_part_q16(ledger, account, SLOW) * policy->options.slow_strength_permille
                         + full_part_q16(ledger, account, FAST) * policy->options.fast_strength_permille;

        account->raw_q20 = cgb_exp2_q20((int32_t)(exponent / 1000));
}

/* The smallest and largest raw weight among the awake. */
static void range_of_awake(const struct cgb_policy *policy, const struct cgb_pool *pool, uint64_t *ret_low, uint64_t *ret_high)
{
        *ret_low = UINT64_MAX;
        *ret_high = 0;
        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                *ret_low = cgb_min_u64(*ret_low, policy->slots[i].account.raw_q20);
                *ret_high = cgb_max_u64(*ret_high, policy->slots[i].account.raw_q20);
        }
}

/* reach * @level, where the product may pass 64 bits; more than any raw weight is as good as any more. */
static uint64_t times_reach(const struct cgb_policy *policy, uint64_t level)
{
        uint64_t reach_q10 = (uint64_t)policy->options.reach_permille * 1024 / 1000;
        cgb_u128 product = ((cgb_u128)level * reach_q10) >> 10;

        return product > UINT32_MAX * (uint64_t)CGB_Q20_ONE ? UINT32_MAX * (uint64_t)CGB_Q20_ONE : (uint64_t)product;
}

/*
 * Climbs over the awake from the lowest raw weight, with everybody below the present level in the sum, until the next one up is out of
 * reach. Each round at least multiplies the level by the reach, so a few rounds do, and no order of the list is needed.
 */
static uint64_t find_reach(const struct cgb_policy *policy, const struct cgb_pool *pool, uint64_t lowest)
{
        uint32_t accounts = pool->count[AWAKE] + pool->count[ASLEEP];
        uint64_t mean_share = cgb_max_u64(pool->ledger.shares_permille / accounts, 1), level = lowest;

        for (;;) {
                uint64_t sum = 0, reach, next = level;

                for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                        const struct cgb_account *account = &policy->slots[i].account;

                        if (account->raw_q20 <= level)
                                sum += account->raw_q20 * account->share_permille;
                }
                reach = times_reach(policy, cgb_max_u64(sum / mean_share, level));
                for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                        uint64_t raw = policy->slots[i].account.raw_q20;

                        if (raw <= reach)
                                next = cgb_max_u64(next, raw);
                }
                if (next == level)
                        return reach;
                level = next;
        }
}

/* f = alpha * (sum of weights) / (sum of shares) over the active, where the weights are those which f has raised. */
static uint64_t find_floor(const struct cgb_policy *policy, const struct cgb_pool *pool)
{
        /* a written weight may be one hysteresis below what is wanted, and the others' one above */
        uint64_t alpha_permille = policy->options.floor_permille
                                + policy->options.floor_permille * 2 * policy->options.hysteresis_permille / 1000;
        uint64_t floor = 0;

        alpha_permille = cgb_min_u64(alpha_permille, 1000);
        for (int round = 0; round < FLOOR_ROUNDS; round++) {
                uint64_t sum = 0, shares = 0, next;

                for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                        const struct cgb_account *account = &policy->slots[i].account;

                        if (!account->active)
                                continue;
                        sum += cgb_max_u64(cgb_min_u64(account->raw_q20, pool->reach_q20), floor) * account->share_permille;
                        shares += account->share_permille;
                }
                if (shares == 0)
                        return 0;
                next = sum / shares * alpha_permille / 1000;
                if (next == floor)
                        break;
                floor = next;
        }
        return floor;
}

/* What hangs at the top of the range: the largest share at the highest raw weight that can count. */
static uint64_t find_full_weight(const struct cgb_policy *policy, const struct cgb_pool *pool, uint64_t lowest, uint64_t highest)
{
        const struct cgb_policy_options *options = &policy->options;
        uint64_t ceiling = cgb_exp2_q20(
                (int32_t)((options->slow_strength_permille + options->fast_strength_permille) * (uint64_t)CGB_Q16_ONE / 1000));
        uint64_t top = cgb_min_u64(pool->reach_q20, pool->count[ASLEEP] > 0 ? ceiling : highest);
        uint64_t hung = top * pool->largest_share_permille;

        if (hung < NATURAL_FULL_WEIGHT && lowest * CGB_WEIGHT_DEFAULT >= (uint64_t)SMALL_WEIGHT * CGB_Q20_ONE)
                return NATURAL_FULL_WEIGHT;
        return hung;
}

void cgb_pool_measure(struct cgb_policy *policy, struct cgb_pool *pool)
{
        uint64_t lowest, highest;

        if (pool->count[AWAKE] == 0)
                return;
        range_of_awake(policy, pool, &lowest, &highest);
        pool->reach_q20 = find_reach(policy, pool, lowest);
        pool->floor_q20 = find_floor(policy, pool);
        pool->full_weight = find_full_weight(policy, pool, cgb_max_u64(lowest, pool->floor_q20), highest);
}

static enum cgb_reason reason_of(const struct cgb_account *account, const struct cgb_pool *pool, uint64_t weight)
{
        if (weight < CGB_WEIGHT_MIN)
                return CGB_REASON_RANGE;
        if (account->active && account->raw_q20 < pool->floor_q20)
                return CGB_REASON_FLOOR;
        if (account->raw_q20 > pool->reach_q20)
                return CGB_REASON_REACH;
        if (account->raw_q20 > CGB_Q20_ONE)
                return CGB_REASON_CREDIT;
        return account->raw_q20 < CGB_Q20_ONE ? CGB_REASON_DEBT : CGB_REASON_SHARE;
}

void cgb_account_weigh(struct cgb_policy *policy, const struct cgb_pool *pool, uint32_t node)
{
        struct cgb_account *account = &policy->slots[node].account;
        uint64_t raw = cgb_max_u64(cgb_min_u64(account->raw_q20, pool->reach_q20), account->active ? pool->floor_q20 : 0);
        uint64_t product = cgb_min_u64(raw * account->share_permille, pool->full_weight);
        uint64_t weight = cgb_scale_part(product, pool->full_weight, CGB_WEIGHT_MAX), difference;

        account->reason = reason_of(account, pool, weight);
        account->weight = (uint32_t)cgb_max_u64(weight, CGB_WEIGHT_MIN);

        difference = account->weight > account->written ? account->weight - account->written : account->written - account->weight;
        if (difference > 0 && difference * 1000 >= (uint64_t)account->written * policy->options.hysteresis_permille)
                cgb_action_want(policy, node);
        else
                cgb_action_drop(policy, node);
}
