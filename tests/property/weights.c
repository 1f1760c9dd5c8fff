/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the weights promise whatever the law's constants are: they lie in the kernel's range, follow credit, are in the
 * ratio of the shares where nobody has credit, and are not written without need.
 */

#include <math.h>
#include <stdlib.h>

#include "scenario.h"

#define SCENARIOS 200
#define ROUNDS 40
#define ROOM 20

static bool has_no_less_credit(const struct cgb_account_state *a, const struct cgb_account_state *b)
{
        return a->balance.slow_nsec >= b->balance.slow_nsec && a->balance.fast_nsec >= b->balance.fast_nsec;
}

static void check_order(const struct world *w, size_t i, size_t j)
{
        struct cgb_account_state a = world_account(w, i), b = world_account(w, j);

        if (a.share_permille != b.share_permille || a.active != b.active || !has_no_less_credit(&a, &b))
                return;
        must(w, a.weight >= b.weight, "group %zu (%lld, %lld nsec) weighs %u, group %zu (%lld, %lld nsec) weighs %u", i,
                (long long)a.balance.slow_nsec, (long long)a.balance.fast_nsec, a.weight, j, (long long)b.balance.slow_nsec,
                (long long)b.balance.fast_nsec, b.weight);
}

static void check_pool_order(const struct world *w, size_t pool)
{
        for (size_t i = 1; i < w->room; i++)
                for (size_t j = 1; j < w->room; j++)
                        if (w->groups[i].there && w->groups[j].there && w->groups[i].parent == pool &&
                                w->groups[j].parent == pool)
                                check_order(w, i, j);
}

static void check_written(const struct world *w, size_t i)
{
        struct cgb_account_state a = world_account(w, i);
        int64_t off = (int64_t)a.weight - a.written;

        must(w, a.weight >= CGB_WEIGHT_MIN && a.weight <= CGB_WEIGHT_MAX, "group %zu: weight %u", i, a.weight);
        must(w, off == 0 || llabs(off) * 1000 < (int64_t)w->options.hysteresis_permille * a.written,
                "group %zu: wants %u, the kernel has %u", i, a.weight, a.written);
}

static void check_world(const struct world *w)
{
        for (size_t g = 0; g < w->room; g++) {
                if (!w->groups[g].there)
                        continue;
                if (g != WORLD_ROOT)
                        check_written(w, g);
                if (w->groups[g].children > 0 && world_pool(w, g).price_permille > 0)
                        check_pool_order(w, g);
        }
}

static void weights_stay_in_range_and_follow_credit(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options = scenario_options(&dice, ROOM);
                struct world *w = world_new(seed, &options, 8000);

                scenario_populate(w, &dice, 1 + (unsigned)(seed % 3), ROOM - 4);
                for (unsigned i = 0; i < ROUNDS; i++) {
                        scenario_wants(w, &dice);
                        world_round(w, dice_between(&dice, 100000, 2500000));
                        check_world(w);
                }
                world_free(w);
        }
}

/* Some one number must be each weight per share, as far as rounding and the range let it be seen. */
static void check_ratios(const struct world *w)
{
        double low = 0, high = INFINITY;

        for (size_t i = 1; i < w->room; i++) {
                double share = w->groups[i].share_permille, weight;

                if (!w->groups[i].there)
                        continue;
                weight = world_account(w, i).weight;
                must(w, world_account(w, i).reason == CGB_REASON_SHARE || world_account(w, i).reason == CGB_REASON_RANGE,
                        "group %zu: reason %d", i, world_account(w, i).reason);
                if (weight > CGB_WEIGHT_MIN)
                        low = fmax(low, (weight - 0.5) / share);
                if (weight < CGB_WEIGHT_MAX)
                        high = fmin(high, (weight + 0.5) / share);
        }
        must(w, low <= high * (1 + 1e-9), "the shares call for %g and %g per permille", low, high);
}

static struct world *world_of_shares(uint64_t seed, struct dice *dice)
{
        struct cgb_policy_options options = scenario_options(dice, ROOM);
        struct world *w = world_new(seed, &options, 8000);

        for (uint64_t n = dice_between(dice, 2, ROOM - 1); n > 0; n--)
                world_join(w, WORLD_ROOT,
                        (uint32_t)(dice_percent(dice, 50) ? dice_between(dice, 10, 100000) : dice_between(dice, 500, 4000)));
        return w;
}

static void without_credit_first_weights_are_in_the_ratio_of_the_shares(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = world_of_shares(seed, &dice);

                world_round(w, SECOND_USEC);
                check_ratios(w);
                world_free(w);
        }
}

/* Everybody takes exactly its share of full CPUs: nobody is owed anything, and yet there is a price. */
static void without_credit_contended_weights_are_in_the_ratio_of_the_shares(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = world_of_shares(seed, &dice);
                uint64_t shares = 0;

                for (size_t i = 1; i < w->room; i++)
                        shares += w->groups[i].there ? w->groups[i].share_permille : 0;
                w->queue = 1;
                world_round(w, shares * 8);
                for (size_t i = 1; i < w->room; i++)
                        w->groups[i].wants = 8.0 * w->groups[i].share_permille / (double)shares;
                for (unsigned i = 0; i < 10; i++) {
                        world_round(w, shares * 8);
                        must(w, world_pool(w, WORLD_ROOT).price_permille == 1000, "no price");
                        check_ratios(w);
                }
                world_free(w);
        }
}

