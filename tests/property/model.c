/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The policy against the naive model, over random lives: shares, wants, newcomers, leavers, one to three levels, laws of
 * any strength, with pressure and without.
 *
 * Only ratios of weights matter to the kernel, so a pool agrees if one scale explains the weights of all its accounts.
 * Where a single rounding decides who is cut by `reach`, weights are not compared; the test counts these cases so that the
 * exception cannot grow into the rule.
 */

#include <math.h>

#include "scenario.h"

#define SCENARIOS 300
#define ROUNDS 60
#define ROOM 24

/* What fixed-point powers may lose. */
#define WEIGHT_GRAIN 2e-3

/* Half of what one share without credit weighs, in 2^-20. */
#define RAW_GRAIN 1e-6

/* Caps may be whole nanoseconds per permille of share. */
#define CAP_GRAIN_NSEC 1.0

struct tally {
        unsigned pools, at_the_edge;
};

static void compare_account(const struct world *w, size_t at)
{
        const struct naive_node *n = &w->model->nodes[at];
        struct cgb_account_state a = world_account(w, at);
        double cap_grain_usec = 1 + w->groups[at].share_permille * CAP_GRAIN_NSEC / 1000;
        double slow = naive_slow(w->model, at), fast = naive_fast(w->model, at);

        must(w, fabs((double)a.balance.slow_nsec - slow) <= n->slow_doubt,
                "group %zu slow %lld nsec, by the model %.0f +- %.0f", at, (long long)a.balance.slow_nsec, slow,
                n->slow_doubt);
        must(w, fabs((double)a.balance.fast_nsec - fast) <= n->fast_doubt,
                "group %zu fast %lld nsec, by the model %.0f +- %.0f", at, (long long)a.balance.fast_nsec, fast,
                n->fast_doubt);
        must(w, fabs((double)a.slow_credit_usec - (double)a.balance.slow_nsec / 1000) <= 1, "group %zu", at);
        must(w, fabs((double)a.fast_credit_usec - (double)a.balance.fast_nsec / 1000) <= 1, "group %zu", at);
        must(w, fabs((double)a.slow_cap_usec - n->slow_cap / 1000) <= cap_grain_usec, "group %zu slow cap %lld, not %.0f",
                at, (long long)a.slow_cap_usec, n->slow_cap / 1000);
        must(w, fabs((double)a.fast_cap_usec - n->fast_cap / 1000) <= cap_grain_usec, "group %zu fast cap %lld, not %.0f",
                at, (long long)a.fast_cap_usec, n->fast_cap / 1000);
        must(w, a.active == n->active, "group %zu active: %d, not %d", at, a.active, n->active);
        must(w, a.share_permille == w->groups[at].share_permille, "group %zu", at);
        must(w, a.parent == w->groups[w->groups[at].parent].node, "group %zu", at);
        must(w, a.written == w->groups[at].believed, "group %zu", at);
}

static double doubt(const struct world *w, size_t at)
{
        const struct naive_node *n = &w->model->nodes[at];
        double floored = n->pull > n->raw ? 1.0 / w->options.floor_permille : 0;

        return WEIGHT_GRAIN + floored + RAW_GRAIN / n->raw + naive_doubt(w->model, at);
}

/* Every reason given must be true; which of several is given is not the law's business. */
static bool reason_is_true(const struct world *w, size_t at)
{
        const struct naive_node *n = &w->model->nodes[at], *pool = &w->model->nodes[n->parent];
        struct cgb_account_state a = world_account(w, at);
        double grain = doubt(w, at);

        switch (a.reason) {
        case CGB_REASON_SHARE:
                return fabs(n->raw - 1) <= grain;
        case CGB_REASON_CREDIT:
                return n->raw >= 1 - grain;
        case CGB_REASON_DEBT:
                return n->raw <= 1 + grain;
        case CGB_REASON_REACH:
                return n->raw >= pool->top * (1 - grain);
        case CGB_REASON_FLOOR:
                return n->active && n->raw <= pool->floor * (1 + grain);
        case CGB_REASON_RANGE:
                return a.weight == CGB_WEIGHT_MIN || a.weight == CGB_WEIGHT_MAX;
        }
        return false;
}

