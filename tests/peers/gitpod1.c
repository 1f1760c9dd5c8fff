/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "../../bench/peers/gitpod1.h"

#define STEPS 540
#define STEP_SEC 5
#define FIRST_LIMIT 500

static void the_staircase_goes_down_as_budgets_are_spent(void **state)
{
        static const struct gitpod1_bucket buckets[] = {{50, 100}, {30, 50}, {20, 20}, {10, 5}};
        static const int64_t spent_and_limit[][2] = {{40, 100}, {70, 50}, {90, 20}, {105, 5}, {200, 5}};

        (void)state;
        for (size_t i = 0; i < N_OF(spent_and_limit); i++)
                assert_int_equal(gitpod1_staircase(buckets, N_OF(buckets), spent_and_limit[i][0]), spent_and_limit[i][1]);
        assert_int_equal(gitpod1_staircase(buckets, 0, 40), 0);
}

static int64_t always_600(int step)
{
        (void)step;
        return 600;
}

static int64_t always_400(int step)
{
        (void)step;
        return 400;
}

static int64_t five_minutes_of_500_and_of_100(int step)
{
        return step * STEP_SEC / 300 % 2 == 0 ? 500 : 100;
}

/*
 * What is granted, summed over the steps. A limit is written while the next step's usage already runs, so it holds
 * from the step after.
 */
static int64_t granted(int64_t (*demand)(int step), int64_t clamp)
{
        static const struct gitpod1_bucket buckets[] = {{60000, 500}, {96000, 400}, {0, 200}};
        const struct gitpod1_rules rules = {buckets, N_OF(buckets), 90, clamp};
        int64_t limit = FIRST_LIMIT, next_limit = FIRST_LIMIT, sum = 0;
        struct gitpod1 controller = {0};

        for (int i = 0; i < STEPS; i++) {
                int64_t got = demand(i) < limit ? demand(i) : limit;

                sum += got;
                limit = next_limit;
                next_limit = gitpod1_step(&controller, &rules, got * STEP_SEC);
        }
        return sum;
}

static void steady_demand_without_a_clamp_comes_to_the_published_sums(void **state)
{
        (void)state;
        assert_int_equal(granted(always_600, 0), 192200);
        assert_int_equal(granted(always_400, 0), 191000);
}

static void the_clamp_holds_who_spent_all_at_the_last_limit(void **state)
{
        (void)state;
        assert_int_equal(granted(always_600, 54000), 125200);
        assert_int_equal(granted(always_400, 54000), 124000);
}

static void demand_that_comes_and_goes_is_served_between(void **state)
{
        (void)state;
        assert_int_equal(granted(five_minutes_of_500_and_of_100, 54000), 146600);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_staircase_goes_down_as_budgets_are_spent),
                cmocka_unit_test(steady_demand_without_a_clamp_comes_to_the_published_sums),
                cmocka_unit_test(the_clamp_holds_who_spent_all_at_the_last_limit),
                cmocka_unit_test(demand_that_comes_and_goes_is_served_between),
        };

        return cmocka_run_group_tests_name("gitpod1", tests, NULL, NULL);
}
