/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Counters that reset, groups that are made again, clocks that jump, numbers at the ends of what they can be: none of it
 * may charge anybody for what it did not use, let a credit pass its cap, or overflow. Run under a sanitizer of undefined
 * behaviour to see the last.
 *
 * Most tests compare with a twin which sees the same machine without the mishap: as if the group had been idle.
 */

#include <stdlib.h>

#include "scenario.h"

#define SCENARIOS 100
#define ROOM 16
#define DAY_USEC ((uint64_t)24 * 3600 * SECOND_USEC)

static struct world *busy_world(uint64_t seed, struct dice *dice)
{
        struct cgb_policy_options options = scenario_options(dice, ROOM);
        struct world *w = world_new(seed, &options, 4000);

        scenario_populate(w, dice, 1, ROOM - 3);
        world_join(w, WORLD_ROOT, 1000);
        for (size_t i = 1; i < ROOM; i++)
                w->groups[i].wants = dice_real(dice, 0.3, 2);
        for (unsigned i = 0; i < 10; i++)
                world_round(w, SECOND_USEC);
        return w;
}

static void check_sane(const struct world *w)
{
        for (size_t i = 1; i < w->room; i++) {
                struct cgb_account_state a;

                if (!w->groups[i].there)
                        continue;
                a = world_account(w, i);
                must(w, llabs(a.slow_credit_usec) <= a.slow_cap_usec && llabs(a.fast_credit_usec) <= a.fast_cap_usec,
                        "group %zu: slow %lld of %lld, fast %lld of %lld", i, (long long)a.slow_credit_usec,
                        (long long)a.slow_cap_usec, (long long)a.fast_credit_usec, (long long)a.fast_cap_usec);
                must(w, a.weight >= CGB_WEIGHT_MIN && a.weight <= CGB_WEIGHT_MAX, "group %zu weighs %u", i, a.weight);
        }
        must(w, world_pool(w, WORLD_ROOT).price_permille <= 1000, "price %u", world_pool(w, WORLD_ROOT).price_permille);
}

static void remember(const struct world *w, struct cgb_account_state before[])
{
        for (size_t i = 1; i < ROOM; i++)
                if (w->groups[i].there)
                        before[i] = world_account(w, i);
}

static void check_nobody_was_charged(const struct world *w, const struct cgb_account_state before[])
{
        for (size_t i = 1; i < ROOM; i++) {
                if (!w->groups[i].there)
                        continue;
                must(w, world_account(w, i).balance.slow_nsec == before[i].balance.slow_nsec, "group %zu", i);
                must(w, world_account(w, i).balance.fast_nsec == before[i].balance.fast_nsec, "group %zu", i);
        }
}

/* Who does not run has rested for as long as the clock says, and has all of its fast credit. */
static void check_nobody_was_charged_but_some_rested(const struct world *w, const struct cgb_account_state before[])
{
        for (size_t i = 1; i < ROOM; i++) {
                struct cgb_account_state a;

                if (!w->groups[i].there)
                        continue;
                a = world_account(w, i);
                must(w, a.balance.slow_nsec == before[i].balance.slow_nsec, "group %zu", i);
                must(w,
                        a.balance.fast_nsec == before[i].balance.fast_nsec ||
                                (!a.active && a.fast_credit_usec == a.fast_cap_usec),
                        "group %zu", i);
        }
}

static void finish_round(struct world *w)
{
        world_read(w);
        world_step(w);
        world_write(w);
}

/*
 * One mishap befalls group @at in the world: nothing else of its counter is known for this round than that it is the new
 * base.
 */
enum mishap { RESET, NEW_IDENTITY, NEW_IDENTITY_AND_RESET };

static void befall(struct world_group *g, enum mishap mishap, struct dice *dice)
{
        if (mishap != NEW_IDENTITY)
                g->usage_usec = dice_between(dice, 0, g->told_usec - 1);
        else
                g->usage_usec += dice_between(dice, 0, 100 * SECOND_USEC);
        if (mishap != RESET)
                g->identity++;
}