static void show_weights(const struct world *w, size_t pool, double scale)
{
        const struct naive_node *p = &w->model->nodes[pool];

        print_error("pool %zu: price %g, top %g, floor %g, scale %g\n", pool, p->price, p->top, p->floor, scale);
        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].parent == pool)
                        print_error("  group %zu: share %u raw %g pull %g %s law %g has %u\n", i,
                                w->groups[i].share_permille, w->model->nodes[i].raw, w->model->nodes[i].pull,
                                w->model->nodes[i].active  ? "active"
                                : w->model->nodes[i].awake ? "awake"
                                                           : "asleep",
                                naive_weight(w->model, i, scale), world_account(w, i).weight);
}

/*
 * The scales between which every weight of the pool is the law's, rounded, but not to below the floor, and cut to the range.
 */
static void find_scales(const struct world *w, size_t pool, double *ret_low, double *ret_high)
{
        *ret_low = 0;
        *ret_high = INFINITY;
        for (size_t i = 1; i < w->room; i++) {
                const struct naive_node *n = &w->model->nodes[i];
                double has, unit, floor = 0, grain;

                if (!w->groups[i].there || w->groups[i].parent != pool)
                        continue;
                has = world_account(w, i).weight;
                unit = naive_weight(w->model, i, 1);
                grain = 1 + doubt(w, i);
                if (n->active && w->model->nodes[pool].floor > 0) {
                        floor = unit * w->model->nodes[pool].floor / n->pull;
                        grain += 1.0 / w->options.floor_permille;
                }
                if (has > CGB_WEIGHT_MIN)
                        *ret_low =
                                fmax(*ret_low, fmin((has - 0.5) / unit, floor > 0 ? (has - 1) / floor : INFINITY) / grain);
                if (has < CGB_WEIGHT_MAX)
                        *ret_high = fmin(*ret_high, fmin((has + 0.5) / unit, floor > 0 ? has / floor : INFINITY) * grain);
        }
}

/*
 * The top of the range is used, or else one share without credit weighs what the kernel's default is; and nobody is cut
 * off.
 */
static void compare_scale(const struct world *w, size_t pool, double low, double high)
{
        const struct cgb_policy_options *o = &w->options;
        double ceiling = exp2((o->slow_strength_permille + o->fast_strength_permille) / 1000.0), largest = 0, top;

        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].parent == pool)
                        largest = fmax(largest, w->groups[i].share_permille / 1000.0);
        top = largest * fmin(ceiling, w->model->nodes[pool].top);
        must(w, high >= CGB_WEIGHT_DEFAULT || high * top >= CGB_WEIGHT_MAX / 4.0, "pool %zu: scale %g, top %g", pool, high,
                top);
        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].parent == pool)
                        must(w, naive_weight(w->model, i, low) <= CGB_WEIGHT_MAX * (1 + doubt(w, i)), "group %zu is cut off",
                                i);
}

static void compare_weights(const struct world *w, size_t pool, struct tally *tally)
{
        const struct naive_node *p = &w->model->nodes[pool];
        double low, high;

        if (p->price <= 0 || !isfinite(p->top))
                return;
        tally->pools++;
        if (p->at_the_edge) {
                tally->at_the_edge++;
                return;
        }
        find_scales(w, pool, &low, &high);
        if (low > high)
                show_weights(w, pool, low);
        must(w, low <= high, "pool %zu: no scale explains the weights", pool);
        compare_scale(w, pool, low, high);
        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].parent == pool)
                        must(w, reason_is_true(w, i), "group %zu: reason %d, raw %g", i, world_account(w, i).reason,
                                w->model->nodes[i].raw);
}

