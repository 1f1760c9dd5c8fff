/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "test.h"

#include "../../bench/peers/arbiter2.h"

#define STEP_SEC 30
#define MINUTE_USEC UINT64_C(60000000)

static void a_step_changes_badness_by_the_published_amounts(void **state)
{
        static const double use_and_change[][2] = {{0, -1.667}, {.25, -1.25}, {.45, 5}, {.75, 8.333}, {1, 11.111}};

        (void)state;
        for (size_t i = 0; i < N_OF(use_and_change); i++) {
                double change = arbiter2_badness(50, use_and_change[i][0], ARBITER2_THRESHOLD_CPU) - 50;

                assert_true(fabs(change - use_and_change[i][1]) < .0005);
        }
}

static void badness_reaches_100_after_the_published_times(void **state)
{
        static const struct {
                double use;
                int sec;
        } cases[] = {{.45, 600}, {.6, 450}, {.75, 360}, {1, 270}};

        (void)state;
        for (size_t i = 0; i < N_OF(cases); i++) {
                double badness = 0;
                int sec = 0;

                for (; badness < 100; sec += STEP_SEC)
                        badness = arbiter2_badness(badness, cases[i].use, ARBITER2_THRESHOLD_CPU);
                assert_int_equal(sec, cases[i].sec);
        }
}

static void half_an_hour_of_nothing_takes_100_back_to_0(void **state)
{
        double badness = 100;

        (void)state;
        for (int sec = STEP_SEC; sec < 1800; sec += STEP_SEC)
                badness = arbiter2_badness(badness, 0, ARBITER2_THRESHOLD_CPU);
        assert_true(badness > 1);
        assert_true(arbiter2_badness(badness, 0, ARBITER2_THRESHOLD_CPU) < 1e-9);
}

/* Uses all of the full quota until penalised. @return the quota after that; the time passes in *@now_usec. */
static double offend(struct arbiter2 *user, uint64_t *now_usec)
{
        double quota;

        do {
                *now_usec += ARBITER2_STEP_USEC;
                quota = arbiter2_step(user, 1, 0, *now_usec);
        } while (quota == 1);
        return quota;
}

static uint64_t serve(struct arbiter2 *user, uint64_t *now_usec)
{
        uint64_t begin_usec = *now_usec;

        do
                *now_usec += ARBITER2_STEP_USEC;
        while (arbiter2_step(user, 0, 0, *now_usec) < 1);
        return (*now_usec - begin_usec) / MINUTE_USEC;
}

static void each_offence_is_penalised_harder_and_longer(void **state)
{
        struct arbiter2 user = arbiter2_start();
        uint64_t now_usec = 0;

        (void)state;
        assert_true(offend(&user, &now_usec) == .8);
        assert_int_equal(now_usec / 1000000, 270);
        assert_int_equal(serve(&user, &now_usec), 30);
        assert_true(offend(&user, &now_usec) == .5);
        assert_int_equal(serve(&user, &now_usec), 60);
        assert_true(offend(&user, &now_usec) == .3);
        assert_int_equal(serve(&user, &now_usec), 120);
        assert_true(offend(&user, &now_usec) == .3);
}

static void an_offence_is_forgotten_after_three_hours(void **state)
{
        struct arbiter2 user = arbiter2_start();
        uint64_t now_usec = 0;

        (void)state;
        offend(&user, &now_usec);
        for (int i = 0; i < 180 * 2; i++) {
                now_usec += ARBITER2_STEP_USEC;
                arbiter2_step(&user, 0, 0, now_usec);
        }
        assert_true(offend(&user, &now_usec) == .8);
}

static void memory_alone_is_an_offence_too(void **state)
{
        struct arbiter2 user = arbiter2_start();
        double quota = 1;

        (void)state;
        for (int i = 1; i <= 20; i++) {
                assert_true(quota == 1);
                quota = arbiter2_step(&user, 0, ARBITER2_THRESHOLD_MEMORY, (uint64_t)i * ARBITER2_STEP_USEC);
        }
        assert_true(quota == .8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_step_changes_badness_by_the_published_amounts),
                cmocka_unit_test(badness_reaches_100_after_the_published_times),
                cmocka_unit_test(half_an_hour_of_nothing_takes_100_back_to_0),
                cmocka_unit_test(each_offence_is_penalised_harder_and_longer),
                cmocka_unit_test(an_offence_is_forgotten_after_three_hours),
                cmocka_unit_test(memory_alone_is_an_offence_too),
        };

        return cmocka_run_group_tests_name("arbiter2", tests, NULL, NULL);
}
