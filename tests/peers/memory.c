/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test.h"

#include "../../bench/peers/memory-limits.h"
#include "../../bench/peers/senpai.h"

#define MIB (UINT64_C(1) << 20)
#define HIGH_BYTES UINT64_C(1000000000)

static void a_static_high_lies_256_mib_below_max(void **state)
{
        (void)state;
        assert_int_equal(static_high(4096 * MIB), 3840 * MIB);
        assert_int_equal(static_high(100 * MIB), 0);
}

/* 1 GiB and 2 GiB: 1 GiB + 0.9 GiB = 2040109465.6 bytes, 498073.6 pages */
static void memory_qos_lies_nine_tenths_of_the_way_from_request_to_limit(void **state)
{
        (void)state;
        assert_int_equal(memory_qos_high(1024 * MIB, 2048 * MIB, 4096), UINT64_C(498073) * 4096);
        assert_int_equal(memory_qos_high(0, 10 * 4096, 4096), 9 * 4096);
        assert_int_equal(memory_qos_high(512 * MIB, 512 * MIB, 4096), 512 * MIB);
}

static void arbiter_3_never_sets_max_below_what_is_used_and_400_kib(void **state)
{
        (void)state;
        assert_int_equal(arbiter3_max(100 * MIB, 50 * MIB), 100 * MIB);
        assert_int_equal(arbiter3_max(100 * MIB, 150 * MIB), 150 * MIB + 400 * 1024);
}

/* err = growth / 10 ms; high * (1 + min(1, (err / 20)^2)) */
static void senpai_raises_high_by_the_square_of_too_much_pressure_up_to_twice(void **state)
{
        (void)state;
        assert_int_equal(senpai_high(HIGH_BYTES, 20000), 1010000000);
        assert_int_equal(senpai_high(HIGH_BYTES, 100000), 1250000000);
        assert_int_equal(senpai_high(HIGH_BYTES, 200000), 2000000000);
        assert_int_equal(senpai_high(HIGH_BYTES, 900000), 2000000000);
}

/* err = 10 ms / growth; high * (1 - min(.01, .01 * (err / 10)^2)) */
static void senpai_lowers_high_by_the_square_of_too_little_pressure_up_to_one_per_cent(void **state)
{
        (void)state;
        assert_int_equal(senpai_high(HIGH_BYTES, 5000), 999600000);
        assert_int_equal(senpai_high(HIGH_BYTES, 2000), 997500000);
        assert_int_equal(senpai_high(HIGH_BYTES, 1000), 990000000);
        assert_int_equal(senpai_high(HIGH_BYTES, 0), 990000000);
        assert_int_equal(senpai_high(HIGH_BYTES, SENPAI_PRESSURE_USEC), HIGH_BYTES);
}

static void the_newer_senpai_reclaims_one_per_cent_above_the_floor_while_all_is_calm(void **state)
{
        const struct senpai_pressure calm = {.05, .05, .05, .05};

        (void)state;
        assert_int_equal(senpai_reclaim(1100, 100, &calm), 10);
        assert_int_equal(senpai_reclaim(100, 100, &calm), 0);
        assert_int_equal(senpai_reclaim(50, 100, &calm), 0);
}

static void pressure_of_memory_or_io_in_either_window_stops_the_newer_senpai(void **state)
{
        static const struct senpai_pressure pressures[] = {{.1, 0, 0, 0}, {0, .1, 0, 0}, {0, 0, .1, 0}, {0, 0, 0, .1}};

        (void)state;
        for (size_t i = 0; i < N_OF(pressures); i++)
                assert_int_equal(senpai_reclaim(1100, 100, &pressures[i]), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_static_high_lies_256_mib_below_max),
                cmocka_unit_test(memory_qos_lies_nine_tenths_of_the_way_from_request_to_limit),
                cmocka_unit_test(arbiter_3_never_sets_max_below_what_is_used_and_400_kib),
                cmocka_unit_test(senpai_raises_high_by_the_square_of_too_much_pressure_up_to_twice),
                cmocka_unit_test(senpai_lowers_high_by_the_square_of_too_little_pressure_up_to_one_per_cent),
                cmocka_unit_test(the_newer_senpai_reclaims_one_per_cent_above_the_floor_while_all_is_calm),
                cmocka_unit_test(pressure_of_memory_or_io_in_either_window_stops_the_newer_senpai),
        };

        return cmocka_run_group_tests_name("peers' memory", tests, NULL, NULL);
}
