/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is read costs what is awake. As long as those awake explain what their pool used, no sleeper is asked for; as soon
 * as they do not, the sleeper that ran is found. The world itself fails a test in which anybody is asked for twice in a
 * round.
 *
 * "Ran" here means a twentieth of a CPU or more: below that a policy may wait until it is worth a look.
 */

#include <stdlib.h>

#include "scenario.h"

#define ROOM 120
#define SCENARIOS 100

/* So long that whoever does not run is asleep. */
static void live_until_sleepers_sleep(struct world *w)
{
        for (uint64_t waited = 0; waited <= 3 * w->options.fast_depth_usec; waited += SECOND_USEC)
                world_round(w, SECOND_USEC);
}

/* A pool of many, of which the first @awake have been running for so long that all others sleep. */
static struct world *settled_world(uint64_t seed, size_t awake)
{
        struct cgb_policy_options options;
        struct world *w;

        cgb_policy_options_init(&options, SECOND_USEC, ROOM);
        w = world_new(seed, &options, 4000);
        for (size_t i = 1; i < ROOM; i++)
                w->groups[world_join(w, WORLD_ROOT, 1000)].wants = i <= awake ? 1 : 0;
        live_until_sleepers_sleep(w);
        return w;
}

static void check_heard_of_all(const struct world *w)
{
        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && !w->groups[i].gone)
                        must(w, w->groups[i].told_usec == w->groups[i].usage_usec, "group %zu ran %llu usec unseen", i,
                                (unsigned long long)(w->groups[i].usage_usec - w->groups[i].told_usec));
}

static void while_the_awake_explain_their_pool_no_sleeper_is_asked_for(void **state)
{
        (void)state;
        for (size_t awake = 1; awake < 20; awake++) {
                struct world *w = settled_world(awake, awake);

                for (unsigned i = 0; i < 50; i++) {
                        world_round(w, SECOND_USEC);
                        must(w, w->reads == awake, "%u read, %zu awake", w->reads, awake);
                        must(w, world_pool(w, WORLD_ROOT).awake == awake, "%u awake", world_pool(w, WORLD_ROOT).awake);
                }
                world_free(w);
        }
}

static void a_sleeper_that_ran_is_found_in_the_same_round(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = settled_world(seed, (size_t)dice_between(&dice, 1, 10));

                for (unsigned i = 0; i < 30; i++) {
                        for (uint64_t wakers = dice_between(&dice, 0, 3); wakers > 0; wakers--)
                                w->groups[dice_between(&dice, 1, ROOM - 1)].wants = dice_real(&dice, 0.05, 2);
                        for (size_t k = 1; k < ROOM; k++)
                                if (dice_percent(&dice, 20))
                                        w->groups[k].wants = 0;
                        world_round(w, SECOND_USEC);
                        check_heard_of_all(w);
                        must(w, w->reads < ROOM, "%u reads", w->reads);
                }
                world_free(w);
        }
}

static void the_sleeper_that_was_seen_last_is_asked_for_first(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = settled_world(seed, 3);
                size_t at = (size_t)dice_between(&dice, 4, ROOM - 1);

                w->groups[at].wants = 0.5;
                world_round(w, SECOND_USEC);
                check_heard_of_all(w);
                w->groups[at].wants = 0;
                live_until_sleepers_sleep(w);
                must(w, w->reads == 3, "%u reads", w->reads);
                w->groups[at].wants = 0.5;
                world_round(w, SECOND_USEC);
                check_heard_of_all(w);
                must(w, w->reads == 4, "%u reads", w->reads);
                world_free(w);
        }
}

/* A little in each round is worth no look, but it adds up. */
static void a_sleeper_that_runs_a_little_is_found_in_the_end(void **state)
{
        struct world *w = settled_world(0, 3);
        uint64_t told_usec = w->groups[ROOM / 2].told_usec;

        (void)state;
        w->groups[ROOM / 2].wants = 0.0002;
        for (unsigned i = 0; i < 60; i++)
                world_round(w, SECOND_USEC);
        must(w, w->groups[ROOM / 2].usage_usec - w->groups[ROOM / 2].told_usec <= 2000, "never found");
        must(w, w->groups[ROOM / 2].told_usec > told_usec, "never found");
        world_free(w);
}

