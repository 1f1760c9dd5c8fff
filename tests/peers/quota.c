/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A static quota, uresourced's preference and max-min: what can be seen at a glance. */

#include <math.h>

#include "test.h"

#include "../../bench/peers/max-min.h"
#include "../../bench/peers/quota.h"
#include "../../bench/peers/uresourced.h"

static void a_quota_of_two_and_a_half_cpus_is_250_ms_in_100_ms(void **state)
{
        struct quota_files files = quota_for(2.5, false);

        (void)state;
        assert_int_equal(files.quota_usec, 250000);
        assert_int_equal(files.period_usec, 100000);
        assert_int_equal(files.burst_usec, 0);
}

static void with_burst_as_much_again_may_accumulate(void **state)
{
        (void)state;
        assert_int_equal(quota_for(.5, true).burst_usec, 50000);
}

static void a_quota_below_what_the_kernel_takes_is_raised_to_that(void **state)
{
        (void)state;
        assert_int_equal(quota_for(.001, false).quota_usec, 1000);
}

static void an_active_session_has_five_times_the_weight_and_protected_memory(void **state)
{
        (void)state;
        assert_int_equal(uresourced_user(true).weight, 500);
        assert_int_equal(uresourced_user(true).low_bytes, 250 << 20);
        assert_int_equal(uresourced_user(false).weight, 100);
        assert_int_equal(uresourced_user(false).low_bytes, 0);
}

static void the_slice_is_protected_by_the_sum_or_by_a_tenth_of_the_memory(void **state)
{
        (void)state;
        assert_int_equal(uresourced_slice_low(2, UINT64_C(16) << 30), UINT64_C(500) << 20);
        assert_int_equal(uresourced_slice_low(10, UINT64_C(10) << 30), UINT64_C(1) << 30);
}

/* 12 CPUs for demands of 1 to 6: 1, 2, and 9 / 4 for each of the rest. */
static void max_min_gives_the_modest_all_and_divides_the_rest(void **state)
{
        struct max_min_user users[] = {{6, 1, 0}, {1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {5, 1, 0}}, *order[6];

        (void)state;
        max_min(users, N_OF(users), 12, order);
        assert_true(users[1].allocated == 1);
        assert_true(users[2].allocated == 2);
        assert_true(fabs(users[3].allocated - 2.25) < 1e-12);
        assert_true(fabs(users[0].allocated - 2.25) < 1e-12);
}

static void max_min_by_weights_divides_by_weights(void **state)
{
        struct max_min_user users[] = {{10, 1, 0}, {10, 3, 0}, {.5, 2, 0}}, *order[3];

        (void)state;
        max_min(users, N_OF(users), 8.5, order);
        assert_true(users[2].allocated == .5);
        assert_true(fabs(users[0].allocated - 2) < 1e-12);
        assert_true(fabs(users[1].allocated - 6) < 1e-12);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_quota_of_two_and_a_half_cpus_is_250_ms_in_100_ms),
                cmocka_unit_test(with_burst_as_much_again_may_accumulate),
                cmocka_unit_test(a_quota_below_what_the_kernel_takes_is_raised_to_that),
                cmocka_unit_test(an_active_session_has_five_times_the_weight_and_protected_memory),
                cmocka_unit_test(the_slice_is_protected_by_the_sum_or_by_a_tenth_of_the_memory),
                cmocka_unit_test(max_min_gives_the_modest_all_and_divides_the_rest),
                cmocka_unit_test(max_min_by_weights_divides_by_weights),
        };

        return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
