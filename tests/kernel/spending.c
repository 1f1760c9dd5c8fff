/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Somebody who saved up goes to work beside seven who never stop: it comes first until what the ledger promised is spent,
 * nobody falls below the floor meanwhile, and then it has its fair share like all the others.
 *
 * What it may spend follows from the accounts as cgb_get_workspace() shows them, and from the law (docs/algorithm.md): its
 * advantage ends when 2^(B * slow/K + Bf * fast/Kf) is the same for it as for the others, who are paid what it pays. All is
 * CPU time, which an emulated machine divides as well as a real one; only the warm-up takes longer there.
 */
#include <math.h>
#include <unistd.h>
#include <stdio.h>

#include "ground.h"

#define OTHERS 7
#define SLOW_DEPTH_USEC 20000000ull
#define STEP_USEC 250000

/* Full accounts take slow depth / shares seconds; then so long until all is spent and a while beyond. */
#define FULL_SEC 60
#define SPEND_SEC 45
#define LAST_SEC 12

/* Long enough for the kernel to divide its time among sixteen processes as their weights say. */
#define WINDOW_SEC 3

struct run {
        struct ground *ground;
        struct cgb *cgb;
        struct cgb_policy_options policy;
        char alice[512], others[OTHERS][512];
};

struct usage {
        double alice, others[OTHERS], all; /* seconds of CPU time */
};

static void start(struct run *run)
{
        char name[16];

        run->ground->options.step_usec = STEP_USEC;
        run->ground->options.policy = &run->policy;
        run->cgb = ground_started(run->ground);
        ground_create(run->cgb, "alice", 1000);
        ground_below(run->ground, "alice", run->alice);
        for (int i = 0; i < OTHERS; i++) {
                snprintf(name, sizeof name, "g%d", i);
                ground_create(run->cgb, name, 1000);
                ground_loop(run->ground, ground_below(run->ground, name, run->others[i]), 2);
        }
}

static struct usage read_usage(const struct run *run)
{
        struct usage usage = {.alice = (double)ground_usage_usec(run->ground, run->alice) / 1e6};

        usage.all = usage.alice;
        for (int i = 0; i < OTHERS; i++) {
                usage.others[i] = (double)ground_usage_usec(run->ground, run->others[i]) / 1e6;
                usage.all += usage.others[i];
        }
        return usage;
}

static void fill_accounts(struct run *run)
{
        struct cgb_workspace alice;

        for (int i = 0; i < FULL_SEC; i++) {
                ground_manage(run->cgb, 1);
                assert_true(ground_find(run->cgb, "alice", &alice));
                if (alice.account.slow_credit_usec * 100 >= alice.account.slow_cap_usec * 99 &&
                        alice.account.fast_credit_usec * 100 >= alice.account.fast_cap_usec * 99)
                        return;
        }
        fail_msg("after %d s the slow credit is %.2f of %.2f s", FULL_SEC, (double)alice.account.slow_credit_usec / 1e6,
                (double)alice.account.slow_cap_usec / 1e6);
}

/* An exponent of 2 in the law, with @earned seconds on top of what the account holds. */
static double exponent(const struct run *run, const struct cgb_account_state *account, double earned)
{
        double slow_cap = (double)account->slow_cap_usec / 1e6, fast_cap = (double)account->fast_cap_usec / 1e6;
        double slow = fmin(fmax((double)account->slow_credit_usec / 1e6 + earned, -slow_cap), slow_cap);
        double fast = fmin(fmax((double)account->fast_credit_usec / 1e6 + earned, -fast_cap), fast_cap);

        return (run->policy.slow_strength_permille * slow / slow_cap +
                       run->policy.fast_strength_permille * fast / fast_cap) /
               1000;
}

/*
 * Seconds of CPU above the fair share that alice may take before its exponent is the others' mean. Falls with what is spent:
 * bisection.
 */
static double find_budget(const struct run *run)
{
        struct cgb_workspace alice, other;
        double low = 0, high = 1000;

        assert_true(ground_find(run->cgb, "alice", &alice));
        while (high - low > 0.001) {
                double spent = (low + high) / 2, mean = 0;
                char name[16];

                for (int i = 0; i < OTHERS; i++) {
                        snprintf(name, sizeof name, "g%d", i);
                        assert_true(ground_find(run->cgb, name, &other));
                        mean += exponent(run, &other.account, spent / OTHERS) / OTHERS;
                }
                *(exponent(run, &alice.account, -spent) > mean ? &low : &high) = spent;
        }
        return low;
}

static void check_floor(const struct run *run, const struct usage *before, const struct usage *after)
{
        double fair = (after->all - before->all) / (OTHERS + 1);

        for (int i = 0; i < OTHERS; i++) {
                double used = after->others[i] - before->others[i];

                if (used < 0.9 * fair * run->policy.floor_permille / 1000)
                        fail_msg("g%d had %.3f of its fair share", i, used / fair);
        }
}

static void spend(struct run *run)
{
        double budget = find_budget(run), excess;
        struct usage begin, last, end, before, after;

        begin = before = read_usage(run);
        ground_loop(run->ground, run->alice, 2);
        for (int i = 0; i < SPEND_SEC; i += WINDOW_SEC) {
                ground_manage(run->cgb, WINDOW_SEC);
                after = read_usage(run);
                check_floor(run, &before, &after);
                print_message("%2d s: alice has %.2f of its fair share\n", i + WINDOW_SEC,
                        (after.alice - before.alice) / (after.all - before.all) * (OTHERS + 1));
                before = after;
        }
        last = read_usage(run);
        ground_manage(run->cgb, LAST_SEC);
        end = read_usage(run);
        excess = (last.alice - begin.alice) - (last.all - begin.all) / (OTHERS + 1);
        /* the law sees a step when it is over, and its answer holds for the next: late by what the CPUs can give in two */
        print_message("seconds above the fair share: %.2f, by the law %.2f\n", excess, budget);
        if (fabs(excess - budget) > budget / 4 + 2 * STEP_USEC / 1e6 * (double)sysconf(_SC_NPROCESSORS_ONLN))
                fail_msg("%.2f s above the fair share instead of %.2f s", excess, budget);
        ground_assert_near("fair share in the end", (end.alice - last.alice) / (end.all - last.all), 1.0 / (OTHERS + 1), 10);
}

/* Nothing but the slow account: what may be spent is what it holds, to the second. */
static void what_the_slow_account_holds_can_be_spent(void **state)
{
        struct run run = {.ground = *state};
        struct cgb_workspace alice;

        cgb_policy_options_init(&run.policy, STEP_USEC, 64);
        run.policy.slow_depth_usec = SLOW_DEPTH_USEC;
        run.policy.slow_strength_permille = 5000;
        run.policy.debt_strength_permille = 5000;
        run.policy.fast_strength_permille = 0;
        start(&run);
        fill_accounts(&run);
        assert_true(ground_find(run.cgb, "alice", &alice));
        ground_assert_near("what may be spent", find_budget(&run), (double)alice.account.slow_credit_usec / 1e6, 10);
        spend(&run);
}

static void with_the_default_strengths_the_two_accounts_are_spent_as_the_law_says(void **state)
{
        struct run run = {.ground = *state};

        cgb_policy_options_init(&run.policy, STEP_USEC, 64);
        run.policy.slow_depth_usec = SLOW_DEPTH_USEC;
        start(&run);
        fill_accounts(&run);
        spend(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_the_slow_account_holds_can_be_spent, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(with_the_default_strengths_the_two_accounts_are_spent_as_the_law_says,
                        ground_setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("spending", tests, NULL, NULL);
}
