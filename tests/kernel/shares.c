/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a manager makes of the CPUs when all is quiet in the ledger: whoever has equal shares gets equal CPU, three times the
 * share is three times the CPU, and whoever was idle is ahead before it wakes. Sensitive to timing as far as the kernel's
 * own division of time is.
 */
#include "ground.h"

/* The weights of those who compete settle within some fast depths, three seconds each. */
#define SETTLE_SEC 12
#define MEASURE_SEC 20

static struct cgb *start(struct ground *ground)
{
        ground->options.step_usec = 250000;
        return ground_started(ground);
}

/* CPU time of alice over that of bob. */
static double measure_ratio(const struct ground *ground, struct cgb *cgb)
{
        char alice[512], bob[512];
        uint64_t alice_usec, bob_usec;

        ground_below(ground, "alice", alice);
        ground_below(ground, "bob", bob);
        ground_manage(cgb, SETTLE_SEC);
        alice_usec = ground_usage_usec(ground, alice);
        bob_usec = ground_usage_usec(ground, bob);
        ground_manage(cgb, MEASURE_SEC);
        return (double)(ground_usage_usec(ground, alice) - alice_usec) / (double)(ground_usage_usec(ground, bob) - bob_usec);
}

static void equal_shares_get_equal_cpu(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start(ground);
        char path[512];

        ground_create(cgb, "alice", 1000);
        ground_create(cgb, "bob", 1000);
        ground_loop(ground, ground_below(ground, "alice", path), 2 * (int)ground->cpus);
        ground_loop(ground, ground_below(ground, "bob", path), (int)ground->cpus);
        ground_assert_near("alice : bob", measure_ratio(ground, cgb), 1, 5);
}

static void three_times_the_share_is_three_times_the_cpu(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start(ground);
        char path[512];

        ground_create(cgb, "alice", 3000);
        ground_create(cgb, "bob", 1000);
        ground_loop(ground, ground_below(ground, "alice", path), 2 * (int)ground->cpus);
        ground_loop(ground, ground_below(ground, "bob", path), 2 * (int)ground->cpus);
        ground_assert_near("alice : bob", measure_ratio(ground, cgb), 3, 10);
}

static void whoever_is_idle_is_ahead_before_it_wakes(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start(ground);
        struct cgb_overview overview = {.size = sizeof overview};
        char alice[512], bob[512], carol[512];
        struct cgb_event event;
        uint64_t used_usec;

        ground_below(ground, "alice", alice);
        ground_below(ground, "bob", bob);
        ground_below(ground, "carol", carol);
        ground_create(cgb, "alice", 1000);
        ground_create(cgb, "bob", 1000);
        ground_create(cgb, "carol", 1000);
        ground_loop(ground, alice, 2 * (int)ground->cpus);
        ground_loop(ground, bob, 2 * (int)ground->cpus);
        ground_manage(cgb, SETTLE_SEC);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.cpus_permille, 1000 * ground->cpus);
        assert_true(overview.pool.price_permille > 900);
        assert_true(ground_weight(ground, carol) >= 5 * ground_weight(ground, alice));
        assert_true(ground_weight(ground, carol) >= 5 * ground_weight(ground, bob));
        assert_true(ground_take_event(cgb, CGB_EVENT_BOOSTED, "carol", &event));

        /* and so it has a CPU nearly to itself in the half second after */
        used_usec = ground_usage_usec(ground, carol);
        ground_loop(ground, carol, 1);
        ground_manage(cgb, 0.5);
        used_usec = ground_usage_usec(ground, carol) - used_usec;
        print_message("of its first 500 ms carol ran for %.0f ms\n", (double)used_usec / 1000);
        assert_true(used_usec > 350000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(equal_shares_get_equal_cpu, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(three_times_the_share_is_three_times_the_cpu, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(whoever_is_idle_is_ahead_before_it_wakes, ground_setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
