/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Symmetries of the ledger: who sleeps only gains, how often one looks does not matter, and who came first does not matter.
 *
 * A twin is a second policy that is shown the same machine. Where the law says that a difference in what it is shown makes
 * no difference, the twins must agree; no expected value needs to be known.
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
                                must(w, world_account(w, i).balance.slow_nsec >= before[i].balance.slow_nsec, "group %zu",
                                        i);
                                /* the cap falls when others who were long asleep wake */
                                must(w,
                                        world_account(w, i).balance.fast_nsec >= before[i].balance.fast_nsec ||
                                                world_account(w, i).fast_credit_usec == world_account(w, i).fast_cap_usec,
                                        "group %zu", i);
                        }
                }
                world_free(w);
        }
}

/*
 * Not to the last nanosecond: every step rounds, and a remainder below one nanosecond per permille of share is carried
 * along.
 */
static void credits_agree(const struct world *w, const struct world *twin, size_t at, unsigned steps)
{
        struct cgb_account_state a = world_account(w, at), b = world_account(twin, at);
        int64_t grain_nsec = 10 * steps + a.share_permille;

        must(w, llabs(a.balance.slow_nsec - b.balance.slow_nsec) <= grain_nsec, "group %zu slow %lld, its twin %lld", at,
                (long long)a.balance.slow_nsec, (long long)b.balance.slow_nsec);
        must(w, llabs(a.balance.fast_nsec - b.balance.fast_nsec) <= grain_nsec, "group %zu fast %lld, its twin %lld", at,
                (long long)a.balance.fast_nsec, (long long)b.balance.fast_nsec);
}

/* Together they want less than there is, so everybody gets it, and weights, which do move in between, change nothing. */
static void want_little(struct world *w, struct world *twin, struct dice *dice)
{
        w->queue = twin->queue = (double)dice_between(dice, 0, 100) / 100;
        for (size_t i = 0; i < ROOM; i++) {
                w->groups[i].cpus_permille = twin->groups[i].cpus_permille = 8000;
                w->groups[i].wants = twin->groups[i].wants = (double)dice_between(dice, 0, 600) / 1000;
        }
}

static struct world *any_world(uint64_t seed)
{
        struct dice dice = {seed};
        struct cgb_policy_options options = scenario_options(&dice, ROOM);
        struct world *w = world_new(seed, &options, 8000);

        scenario_populate(w, &dice, 1 + (unsigned)(seed % 3), 12);
        world_round(w, SECOND_USEC);
        return w;
}

static void splitting_a_step_changes_no_credit(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct world *whole = any_world(seed), *split = any_world(seed);
                struct dice dice = {seed};

                for (unsigned round = 1; round <= 10; round++) {
                        want_little(whole, split, &dice);
                        world_round(whole, 2 * SECOND_USEC);
                        world_round(split, SECOND_USEC);
                        world_round(split, SECOND_USEC);
                        for (size_t i = 1; i < ROOM; i++)
                                if (whole->groups[i].there)
                                        credits_agree(whole, split, i, round);
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
                        scenario_twins_round(w, twin, map);
                        scenario_twins_agree(w, twin, map);
                        must(w, w->writes == twin->writes, "%u and %u writes", w->writes, twin->writes);
                }
                world_free(w);
                world_free(twin);
        }
}

/* Two accounts in the root, of which the first uses more. */
static struct world *world_of_two(uint64_t seed)
{
        struct cgb_policy_options options;
        struct world *w;

        cgb_policy_options_init(&options, SECOND_USEC, 3);
        w = world_new(seed, &options, 4000);
        world_join(w, WORLD_ROOT, 1000);
        world_join(w, WORLD_ROOT, 1000);
        w->queue = 1;
        world_round(w, SECOND_USEC);
        return w;
}

/* A step without a round: the pool is not observed, and stays as it is. */
static void skip_a_round(struct world *w)
{
        struct cgb_account_state before = world_account(w, 1), after;

        world_run(w, SECOND_USEC);
        world_step(w);
        world_write(w);
        after = world_account(w, 1);
        must(w, after.balance.slow_nsec == before.balance.slow_nsec, "slow credit moved");
        must(w, after.balance.fast_nsec == before.balance.fast_nsec, "fast credit moved");
        must(w, after.weight == before.weight && w->writes == 0, "the weight moved");
}

/* What happened since a pool was last observed is priced over all that time, not over the last step alone. */
static void a_pool_that_was_not_observed_is_priced_over_the_whole_time(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct world *often = world_of_two(seed), *seldom = world_of_two(seed);
                struct dice dice = {seed};

                for (unsigned round = 1; round <= 10; round++) {
                        often->groups[1].wants = seldom->groups[1].wants = (double)dice_between(&dice, 1000, 2000) / 1000;
                        often->groups[2].wants = seldom->groups[2].wants = (double)dice_between(&dice, 10, 1000) / 1000;
                        world_round(often, SECOND_USEC);
                        world_round(often, SECOND_USEC);
                        skip_a_round(seldom);
                        world_round(seldom, SECOND_USEC);
                        credits_agree(often, seldom, 1, round);
                        credits_agree(often, seldom, 2, round);
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
