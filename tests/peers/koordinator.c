/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "test.h"

#include "../../bench/peers/koordinator.h"

#define BASE 2.0

static const struct koordinator_sample throttled = {.used = 2, .throttled = true, .elapsed_sec = 1};
static const struct koordinator_sample quiet = {.used = 0.5, .throttled = false, .elapsed_sec = 1};

static void a_throttled_container_grows_by_a_fifth_up_to_three_times_its_base(void **state)
{
        struct koordinator container = koordinator_start(BASE);

        (void)state;
        assert_true(fabs(koordinator_step(&container, BASE, .1, &throttled) - 2.4) < 1e-9);
        assert_true(fabs(koordinator_step(&container, BASE, .1, &throttled) - 2.88) < 1e-9);
        for (int i = 0; i < 20; i++)
                koordinator_step(&container, BASE, .1, &throttled);
        assert_true(container.quota == 6);
}

static void it_shrinks_by_a_fifth_down_to_its_base_while_the_node_is_busy(void **state)
{
        struct koordinator container = {.quota = 6, .tokens_sec = 100};

        (void)state;
        assert_true(fabs(koordinator_step(&container, BASE, .5, &throttled) - 4.8) < 1e-9);
        for (int i = 0; i < 20; i++)
                koordinator_step(&container, BASE, .5, &throttled);
        assert_true(container.quota == BASE);
}

static void just_below_busy_nothing_changes(void **state)
{
        struct koordinator container = {.quota = 4, .tokens_sec = 100};

        (void)state;
        assert_true(koordinator_step(&container, BASE, .46, &throttled) == 4);
        assert_true(koordinator_step(&container, BASE, .449, &throttled) > 4);
}

static void who_is_not_throttled_does_not_grow(void **state)
{
        struct koordinator container = koordinator_start(BASE);

        (void)state;
        assert_true(koordinator_step(&container, BASE, .1, &quiet) == BASE);
}

static void a_burst_ends_when_its_tokens_are_spent_and_light_use_saves_them_again(void **state)
{
        const struct koordinator_sample spending = {.used = 6, .throttled = true, .elapsed_sec = 10};
        const struct koordinator_sample middling = {.used = 1.5, .throttled = false, .elapsed_sec = 10};
        struct koordinator container = {.quota = 6, .tokens_sec = 60};

        (void)state;
        assert_true(koordinator_step(&container, BASE, .1, &spending) == 6); /* 4 CPUs above the base for 10 s: 20 left */
        assert_true(koordinator_step(&container, BASE, .1, &spending) < 6);
        assert_true(container.tokens_sec == 0);
        koordinator_step(&container, BASE, .1, &middling);
        assert_true(container.tokens_sec == 0); /* between 0.6 and 1 of the base: neither */
        koordinator_step(&container, BASE, .1, &quiet);
        assert_true(container.tokens_sec == 1.5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_throttled_container_grows_by_a_fifth_up_to_three_times_its_base),
                cmocka_unit_test(it_shrinks_by_a_fifth_down_to_its_base_while_the_node_is_busy),
                cmocka_unit_test(just_below_busy_nothing_changes),
                cmocka_unit_test(who_is_not_throttled_does_not_grow),
                cmocka_unit_test(a_burst_ends_when_its_tokens_are_spent_and_light_use_saves_them_again),
        };

        return cmocka_run_group_tests_name("koordinator", tests, NULL, NULL);
}
