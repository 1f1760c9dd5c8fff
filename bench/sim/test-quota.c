/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cpu.max and cpu.max.burst: how long throttled work takes, and what the counters tell. The default period is 100 ms. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test-support.h"

static struct sim_facts seen; /* of the first workspace, at the last step */
static uint64_t quota_usec, burst_usec;

static void set_quota(void *state, struct sim_machine *machine, uint32_t group)
{
        (void)state;
        if (group == SIM_ROOT)
                return;
        machine->groups[group].knobs.quota_usec = quota_usec;
        machine->groups[group].knobs.burst_usec = burst_usec;
}

static void look(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        (void)state, (void)now_usec;
        seen = machine->groups[1].facts;
}

static const struct sim_policy policy = {
        .name = "quota",
        .step_usec = 50000,
        .open = open_nothing,
        .added = set_quota,
        .step = look,
};

/*
 * 50 ms in each 100 ms, on one of two CPUs: 200 ms of work run in 0..50, 100..150, 200..250 and 300..350 ms. Until then
 * three periods have ended, all throttled, for 50 ms each. Half of what was wanted was used, but for the last 50 ms: 200 /
 * 350.
 */
static void a_quota_stops_a_group_in_each_period_and_the_counters_say_so(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        quota_usec = 50000;
        burst_usec = 0;
        put(&trace, 0, "a", "a", 0.2, 1);
        result = run_under(&trace, &policy, 2, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 0.35);
        assert_near(result.cpu_used_of_wanted, 0.2 / 0.35);
        assert_int_equal(seen.nr_periods, 3);
        assert_int_equal(seen.nr_throttled, 3);
        assert_in_range(seen.throttled_usec, 149999, 150000);
        assert_in_range(seen.usage_usec, 199999, 200000);
        assert_int_equal(seen.nr_bursts, 0);
        sim_result_free(&result);
}

/* Four threads use up 100 ms in 25, and are then held back on four of eight CPUs for 75: 300 ms a period.
 * 250 ms of work take two periods and 12.5 ms. */
static void throttled_time_is_summed_over_the_cpus_held_back(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        quota_usec = 100000;
        burst_usec = 0;
        put(&trace, 0, "a", "a", 0.25, 4);
        result = run_under(&trace, &policy, 8, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 0.2125);
        assert_int_equal(seen.nr_throttled, 2);
        assert_in_range(seen.throttled_usec, 599999, 600000);
        sim_result_free(&result);
}

/*
 * Quota 50, burst 50. The first job uses 10 ms; what it leaves and what is granted at 100 and 200 ms fill the burst: 100. So
 * the second one's 70 ms run through, and its period used 20 more than the quota.
 */
static void a_burst_lets_saved_quota_be_used_at_once(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        quota_usec = 50000;
        burst_usec = 50000;
        put(&trace, 0, "a", "first", 0.01, 1);
        put(&trace, 1.03, "a", "second", 0.07, 1); /* ends with its period, at 1.1 */
        put(&trace, 1.15, "b", "b", 0.1, 1);       /* so that steps go on */
        result = run_under(&trace, &policy, 2, LANES_NONE, 0);
        assert_near(response_of(&result, 1), 0.07);
        assert_int_equal(seen.nr_throttled, 0);
        assert_int_equal(seen.nr_bursts, 1);
        assert_in_range(seen.burst_usec, 19999, 20000);
        sim_result_free(&result);
}

/* Without the burst the same second job runs for 50 ms, waits until 1.1, and runs its other 20: 90 ms. */
static void without_a_burst_what_was_saved_is_lost(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        quota_usec = 50000;
        burst_usec = 0;
        put(&trace, 0, "a", "first", 0.01, 1);
        put(&trace, 1.03, "a", "second", 0.07, 1);
        result = run_under(&trace, &policy, 2, LANES_NONE, 0);
        assert_near(response_of(&result, 1), 0.09);
        sim_result_free(&result);
}

/* Half a CPU is below 60 ms in 100: never throttled, and the periods are counted all the same. */
static void a_group_below_its_quota_is_never_throttled(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        quota_usec = 60000;
        burst_usec = 0;
        put(&trace, 0, "a", "a", 0.5, 1);
        put(&trace, 0, "b", "b", 0.5, 1);
        result = run_under(&trace, &policy, 1, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 1);
        assert_int_equal(seen.nr_throttled, 0);
        assert_in_range(seen.nr_periods, 9, 10);
        sim_result_free(&result);
}

static void free_all(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        (void)state;
        if (now_usec == 70000)
                machine->groups[1].knobs.quota_usec = SIM_MAX;
}

/* Throttled at 50 ms, freed by a step at 70: the other 50 ms end at 120. */
static void lifting_a_quota_frees_a_throttled_group_at_once(void **state)
{
        static const struct sim_policy lifting = {
                .name = "lifting",
                .step_usec = 10000,
                .open = open_nothing,
                .added = set_quota,
                .step = free_all,
        };
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        quota_usec = 50000;
        burst_usec = 0;
        put(&trace, 0, "a", "a", 0.1, 1);
        result = run_under(&trace, &lifting, 1, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 0.12);
        sim_result_free(&result);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_quota_stops_a_group_in_each_period_and_the_counters_say_so),
                cmocka_unit_test(throttled_time_is_summed_over_the_cpus_held_back),
                cmocka_unit_test(a_burst_lets_saved_quota_be_used_at_once),
                cmocka_unit_test(without_a_burst_what_was_saved_is_lost),
                cmocka_unit_test(a_group_below_its_quota_is_never_throttled),
                cmocka_unit_test(lifting_a_quota_frees_a_throttled_group_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
