/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fixed-point arithmetic of the policy, held against the C library's double precision.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/fixed.h"

#define LOWEST (-12 * CGB_Q16_ONE)
#define HIGHEST (12 * CGB_Q16_ONE)

static void exp2_is_within_its_stated_error_of_the_true_value(void **state)
{
        (void)state;
        for (int32_t exponent = LOWEST; exponent <= HIGHEST; exponent += 7) {
                double wanted = exp2(exponent / 65536.0), got = (double)cgb_exp2_q20(exponent) / CGB_Q20_ONE;
                /* below 1.0 the result itself has fewer bits: one unit of 2^-20 */
                double allowed = wanted * 4e-5 + 1.0 / CGB_Q20_ONE;

                if (fabs(got - wanted) > allowed)
                        fail_msg("2^(%d/65536): %.9f instead of %.9f", exponent, got, wanted);
        }
}

static void exp2_never_falls_while_the_exponent_rises(void **state)
{
        uint64_t before = 0;

        (void)state;
        for (int32_t exponent = LOWEST; exponent <= HIGHEST; exponent++) {
                uint64_t now = cgb_exp2_q20(exponent);

                if (now < before)
                        fail_msg("2^(%d/65536) is below its predecessor", exponent);
                before = now;
        }
}

static void exp2_of_whole_numbers_is_exact(void **state)
{
        (void)state;
        for (int32_t whole = -12; whole <= 12; whole++)
                assert_int_equal(cgb_exp2_q20(whole * CGB_Q16_ONE), (uint64_t)ldexp(CGB_Q20_ONE, whole));
}

static void a_part_is_scaled_and_rounded_to_nearest(void **state)
{
        (void)state;
        assert_int_equal(cgb_scale_part(0, 7, 1000), 0);
        assert_int_equal(cgb_scale_part(7, 7, 1000), 1000);
        assert_int_equal(cgb_scale_part(1, 3, 1000), 333);
        assert_int_equal(cgb_scale_part(2, 3, 1000), 667);
        assert_int_equal(cgb_scale_part(1, 2, 1), 1);
}

static void a_part_of_the_largest_whole_does_not_overflow(void **state)
{
        (void)state;
        assert_int_equal(cgb_scale_part(UINT64_MAX, UINT64_MAX, 65536), 65536);
        assert_int_equal(cgb_scale_part(UINT64_MAX / 2, UINT64_MAX, 65536), 32768);
        assert_int_equal(cgb_scale_part(1, UINT64_MAX, 65536), 0);
}

static void a_part_is_within_a_unit_of_the_true_value(void **state)
{
        uint64_t whole = 3;

        (void)state;
        for (int i = 0; i < 60; i++, whole = whole * 2 + 1) {
                for (uint64_t tenth = 0; tenth <= 10; tenth++) {
                        uint64_t part = whole / 10 * tenth;
                        double wanted = 65536.0 * (double)part / (double)whole;

                        assert_true(fabs((double)cgb_scale_part(part, whole, 65536) - wanted) <= 1.0);
                }
        }
}

static void a_value_is_clamped_to_both_ends(void **state)
{
        (void)state;
        assert_true(cgb_clamp_i128(5, -3, 3) == 3);
        assert_true(cgb_clamp_i128(-5, -3, 3) == -3);
        assert_true(cgb_clamp_i128(2, -3, 3) == 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(exp2_is_within_its_stated_error_of_the_true_value),
                cmocka_unit_test(exp2_never_falls_while_the_exponent_rises),
                cmocka_unit_test(exp2_of_whole_numbers_is_exact),
                cmocka_unit_test(a_part_is_scaled_and_rounded_to_nearest),
                cmocka_unit_test(a_part_of_the_largest_whole_does_not_overflow),
                cmocka_unit_test(a_part_is_within_a_unit_of_the_true_value),
                cmocka_unit_test(a_value_is_clamped_to_both_ends),
        };

        return cmocka_run_group_tests_name("fixed-point arithmetic", tests, NULL, NULL);
}
