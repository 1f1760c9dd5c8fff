/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From credit to weight. docs/algorithm.md has the law; the three ideas:
 *
 * reach - a burst needs the CPUs against those who are awake, and no more than that: weights above a multiple of their sum make a
 *         kernel's tails worse, not better.
 * floor - whoever is active keeps a part of its fair share, however deep in debt.
 * scale - only ratios matter to the kernel, so the range hangs from its top: a sleeper with full credit stays at the top whatever
 *         the awake do, and nothing has to be written for it. Beside groups without an account, which have 100, it is lifted no further than
 *         the smallest of the awake needs: a debtor near the top would be ahead of them.
 */
#include "state.h"

/*
 * The weight which the smallest of the awake may fall to before the scale is lifted from its natural place (100 a share) to
 * the top of the range. Half of the default: small weights are rounded coarsely, in our range and again inside the kernel.
 */
#define SMALL_WEIGHT (CGB_WEIGHT_DEFAULT / 2)

/* share * raw that comes to CGB_WEIGHT_MAX when one share without credit weighs CGB_WEIGHT_DEFAULT. */
#define NATURAL_FULL_WEIGHT ((uint64_t)CGB_SHARE_MAX_PERMILLE * CGB_Q20_ONE)

static int64_t full_part_q16(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        int64_t cap = cgb_account_cap(ledger, account, span), credit = account->credit_nsec[span], part;

        if (cap <= 0)
                return 0;
        part = (int64_t)cgb_scale_part(
                cgb_min_u64(credit < 0 ? -(uint64_t)credit : (uint64_t)credit, (uint64_t)cap), (uint64_t)cap, CGB_Q16_ONE);
        return credit < 0 ? -part : part;
}

void cgb_account_raw(const struct cgb_policy *policy, const struct cgb_ledger *ledger, struct cgb_account *account)
{
        const struct cgb_policy_options *options = &policy->options;
        int64_t slow = full_part_q16(ledger, account, SLOW), fast = full_part_q16(ledger, account, FAST);
        int64_t exponent = slow * (slow < 0 ? options->debt_strength_permille : options->slow_strength_permille) +
                           fast * options->fast_strength_permille;

        account->raw_q20 = cgb_exp2_q20((int32_t)(exponent / 1000));
}

static const struct cgb_account *account_of(const struct cgb_policy *policy, uint32_t node)
{
        return &policy->slots[node].account;
}

/* @a * @b / @c, where the product may have more than 64 bits and the result has not; @b * @c has to fit as well. */
static uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
        return a / c * b + a % c * b / c;
}

/* reach * @level, where the product may pass 64 bits; more than any raw weight is as good as any more. */
static uint64_t times_reach(const struct cgb_policy *policy, uint64_t level)
{
        uint64_t reach_q10 = (uint64_t)policy->options.reach_permille * 1024 / 1000;
        cgb_u128 product = ((cgb_u128)level * reach_q10) >> 10;

        return product > UINT32_MAX * (uint64_t)CGB_Q20_ONE ? UINT32_MAX * (uint64_t)CGB_Q20_ONE : (uint64_t)product;
}

/* What one look at everybody tells. Raw weights, over the awake; floors are for the active. */
struct survey {
        uint64_t lowest, highest; /* UINT64_MAX and 0: nobody is awake */
        uint64_t sum;             /* of raw weight times share */
        bool all_are_awake;
};

static struct survey survey_of(const struct cgb_policy *policy, const struct cgb_pool *pool)
{
        struct survey survey = {.lowest = UINT64_MAX, .all_are_awake = pool->count[ASLEEP] == 0};

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                const struct cgb_account *account = account_of(policy, i);

                if (!account->awake) {
                        survey.all_are_awake = false;
                        continue;
                }
                survey.lowest = cgb_min_u64(survey.lowest, account->raw_q20);
                survey.highest = cgb_max_u64(survey.highest, account->raw_q20);
                survey.sum += account->raw_q20 * account->share_permille;
        }
        return survey;
}

/* What the awake up to @level allow, whose weights are @sum: the reach times that, told for one mean share. */
static uint64_t reach_over(const struct cgb_policy *policy, const struct cgb_pool *pool, uint64_t level, uint64_t sum)
{
        uint64_t mean = mul_div(sum, pool->count[AWAKE] + pool->count[ASLEEP], pool->ledger.shares_permille[SLOW]);

        return times_reach(policy, cgb_max_u64(mean, level));
}

static uint64_t sum_up_to(const struct cgb_policy *policy, const struct cgb_pool *pool, uint64_t level)
{
        uint64_t sum = 0;

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                const struct cgb_account *account = account_of(policy, i);

                if (account->awake && account->raw_q20 <= level)
                        sum += account->raw_q20 * account->share_permille;
        }
        return sum;
}

/* The highest raw weight among the awake that is not above @limit. */
static uint64_t highest_awake(const struct cgb_policy *policy, const struct cgb_pool *pool, uint64_t limit)
{
        uint64_t highest = 0;

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                const struct cgb_account *account = account_of(policy, i);

                if (account->awake && account->raw_q20 <= limit)
                        highest = cgb_max_u64(highest, account->raw_q20);
        }
        return highest;
}

/*
 * Climbs over the awake from the lowest raw weight, with everybody below the present level in the sum, until the next one up
 * is out of reach. Each round at least multiplies the level by the reach, so a few rounds do, and no order of the list is
 * needed. Mostly the lowest alone reaches all of them, and nobody has to be looked at again.
 */
