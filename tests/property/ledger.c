/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Symmetries of the ledger: who sleeps only gains, how often one looks does not matter, and who came first does not matter.
 *
 * A twin is a second policy that is shown the same machine. Where the law says that a difference in what it is shown makes no
 * difference, the twins must agree; no expected value needs to be known.
 */

#include <stdlib.h>

#include "scenario.h"

#define SCENARIOS 200
#define ROUNDS 40
#define ROOM 20

static void an_idle_accounts_credit_never_falls(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options = scenario_options(&dice, ROOM);
                struct world *w = world_new(seed, &options, 8000);
                struct cgb_account_state before[ROOM];

                scenario_populate(w, &dice, 1 + (unsigned)(seed % 3), ROOM - 4);
                world_round(w, SECOND_USEC);
                for (unsigned round = 0; round < ROUNDS; round++) {
                        for (size_t i = 1; i < w->room; i++)
                                if (w->groups[i].there)
                                        before[i] = world_account(w, i);
                        scenario_wants(w, &dice);
                        world_round(w, dice_between(&dice, 1000, 3 * SECOND_USEC));
                        for (size_t i = 1; i < w->room; i++) {
                                if (!w->groups[i].there || w->groups[i].ran_usec > 0)
                                        continue;
                                must(w, world_account(w, i).balance.slow_nsec >= before[i].balance.slow_nsec, "group %zu", i);
                                must(w, world_account(w, i).balance.fast_nsec >= before[i].balance.fast_nsec, "group %zu", i);
                        }
                }
                world_free(w);
        }
}

/* One step of 2 s or two of 1 s. Everybody gets what it wants, so that weights, which do move in between, change nothing. */
static void splitting_a_step_changes_no_credit(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice whole_dice = {seed}, split_dice = {seed}, dice = {seed + 7000};
                struct cgb_policy_options options = scenario_options(&whole_dice, ROOM);
                struct world *whole = world_new(seed, &options, 8000), *split = world_new(seed, &options, 8000);

                (void)scenario_options(&split_dice, ROOM);
                scenario_populate(whole, &whole_dice, 1 + (unsigned)(seed % 3), 12);
                scenario_populate(split, &split_dice, 1 + (unsigned)(seed % 3), 12);
                world_round(whole, SECOND_USEC);
                world_round(split, SECOND_USEC);
                for (unsigned round = 0; round < 10; round++) {
                        whole->queue = split->queue = (double)dice_between(&dice, 0, 100) / 100;
                        for (size_t i = 0; i < ROOM; i++) {
                                whole->groups[i].cpus_permille = split->groups[i].cpus_permille = 8000;
                                whole->groups[i].wants = split->groups[i].wants = (double)dice_between(&dice, 0, 600) / 1000;
                        }
                        world_round(whole, 2 * SECOND_USEC);
                        world_round(split, SECOND_USEC);
                        world_round(split, SECOND_USEC);
                        for (size_t i = 1; i < ROOM; i++) {
                                struct cgb_account_state a, b;
                                int64_t grain_nsec = 10 * (round + 1);

                                if (!whole->groups[i].there)
                                        continue;
                                a = world_account(whole, i);
                                b = world_account(split, i);
                                grain_nsec += a.share_permille;
                                must(whole, llabs(a.balance.slow_nsec - b.balance.slow_nsec) <= grain_nsec, "group %zu slow %lld, %lld", i,
                                        (long long)a.balance.slow_nsec, (long long)b.balance.slow_nsec);
                                must(whole, llabs(a.balance.fast_nsec - b.balance.fast_nsec) <= grain_nsec, "group %zu fast %lld, %lld", i,
                                        (long long)a.balance.fast_nsec, (long long)b.balance.fast_nsec);
                        }
                }
                world_free(whole);
                world_free(split);
        }
}

static void who_joined_first_does_not_matter(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options = scenario_options(&dice, ROOM);
                struct world *w = world_new(seed, &options, 8000), *twin = world_new(seed, &options, 8000);
                size_t map[ROOM];

                scenario_populate(w, &dice, 1 + (unsigned)(seed % 3), ROOM - 2);
                scenario_copy_groups(w, twin, map, false, true);
                /* Whom one asks first decides who is found that hardly ran; that is no part of the law. */
                w->read_all = twin->read_all = true;
                for (unsigned round = 0; round < ROUNDS; round++) {
                        scenario_wants(w, &dice);
                        world_run(w, dice_between(&dice, 100000, 2500000));
                        scenario_mirror(w, twin, map);
                        world_read(w);
                        world_read(twin);
                        world_step(w);
                        world_step(twin);
                        world_write(w);
                        world_write(twin);
                        scenario_twins_agree(w, twin, map);
                        must(w, w->writes == twin->writes, "%u and %u writes", w->writes, twin->writes);
                }
                world_free(w);
                world_free(twin);
        }
}

/* The inner pool is looked at in every second round only; all that happened must then be priced over all that time. */
static void a_pool_that_was_not_observed_is_priced_over_the_whole_time(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options;
                struct world *often, *seldom;
                size_t pool = 1, a = 2, b = 3;

                cgb_policy_options_init(&options, SECOND_USEC, 4);
                often = world_new(seed, &options, 4000);
                seldom = world_new(seed, &options, 4000);
                for (unsigned twin = 0; twin < 2; twin++) {
                        struct world *w = twin ? seldom : often;

                        assert_int_equal(world_join(w, WORLD_ROOT, 1000), pool);
                        assert_int_equal(world_join(w, pool, 1000), a);
                        assert_int_equal(world_join(w, pool, 1000), b);
                        w->queue = 1;
                        world_round(w, SECOND_USEC);
                }
                for (unsigned round = 0; round < 10; round++) {
                        struct cgb_account_state before = world_account(seldom, a), after, model;

                        often->groups[a].wants = seldom->groups[a].wants = (double)dice_between(&dice, 1000, 2000) / 1000;
                        often->groups[b].wants = seldom->groups[b].wants = (double)dice_between(&dice, 10, 1000) / 1000;
                        world_round(often, SECOND_USEC);
                        world_round(often, SECOND_USEC);
                        world_run(seldom, SECOND_USEC);
                        world_step(seldom);
                        after = world_account(seldom, a);
                        must(seldom, after.balance.slow_nsec == before.balance.slow_nsec, "a pool that was not observed moved");
                        must(seldom, after.balance.fast_nsec == before.balance.fast_nsec, "a pool that was not observed moved");
                        world_round(seldom, SECOND_USEC);
                        after = world_account(seldom, a);
                        model = world_account(often, a);
                        must(seldom, llabs(after.balance.slow_nsec - model.balance.slow_nsec) <= 1000 + 20 * (round + 1),
                                "slow %lld, looked at often %lld", (long long)after.balance.slow_nsec,
                                (long long)model.balance.slow_nsec);
                }
                world_free(often);
                world_free(seldom);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(an_idle_accounts_credit_never_falls),
                world_test(splitting_a_step_changes_no_credit),
                world_test(who_joined_first_does_not_matter),
                world_test(a_pool_that_was_not_observed_is_priced_over_the_whole_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