static void check_unchanged(const struct world *w, const struct cgb_account_state before[])
{
        for (size_t i = 1; i < w->room; i++) {
                struct cgb_account_state a;

                if (!w->groups[i].there)
                        continue;
                a = world_account(w, i);
                must(w, a.balance.slow_nsec == before[i].balance.slow_nsec, "group %zu", i);
                must(w, a.balance.fast_nsec == before[i].balance.fast_nsec, "group %zu", i);
                must(w, a.weight == before[i].weight, "group %zu", i);
        }
}

static void without_contention_nothing_changes_and_nothing_is_written(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options = scenario_options(&dice, ROOM);
                struct world *w = world_new(seed, &options, 8000);
                struct cgb_account_state before[ROOM];

                scenario_populate(w, &dice, 1 + (unsigned)(seed % 3), ROOM - 4);
                for (unsigned i = 0; i < 20; i++) {
                        scenario_wants(w, &dice);
                        world_round(w, SECOND_USEC);
                }
                for (size_t i = 1; i < w->room; i++)
                        if (w->groups[i].there)
                                before[i] = world_account(w, i);
                /* Up to 19 who want up to a fifth of a CPU are less than half of eight CPUs. */
                for (size_t i = 0; i < w->room; i++) {
                        w->groups[i].wants = dice_real(&dice, 0, 0.2);
                        w->groups[i].cpus_permille = 8000;
                }
                for (uint64_t i = dice_between(&dice, 1, 10); i > 0; i--) {
                        world_round(w, SECOND_USEC);
                        must(w, w->writes == 0, "%u weights written", w->writes);
                }
                check_unchanged(w, before);
                world_free(w);
        }
}

/* @n equals who have taken the same, and so have no credit; then they are idle for a while. */
static struct world *idle_equals(uint64_t seed, struct dice *dice, size_t n)
{
        struct cgb_policy_options options = scenario_options(dice, ROOM);
        struct world *w = world_new(seed, &options, 8000);

        w->queue = 1;
        for (size_t i = 1; i <= n; i++)
                w->groups[world_join(w, WORLD_ROOT, 1000)].wants = 8.0 / (double)n;
        for (unsigned i = 0; i < 10; i++)
                world_round(w, n * 100000);
        for (size_t i = 1; i <= n; i++)
                w->groups[i].wants = 0;
        for (uint64_t i = dice_between(dice, 0, 40); i > 0; i--)
                world_round(w, SECOND_USEC);
        return w;
}

static void a_newcomer_without_contention_gets_the_weight_of_its_equals(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = idle_equals(seed, &dice, (size_t)dice_between(&dice, 2, ROOM - 3));
                size_t at = world_join(w, WORLD_ROOT, 1000);
                double equal = w->groups[1].weight;

                world_round(w, SECOND_USEC);
                must(w, w->groups[at].written == 1 && w->writes == 1, "%u weights written", w->writes);
                /* The others may hold what was written when the law wanted up to one hysteresis more or less. */
                must(w, fabs(w->groups[at].weight - equal) <= 1 + 1.1 * equal * w->options.hysteresis_permille / 1000,
                        "%u, and the others %g", w->groups[at].weight, equal);
                world_free(w);
        }
}

/* More sleepers than are looked at in every step: their weights may follow late, but they follow. */
static void in_a_large_pool_the_weights_of_sleepers_follow(void **state)
{
        struct cgb_policy_options options;
        struct world *w;

        (void)state;
        cgb_policy_options_init(&options, SECOND_USEC, 1200);
        options.slow_depth_usec = 10 * SECOND_USEC;
        w = world_new(0, &options, 8000);
        for (size_t i = 1; i < 1200; i++)
                w->groups[world_join(w, WORLD_ROOT, 1000)].wants = i <= 5 ? 8 : 0;
        for (unsigned i = 0; i < 100; i++)
                world_round(w, SECOND_USEC);
        for (size_t i = 6; i < 1200; i++) {
                must(w, world_account(w, i).slow_credit_usec >= world_account(w, i).slow_cap_usec - 1,
                        "group %zu is not full", i);
                must(w,
                        w->groups[i].weight >= w->groups[6].weight * 0.94 &&
                                w->groups[i].weight <= w->groups[6].weight * 1.06,
                        "group %zu has %u, group 6 has %u", i, w->groups[i].weight, w->groups[6].weight);
                must(w, w->groups[i].weight > 4 * w->groups[1].weight, "group %zu has %u, a looping one has %u", i,
                        w->groups[i].weight, w->groups[1].weight);
        }
        world_free(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(weights_stay_in_range_and_follow_credit),
                world_test(without_credit_first_weights_are_in_the_ratio_of_the_shares),
                world_test(without_credit_contended_weights_are_in_the_ratio_of_the_shares),
                world_test(without_contention_nothing_changes_and_nothing_is_written),
                world_test(a_newcomer_without_contention_gets_the_weight_of_its_equals),
                world_test(in_a_large_pool_the_weights_of_sleepers_follow),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