static uint64_t find_reach(const struct cgb_policy *policy, const struct cgb_pool *pool, const struct survey *survey)
{
        uint64_t level = survey->lowest;

        if (survey->highest <= times_reach(policy, survey->lowest))
                return reach_over(policy, pool, survey->highest, survey->sum);
        for (;;) {
                uint64_t reach = reach_over(policy, pool, level, sum_up_to(policy, pool, level)),
                         next = highest_awake(policy, pool, reach);

                if (next <= level)
                        return reach;
                level = next;
        }
}

static uint64_t floor_permille(const struct cgb_policy_options *options)
{
        /* a written weight may be one hysteresis below what is wanted, and the others' one above */
        uint64_t alpha_permille =
                options->floor_permille + options->floor_permille * 2 * options->hysteresis_permille / 1000;

        return cgb_min_u64(alpha_permille, 1000);
}

/*
 * f = alpha * (sum of weights) / (sum of shares) over the active, where those below f weigh f: so f * (S - alpha * S_below)
 * = alpha * (sum of those above). Who is below is found by raising f until nobody more falls below it.
 */
static uint64_t find_floor(const struct cgb_policy *policy, const struct cgb_pool *pool)
{
        uint64_t alpha_permille = floor_permille(&policy->options), floor = 0;

        for (;;) {
                uint64_t sum_above = 0, shares = 0, shares_below = 0, lowest_above = UINT64_MAX, next;

                for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                        const struct cgb_account *account = account_of(policy, i);
                        uint64_t raw = cgb_min_u64(account->raw_q20, pool->reach_q20);

                        if (!account->active)
                                continue;
                        shares += account->share_permille;
                        if (raw < floor) {
                                shares_below += account->share_permille;
                                continue;
                        }
                        lowest_above = cgb_min_u64(lowest_above, raw);
                        sum_above += raw * account->share_permille;
                }
                if (shares == 0 || sum_above == 0)
                        return floor;
                next = mul_div(sum_above, alpha_permille, 1000 * shares - alpha_permille * shares_below);
                if (next <= floor)
                        return floor;
                floor = next;
                if (lowest_above >= floor)
                        return floor;
        }
}

/* The smallest weight among the awake, as share * raw. */
static uint64_t smallest_awake(const struct cgb_policy *policy, const struct cgb_pool *pool)
{
        uint64_t smallest = UINT64_MAX;

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next) {
                const struct cgb_account *account = account_of(policy, i);

                if (account->awake)
                        smallest = cgb_min_u64(
                                smallest, account->share_permille *
                                                  cgb_max_u64(account->raw_q20, account->active ? pool->floor_q20 : 0));
        }
        return smallest;
}

/* What hangs at the top of the range: the largest share at the highest raw weight that can count. */
static uint64_t find_full_weight(const struct cgb_policy *policy, const struct cgb_pool *pool, const struct survey *survey)
{
        const struct cgb_policy_options *options = &policy->options;
        uint64_t ceiling = cgb_exp2_q20((int32_t)((options->slow_strength_permille + options->fast_strength_permille) *
                                                  (uint64_t)CGB_Q16_ONE / 1000));
        uint64_t highest = survey->all_are_awake ? survey->highest : ceiling;
        uint64_t hung = cgb_min_u64(pool->reach_q20, highest) * pool->largest_share_permille;
        uint64_t lifted = smallest_awake(policy, pool) * (CGB_WEIGHT_MAX / SMALL_WEIGHT);

        if (hung < NATURAL_FULL_WEIGHT && lifted >= NATURAL_FULL_WEIGHT)
                return NATURAL_FULL_WEIGHT;
        return options->beside_others ? cgb_max_u64(hung, cgb_min_u64(lifted, NATURAL_FULL_WEIGHT)) : hung;
}

void cgb_pool_measure(const struct cgb_policy *policy, struct cgb_pool *pool)
{
        struct survey survey = survey_of(policy, pool);

        if (survey.lowest == UINT64_MAX)
                return; /* nobody is awake: what was measured last stands */
        pool->reach_q20 = find_reach(policy, pool, &survey);
        pool->floor_q20 = find_floor(policy, pool);
        pool->full_weight = find_full_weight(policy, pool, &survey);
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

/* Rounded, but not to below the floor: of a weight of 1.4 that would take a third. */
static uint64_t round_weight(const struct cgb_pool *pool, uint64_t product, uint64_t floor)
{
        uint64_t weight = cgb_scale_part(product, pool->full_weight, CGB_WEIGHT_MAX);

        return weight * pool->full_weight < cgb_min_u64(floor, pool->full_weight) * CGB_WEIGHT_MAX ? weight + 1 : weight;
}

void cgb_account_weigh(struct cgb_policy *policy, const struct cgb_pool *pool, uint32_t node)
{
        struct cgb_account *account = &policy->slots[node].account;
        uint64_t floor = account->active ? pool->floor_q20 : 0;
        uint64_t raw = cgb_max_u64(cgb_min_u64(account->raw_q20, pool->reach_q20), floor);
        uint64_t product = cgb_min_u64(raw * account->share_permille, pool->full_weight);
        uint64_t weight = round_weight(pool, product, floor * account->share_permille), difference;

        account->reason = reason_of(account, pool, weight);
        account->weight = (uint32_t)cgb_max_u64(weight, CGB_WEIGHT_MIN);

        difference =
                account->weight > account->written ? account->weight - account->written : account->written - account->weight;
        if (difference > 0 && difference * 1000 >= (uint64_t)account->written * policy->options.hysteresis_permille)
                cgb_action_want(policy, node);
        else
                cgb_action_drop(policy, node);
}