static void compare_with_an_idle_twin(enum mishap mishap)
{
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed}, twin_dice = {seed};
                struct world *w = busy_world(seed, &dice), *twin = busy_world(seed, &twin_dice);
                size_t at = 1;

                w->read_all = twin->read_all = true;
                for (unsigned round = 0; round < 10; round++) {
                        world_run(w, SECOND_USEC);
                        for (size_t i = 0; i < ROOM; i++) {
                                twin->groups[i].usage_usec += w->groups[i].ran_usec;
                                twin->groups[i].stalled_usec = w->groups[i].stalled_usec;
                        }
                        twin->now_usec = w->now_usec;
                        if (round % 3 == 1) {
                                befall(&w->groups[at], mishap, &dice);
                                twin->groups[at].usage_usec = twin->groups[at].told_usec;
                        }
                        finish_round(w);
                        finish_round(twin);
                        scenario_twins_agree(w, twin, NULL);
                        check_sane(w);
                }
                world_free(w);
                world_free(twin);
        }
}

static void a_counter_that_goes_back_charges_nothing_and_is_the_new_base(void **state)
{
        (void)state;
        compare_with_an_idle_twin(RESET);
}

static void a_new_identity_charges_nothing_and_keeps_the_credit(void **state)
{
        (void)state;
        compare_with_an_idle_twin(NEW_IDENTITY);
        compare_with_an_idle_twin(NEW_IDENTITY_AND_RESET);
}

static void a_clock_that_goes_back_charges_nobody(void **state)
{
        unsigned moved = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = busy_world(seed, &dice);
                struct cgb_account_state before[ROOM];

                remember(w, before);
                world_run(w, SECOND_USEC);
                w->now_usec -= dice_between(&dice, SECOND_USEC + 1, w->now_usec);
                finish_round(w);
                check_nobody_was_charged(w, before);
                check_sane(w);
                world_round(w, SECOND_USEC);
                moved += world_account(w, 1).balance.slow_nsec != before[1].balance.slow_nsec;
                world_free(w);
        }
        /* The round after goes on as ever. */
        assert_true(moved > SCENARIOS / 2);
}

/* The machine was suspended: a day has passed, and nobody ran. */
static void a_clock_that_jumps_a_day_ahead_charges_nobody_for_it(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = busy_world(seed, &dice);
                struct cgb_account_state before[ROOM];

                remember(w, before);
                world_run(w, SECOND_USEC);
                w->now_usec += dice_between(&dice, DAY_USEC, 400 * DAY_USEC);
                finish_round(w);
                check_nobody_was_charged_but_some_rested(w, before);
                check_sane(w);
                world_free(w);
        }
}

static void a_step_as_long_as_a_day_charges_up_to_the_caps(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = busy_world(seed, &dice);
                int64_t total = world_total_nsec(w, WORLD_ROOT);

                w->groups[1].wants = 4;
                world_round(w, DAY_USEC);
                check_sane(w);
                must(w, world_pool(w, WORLD_ROOT).price_permille == 1000, "price %u",
                        world_pool(w, WORLD_ROOT).price_permille);
                must(w, world_total_nsec(w, WORLD_ROOT) == total, "the total moved");
                world_free(w);
        }
}

/*
 * Huge machines, the largest and smallest shares, the deepest accounts, counters near the ends of 64 bits and across them.
 */
static void numbers_at_the_ends_of_their_ranges_do_not_overflow(void **state)
{
        static const uint64_t starts[] = {0, ((uint64_t)1 << 62) - 5 * SECOND_USEC, UINT64_MAX - DAY_USEC, UINT64_MAX - 1};
        static const uint32_t cpus[] = {1, 1000, 8192000};
        static const uint64_t depths[] = {1000, DAY_USEC};

        (void)state;
        for (uint64_t seed = 0; seed < sizeof(starts) / sizeof(*starts) * 3 * 2; seed++) {
                struct cgb_policy_options options;
                struct world *w;

                cgb_policy_options_init(&options, SECOND_USEC, 6);
                options.slow_depth_usec = options.fast_depth_usec = depths[seed % 2];
                w = world_new(seed, &options, cpus[seed / 2 % 3]);
                w->groups[WORLD_ROOT].usage_usec = w->groups[WORLD_ROOT].stalled_usec = starts[seed / 6];
                for (unsigned i = 0; i < 5; i++) {
                        size_t at = world_restore_at(w, WORLD_ROOT, i % 2 ? CGB_SHARE_MIN_PERMILLE : CGB_SHARE_MAX_PERMILLE,
                                (struct cgb_balance){0}, starts[seed / 6], i);

                        w->groups[at].wants = i == 0 ? 0 : 8192;
                }
                for (unsigned i = 0; i < 20; i++) {
                        world_round(w, i % 5 == 4 ? 2 * DAY_USEC : SECOND_USEC);
                        check_sane(w);
                        must(w, world_total_nsec(w, WORLD_ROOT) == 0, "the total moved");
                }
                world_free(w);
        }
}