static void compare_pool(const struct world *w, size_t pool, struct tally *tally)
{
        const struct naive_node *p = &w->model->nodes[pool];
        struct cgb_pool_state s = world_pool(w, pool);
        double bank = naive_bank(w->model, pool), bank_doubt = p->bank_doubt;

        /* What does not divide by all shares waits in the bank. */
        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].parent == pool)
                        bank_doubt += w->groups[i].share_permille;
        must(w, fabs(s.price_permille - p->price * 1000) <= 1.01, "pool %zu price %u, not %.1f", pool, s.price_permille,
                p->price * 1000);
        must(w, s.accounts == w->groups[pool].children, "pool %zu has %u accounts", pool, s.accounts);
        must(w, fabs((double)s.bank_nsec - bank) <= bank_doubt, "pool %zu bank %lld nsec, by the model %.0f +- %.0f", pool,
                (long long)s.bank_nsec, bank, bank_doubt);
        compare_weights(w, pool, tally);
}

static void compare(const struct world *w, struct tally *tally)
{
        for (size_t i = 0; i < w->room; i++) {
                if (!w->groups[i].there)
                        continue;
                if (i != WORLD_ROOT)
                        compare_account(w, i);
                if (w->groups[i].children > 0)
                        compare_pool(w, i, tally);
        }
}

struct life {
        unsigned levels;
        bool churn; /* groups come and go */
        bool read_all;
        bool small; /* shares of a hundredth and little more */
};

static void make_small(struct world *w, struct dice *dice)
{
        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there)
                        world_set_share(
                                w, i, (uint32_t)dice_between(dice, CGB_SHARE_MIN_PERMILLE, 2 * CGB_SHARE_MIN_PERMILLE));
}

static void live(uint64_t seed, struct life life, struct tally *tally)
{
        struct dice dice = {seed};
        struct cgb_policy_options options = scenario_options(&dice, ROOM);
        struct world *w = world_new(seed, &options, (uint32_t)dice_between(&dice, 500, 32000));

        world_carry_model(w);
        w->read_all = life.read_all;
        w->psi_off = dice_percent(&dice, 20);
        scenario_populate(w, &dice, life.levels, ROOM / 2);
        if (life.small)
                make_small(w, &dice);
        for (unsigned i = 0; i < ROUNDS; i++) {
                w->queue = dice_percent(&dice, 70) ? -1 : dice_real(&dice, 0, 1);
                w->others = dice_percent(&dice, 50) ? -1 : dice_real(&dice, 0, w->groups[WORLD_ROOT].cpus_permille / 1000.0);
                scenario_wants(w, &dice);
                world_round(w, dice_between(&dice, 200000, 2500000) | 1);
                compare(w, tally);
                if (life.churn)
                        scenario_churn(w, &dice);
        }
        world_free(w);
}

static void few_at_the_edge(const struct tally *tally)
{
        assert_true(tally->pools > SCENARIOS * ROUNDS / 4);
        assert_true(tally->at_the_edge < tally->pools / 10);
}

static void one_pool_follows_the_law(void **state)
{
        struct tally tally = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++)
                live(seed, (struct life){.levels = 1, .read_all = true}, &tally);
        few_at_the_edge(&tally);
}

static void pools_follow_the_law_while_groups_come_and_go(void **state)
{
        struct tally tally = {0};

        (void)state;
        for (uint64_t seed = 1001; seed <= 1000 + SCENARIOS; seed++)
                live(seed, (struct life){.levels = 1 + (unsigned)(seed % 3), .churn = true, .read_all = true}, &tally);
        few_at_the_edge(&tally);
}

static void reading_only_what_is_asked_for_follows_the_law(void **state)
{
        struct tally tally = {0};

        (void)state;
        for (uint64_t seed = 2001; seed <= 2000 + SCENARIOS; seed++)
                live(seed, (struct life){.levels = 1 + (unsigned)(seed % 3), .churn = true}, &tally);
        few_at_the_edge(&tally);
}

static void pools_of_small_shares_follow_the_law(void **state)
{
        struct tally tally = {0};

        (void)state;
        for (uint64_t seed = 3001; seed <= 3000 + SCENARIOS; seed++)
                live(seed, (struct life){.levels = 1, .read_all = true, .small = true}, &tally);
        few_at_the_edge(&tally);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(one_pool_follows_the_law),
                world_test(pools_follow_the_law_while_groups_come_and_go),
                world_test(pools_of_small_shares_follow_the_law),
                world_test(reading_only_what_is_asked_for_follows_the_law),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