static void where_a_pools_usage_is_unknown_all_are_asked_for(void **state)
{
        struct world *w = settled_world(0, 3);

        (void)state;
        w->read_all = true;
        for (unsigned i = 0; i < 10; i++) {
                world_round(w, SECOND_USEC);
                must(w, w->reads == ROOM - 1, "%u reads", w->reads);
        }
        w->read_all = false;
        for (unsigned i = 0; i < 10; i++)
                world_round(w, SECOND_USEC);
        must(w, w->reads == 3, "%u reads", w->reads);
        world_free(w);
}

static void a_group_that_left_does_not_cost_a_search_for_ever(void **state)
{
        struct world *w = settled_world(0, 4);

        (void)state;
        /* Its last second is in the pool's counter, and nobody's any more. */
        world_run(w, SECOND_USEC);
        world_leave(w, 4);
        world_read(w);
        world_step(w);
        world_write(w);
        for (unsigned i = 0; i < 3; i++)
                world_round(w, SECOND_USEC);
        must(w, w->reads == 3, "%u reads", w->reads);
        w->groups[ROOM / 2].wants = 0.5;
        world_round(w, SECOND_USEC);
        check_heard_of_all(w);
        world_free(w);
}

/* Its counter begins anew, as where the managed group was removed and made again. */
static void after_a_pools_own_counter_went_back_a_sleeper_that_ran_is_found(void **state)
{
        struct world *w = settled_world(0, 3);

        (void)state;
        w->groups[WORLD_ROOT].usage_usec = 0;
        world_round(w, SECOND_USEC);
        w->groups[ROOM / 2].wants = 0.5;
        for (unsigned i = 0; i < 3; i++)
                world_round(w, SECOND_USEC);
        check_heard_of_all(w);
        world_free(w);
}

/* One reading far above what the pool used explains nothing that others do later. */
static void after_an_absurd_reading_a_sleeper_that_ran_is_found(void **state)
{
        struct world *w = settled_world(0, 3);

        (void)state;
        w->groups[1].usage_usec += (uint64_t)1 << 40;
        world_read(w);
        world_step(w);
        world_write(w);
        w->groups[1].usage_usec -= (uint64_t)1 << 40;
        world_round(w, SECOND_USEC);
        w->groups[ROOM / 2].wants = 0.5;
        for (unsigned i = 0; i < 3; i++)
                world_round(w, SECOND_USEC);
        check_heard_of_all(w);
        world_free(w);
}

static struct world *any_world(uint64_t seed, struct dice *dice)
{
        struct cgb_policy_options options = scenario_options(dice, 20);
        struct world *w = world_new(seed, &options, 8000);

        scenario_populate(w, dice, 1 + (unsigned)(seed % 3), 16);
        return w;
}

/* In one world an account sleeps and can be read, in the other its directory is gone. */
static void a_vanished_account_does_not_disturb_the_others(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed}, twin_dice = {seed};
                struct world *w = any_world(seed, &dice), *twin = any_world(seed, &twin_dice);
                size_t at = world_join(w, WORLD_ROOT, 1000);

                assert_int_equal(world_join(twin, WORLD_ROOT, 1000), at);
                for (unsigned i = 0; i < 40; i++) {
                        scenario_wants(w, &dice);
                        if (i >= 10) {
                                w->groups[at].wants = 0;
                                twin->groups[at].gone = true;
                        }
                        world_run(w, SECOND_USEC);
                        scenario_twins_round(w, twin, NULL);
                        scenario_twins_agree(w, twin, NULL);
                }
                world_free(w);
                world_free(twin);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(while_the_awake_explain_their_pool_no_sleeper_is_asked_for),
                world_test(a_sleeper_that_ran_is_found_in_the_same_round),
                world_test(the_sleeper_that_was_seen_last_is_asked_for_first),
                world_test(a_sleeper_that_runs_a_little_is_found_in_the_end),
                world_test(where_a_pools_usage_is_unknown_all_are_asked_for),
                world_test(a_group_that_left_does_not_cost_a_search_for_ever),
                world_test(after_a_pools_own_counter_went_back_a_sleeper_that_ran_is_found),
                world_test(after_an_absurd_reading_a_sleeper_that_ran_is_found),
                world_test(a_vanished_account_does_not_disturb_the_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