static void ten_thousand_accounts_are_held(void **state)
{
        struct cgb_policy_options options;
        struct world *w;
        struct dice dice = {1};

        (void)state;
        cgb_policy_options_init(&options, SECOND_USEC, 10001);
        w = world_new(0, &options, 64000);
        for (size_t i = 1; i <= 10000; i++)
                w->groups[world_join(w, WORLD_ROOT, (uint32_t)dice_between(&dice, 10, 100000))].wants = i % 100 == 0 ? 2 : 0;
        for (uint64_t waited = 0; waited <= 3 * options.fast_depth_usec; waited += SECOND_USEC)
                world_round(w, SECOND_USEC);
        check_sane(w);
        must(w, world_total_nsec(w, WORLD_ROOT) == 0, "the total moved");
        must(w, w->reads == 100, "%u reads, a hundred are awake", w->reads);
        world_free(w);
}

static uint64_t any_number(struct dice *dice)
{
        return dice_bits(dice) >> dice_between(dice, 0, 63);
}

static void spoil(struct world *w, struct dice *dice)
{
        for (size_t i = 0; i < ROOM; i++) {
                struct world_group *g = &w->groups[i];

                g->usage_usec = dice_percent(dice, 50) ? any_number(dice) : g->usage_usec;
                g->stalled_usec = dice_percent(dice, 50) ? any_number(dice) : g->stalled_usec;
                g->cpus_permille = dice_percent(dice, 20) ? (uint32_t)dice_between(dice, 1, 8192000) : g->cpus_permille;
        }
        w->others = dice_percent(dice, 50) ? -1 : 0;
        w->machine_usec = any_number(dice);
        w->now_usec = dice_percent(dice, 20) ? any_number(dice) : w->now_usec + dice_between(dice, 0, SECOND_USEC);
}

static void garbage_in_every_reading_breaks_nothing(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options = scenario_options(&dice, ROOM);
                struct world *w = world_new(seed, &options, 8000);

                scenario_populate(w, &dice, 1 + (unsigned)(seed % 3), ROOM - 3);
                for (unsigned round = 0; round < 100; round++) {
                        spoil(w, &dice);
                        finish_round(w);
                        check_sane(w);
                        scenario_rebuild(w, &dice);
                }
                world_free(w);
        }
}

static void absurd_balances_are_cut_to_the_caps(void **state)
{
        static const int64_t absurd[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, -1, 1};

        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = busy_world(seed, &dice);

                for (unsigned i = 0; i < 40; i++) {
                        size_t at = world_restore(w, WORLD_ROOT, 1000,
                                (struct cgb_balance){
                                        .slow_nsec = absurd[dice_between(&dice, 0, 4)],
                                        .fast_nsec = absurd[dice_between(&dice, 0, 4)],
                                });

                        world_round(w, SECOND_USEC);
                        check_sane(w);
                        world_leave(w, at);
                }
                world_free(w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(a_counter_that_goes_back_charges_nothing_and_is_the_new_base),
                world_test(a_new_identity_charges_nothing_and_keeps_the_credit),
                world_test(a_clock_that_goes_back_charges_nobody),
                world_test(a_clock_that_jumps_a_day_ahead_charges_nobody_for_it),
                world_test(a_step_as_long_as_a_day_charges_up_to_the_caps),
                world_test(numbers_at_the_ends_of_their_ranges_do_not_overflow),
                world_test(ten_thousand_accounts_are_held),
                world_test(garbage_in_every_reading_breaks_nothing),
                world_test(absurd_balances_are_cut_to_the_caps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
