/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The arithmetic behind the tables of the simulated node. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "summary.h"

static void a_summary_of_nothing_is_zero(void **state)
{
        struct summary summary = summary_of(NULL, 0);

        (void)state;
        assert_int_equal(summary.n, 0);
        assert_true(summary.mean == 0 && summary.p99_9 == 0);
}

/* With 1..1000 the percentile is its own rank; the mean is 500.5. */
static void percentiles_are_taken_by_nearest_rank(void **state)
{
        double values[1000];
        struct summary summary;

        (void)state;
        for (size_t i = 0; i < 1000; i++)
                values[i] = (double)(i * 7 % 1000) + 1; /* 7 and 1000 have no common factor: every value comes once */
        summary = summary_of(values, 1000);
        assert_true(summary.mean == 500.5);
        assert_true(
                summary.p01 == 10 && summary.p50 == 500 && summary.p95 == 950 && summary.p99 == 990 && summary.p99_9 == 999);
        assert_true(summary.max == 1000);
}

/* (1 + 2 + 3 + 6)^2 / (4 * (1 + 4 + 9 + 36)) = 144 / 200; the median is 2.5. */
static void fairness_is_jains_index_and_three_ratios(void **state)
{
        double totals[] = {6, 1, 3, 2};
        struct fairness fairness = fairness_of(totals, 4);

        (void)state;
        assert_true(fairness.jain == 0.72);
        assert_true(fairness.min_max == 1.0 / 6);
        assert_true(fairness.median_min == 2.5);
        assert_true(fairness.max_median == 2.4);
}

static void one_who_has_all_is_as_unfair_as_can_be_and_equals_are_fair(void **state)
{
        double one[] = {0, 5, 0, 0}, same[] = {3, 3, 3}, none[] = {0, 0};

        (void)state;
        assert_true(fairness_of(one, 4).jain == 0.25);
        assert_true(fairness_of(one, 4).min_max == 0);
        assert_true(fairness_of(same, 3).jain == 1 && fairness_of(same, 3).min_max == 1);
        assert_true(fairness_of(none, 2).jain == 0);
        assert_true(fairness_of(NULL, 0).jain == 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_summary_of_nothing_is_zero),
                cmocka_unit_test(percentiles_are_taken_by_nearest_rank),
                cmocka_unit_test(fairness_is_jains_index_and_three_ratios),
                cmocka_unit_test(one_who_has_all_is_as_unfair_as_can_be_and_equals_are_fair),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
