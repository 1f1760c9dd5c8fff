/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Credit is neither made nor lost: what one account has too much, the others and the bank have too little. That holds to the
 * nanosecond, at any time and not only between steps, while groups join, leave, are restored with balances, change their
 * shares, and while caps cut off what is above them.
 */

#include <stdlib.h>

#include "scenario.h"

#define SCENARIOS 300
#define ROUNDS 60
#define ROOM 20

static void check_totals(const struct world *w, const char *when)
{
        for (size_t i = 0; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].children > 0)
                        must(w, world_total_nsec(w, i) == 0, "pool %zu is off by %lld nsec after %s", i,
                                (long long)world_total_nsec(w, i), when);
}

static void check_caps(const struct world *w)
{
        for (size_t i = 1; i < w->room; i++) {
                struct cgb_account_state a;

                if (!w->groups[i].there)
                        continue;
                a = world_account(w, i);
                must(w, llabs(a.slow_credit_usec) <= a.slow_cap_usec, "group %zu: slow %lld of %lld", i,
                        (long long)a.slow_credit_usec, (long long)a.slow_cap_usec);
                must(w, llabs(a.fast_credit_usec) <= a.fast_cap_usec, "group %zu: fast %lld of %lld", i,
                        (long long)a.fast_credit_usec, (long long)a.fast_cap_usec);
        }
}

static void round_and_check(struct world *w, struct dice *dice)
{
        scenario_wants(w, dice);
        world_run(w, dice_between(dice, 1000, 5 * SECOND_USEC));
        world_read(w);
        check_totals(w, "reading");
        world_step(w);
        check_totals(w, "the step");
        check_caps(w);
        world_write(w);
}

static struct world *any_world(uint64_t seed, struct dice *dice)
{
        struct cgb_policy_options options = scenario_options(dice, ROOM);
        struct world *w;

        /* Shallow enough that caps are reached. */
        options.slow_depth_usec = dice_between(dice, 1000, 60 * SECOND_USEC);
        w = world_new(seed, &options, (uint32_t)dice_between(dice, 100, 64000));
        w->psi_off = dice_percent(dice, 50);
        scenario_populate(w, dice, (unsigned)dice_between(dice, 1, 3), ROOM / 2);
        return w;
}

static void bank_and_slow_credits_together_never_change(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = any_world(seed, &dice);

                for (unsigned i = 0; i < ROUNDS; i++) {
                        round_and_check(w, &dice);
                        scenario_churn(w, &dice);
                        check_totals(w, "a change of the groups");
                }
                world_free(w);
        }
}

static void totals_hold_while_pools_come_and_go(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = any_world(seed, &dice);

                for (unsigned i = 0; i < ROUNDS; i++) {
                        round_and_check(w, &dice);
                        scenario_rebuild(w, &dice);
                        check_totals(w, "a change of the groups");
                }
                world_free(w);
        }
}

static void a_restored_balance_is_taken_from_the_bank(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = any_world(seed, &dice);

                for (unsigned i = 0; i < 8; i++) {
                        int64_t cap = 1000 * 1000000000ll;
                        size_t at;

                        at = world_restore(w, WORLD_ROOT, CGB_SHARE_DEFAULT_PERMILLE,
                                (struct cgb_balance){
                                        .slow_nsec = (int64_t)dice_between(&dice, 0, 2000 * 1000000000ull) - cap,
                                        .fast_nsec = (int64_t)dice_between(&dice, 0, 2000 * 1000000000ull) - cap,
                                });
                        check_totals(w, "a restored balance");
                        round_and_check(w, &dice);
                        world_leave(w, at);
                        check_totals(w, "a leave");
                        round_and_check(w, &dice);
                }
                world_free(w);
        }
}

static void totals_hold_while_the_number_of_cpus_changes(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = any_world(seed, &dice);

                for (unsigned i = 0; i < ROUNDS; i++) {
                        for (size_t g = 0; g < w->room; g++)
                                if (dice_percent(&dice, 5))
                                        w->groups[g].cpus_permille = (uint32_t)dice_between(&dice, 1, 64000);
                        round_and_check(w, &dice);
                }
                world_free(w);
        }
}

static void a_leaver_hands_its_balance_to_the_bank(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = any_world(seed, &dice);
                size_t at = world_join(w, WORLD_ROOT, CGB_SHARE_DEFAULT_PERMILLE);
                int64_t bank, slow;

                for (unsigned i = 0; i < 20; i++)
                        round_and_check(w, &dice);
                bank = world_pool(w, WORLD_ROOT).bank_nsec;
                slow = world_account(w, at).balance.slow_nsec;
                world_leave(w, at);
                must(w, world_pool(w, WORLD_ROOT).bank_nsec == bank + slow, "bank %lld, left %lld", (long long)bank,
                        (long long)slow);
                world_free(w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(bank_and_slow_credits_together_never_change),
                world_test(totals_hold_while_pools_come_and_go),
                world_test(a_restored_balance_is_taken_from_the_bank),
                world_test(totals_hold_while_the_number_of_cpus_changes),
                world_test(a_leaver_hands_its_balance_to_the_bank),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
