/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The arithmetic that every figure of the bench goes through. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stats.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static void percentiles_of_one_value_are_that_value(void **state)
{
        uint64_t values[] = {7};
        struct percentiles result = percentiles_of(values, 1);

        (void)state;
        assert_int_equal(result.n, 1);
        assert_int_equal(result.p50_usec, 7);
        assert_int_equal(result.p999_usec, 7);
        assert_int_equal(result.max_usec, 7);
}

static void percentiles_of_nothing_are_zero(void **state)
{
        struct percentiles result = percentiles_of(NULL, 0);

        (void)state;
        assert_int_equal(result.n, 0);
        assert_int_equal(result.max_usec, 0);
}

/* With the values 1..1000 the percentile is its own rank. */
static void percentiles_are_taken_by_nearest_rank_from_unsorted_values(void **state)
{
        uint64_t values[1000];
        struct percentiles result;

        (void)state;
        for (size_t i = 0; i < N_OF(values); i++)
                values[i] = (i * 7 % 1000) + 1; /* 7 and 1000 have no common factor: every value comes once */
        result = percentiles_of(values, N_OF(values));
        assert_int_equal(result.p50_usec, 500);
        assert_int_equal(result.p90_usec, 900);
        assert_int_equal(result.p99_usec, 990);
        assert_int_equal(result.p999_usec, 999);
        assert_int_equal(result.max_usec, 1000);
}

static void a_percentile_between_two_ranks_is_the_upper_one(void **state)
{
        uint64_t values[] = {10, 20, 30, 40, 50};
        struct percentiles result = percentiles_of(values, N_OF(values));

        (void)state;
        assert_int_equal(result.p50_usec, 30);
        assert_int_equal(result.p90_usec, 50);
}

static void one_late_burst_in_a_hundred_is_beyond_p99_and_one_in_ninety_nine_is_not(void **state)
{
        uint64_t values[100];

        (void)state;
        for (size_t i = 0; i < N_OF(values); i++)
                values[i] = i == 3 ? 600 : 20;
        assert_int_equal(percentiles_of(values, 100).p99_usec, 20);
        assert_int_equal(percentiles_of(values + 1, 99).max_usec, 600);
        assert_int_equal(percentiles_of(values + 1, 99).p99_usec, 600);
}

static void the_median_of_an_even_number_is_the_mean_of_the_middle_two(void **state)
{
        double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2};

        (void)state;
        assert_true(median(odd, 3) == 5.0);
        assert_true(median(even, 4) == 2.5);
        assert_true(median(NULL, 0) == 0.0);
}

static void the_same_seed_gives_the_same_numbers_and_another_seed_others(void **state)
{
        struct random one, same, other;
        int differences = 0;

        (void)state;
        random_seed(&one, 42);
        random_seed(&same, 42);
        random_seed(&other, 43);
        for (int i = 0; i < 100; i++) {
                uint64_t number = random_between(&one, 0, UINT64_MAX);

                assert_int_equal(number, random_between(&same, 0, UINT64_MAX));
                differences += number != random_between(&other, 0, UINT64_MAX);
        }
        assert_int_equal(differences, 100);
}

static void random_numbers_stay_in_their_range_and_reach_both_ends(void **state)
{
        struct random random;
        int seen[6] = {0};

        (void)state;
        random_seed(&random, 1);
        for (int i = 0; i < 1000; i++) {
                uint64_t number = random_between(&random, 5, 10);

                assert_in_range(number, 5, 10);
                seen[number - 5]++;
        }
        for (size_t i = 0; i < N_OF(seen); i++)
                assert_in_range(seen[i], 100, 240); /* 1000 / 6 = 167, five standard deviations of 12 and some more */
}

static void a_range_of_one_number_gives_that_number(void **state)
{
        struct random random;

        (void)state;
        random_seed(&random, 9);
        assert_int_equal(random_between(&random, 300, 300), 300);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(percentiles_of_one_value_are_that_value),
                cmocka_unit_test(percentiles_of_nothing_are_zero),
                cmocka_unit_test(percentiles_are_taken_by_nearest_rank_from_unsorted_values),
                cmocka_unit_test(a_percentile_between_two_ranks_is_the_upper_one),
                cmocka_unit_test(one_late_burst_in_a_hundred_is_beyond_p99_and_one_in_ninety_nine_is_not),
                cmocka_unit_test(the_median_of_an_even_number_is_the_mean_of_the_middle_two),
                cmocka_unit_test(the_same_seed_gives_the_same_numbers_and_another_seed_others),
                cmocka_unit_test(random_numbers_stay_in_their_range_and_reach_both_ends),
                cmocka_unit_test(a_range_of_one_number_gives_that_number),
        };

        return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
