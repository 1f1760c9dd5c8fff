/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "test.h"

#include "../../bench/peers/ec2.h"

#define MINUTE_SEC 60.0

static double after_hours(struct ec2 *state, const struct ec2_type *type, int hours, double cpus)
{
        for (int minute = 0; minute < hours * 60; minute++)
                ec2_step(state, type, cpus * MINUTE_SEC, MINUTE_SEC);
        return ec2_credits(state);
}

static void assert_near(double value, double expected)
{
        if (fabs(value - expected) > 1e-6)
                fail_msg("%.9g instead of %.9g", value, expected);
}

static void an_idle_t2_micro_reaches_its_cap_and_the_launch_credits(void **state)
{
        const struct ec2_type *type = ec2_find_type("t2.micro");
        struct ec2 instance = ec2_launch(type);

        (void)state;
        assert_near(ec2_credits(&instance), 30);
        assert_near(after_hours(&instance, type, 23, 0), 30 + 138);
        assert_near(after_hours(&instance, type, 20, 0), 174);
}

static void a_t3_nano_at_2_per_cent_gains_3_6_credits_an_hour(void **state)
{
        const struct ec2_type *type = ec2_find_type("t3.nano");
        struct ec2 instance = ec2_launch(type);

        (void)state;
        assert_near(ec2_credits(&instance), 0);
        assert_near(after_hours(&instance, type, 1, type->vcpus * .02), 3.6);
}

/* A credit is a vCPU minute, so an hour at the baseline costs baseline * 60 on each vCPU: what an hour earns. */
static void every_type_earns_its_baseline_and_caps_at_a_day_of_it(void **state)
{
        (void)state;
        for (size_t i = 0; i < ec2_n_types; i++) {
                assert_near(ec2_types[i].earned_per_hour, ec2_types[i].baseline * ec2_types[i].vcpus * 60);
                assert_near(ec2_types[i].cap, ec2_types[i].earned_per_hour * 24);
        }
}

static void launch_credits_are_spent_first(void **state)
{
        const struct ec2_type *type = ec2_find_type("t2.micro");
        struct ec2 instance = ec2_launch(type);

        (void)state;
        after_hours(&instance, type, 1, 0);
        ec2_step(&instance, type, 10 * MINUTE_SEC, 0);
        assert_near(instance.launch, 20);
        assert_near(instance.earned, 6);
}

static void without_credit_the_vcpus_run_at_the_baseline(void **state)
{
        const struct ec2_type *type = ec2_find_type("t3.large");
        struct ec2 instance = ec2_launch(type);

        (void)state;
        assert_near(ec2_limit(&instance, type), 2 * .3);
        after_hours(&instance, type, 1, 0);
        assert_near(ec2_limit(&instance, type), 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_idle_t2_micro_reaches_its_cap_and_the_launch_credits),
                cmocka_unit_test(a_t3_nano_at_2_per_cent_gains_3_6_credits_an_hour),
                cmocka_unit_test(every_type_earns_its_baseline_and_caps_at_a_day_of_it),
                cmocka_unit_test(launch_credits_are_spent_first),
                cmocka_unit_test(without_credit_the_vcpus_run_at_the_baseline),
        };

        return cmocka_run_group_tests_name("ec2", tests, NULL, NULL);
}
