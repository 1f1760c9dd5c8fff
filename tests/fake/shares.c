/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose a weight is. The one found at adoption is the group's share; one that its maker writes before we ever did is the
 * share as well; one that somebody writes over ours is theirs, and stays.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static const struct fake_load hog_bob[] = {{"bob", 4000}, {NULL, 0}};

static void the_weight_found_is_the_share_and_comes_back(void **state)
{
        static const uint32_t weights[] = {1, 37, 100, 2500, 10000};
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        char name[16], path[32];
        struct cgb *cgb;

        for (int i = 0; i < 5; i++) {
                snprintf(path, sizeof path, "work/g%d", i);
                fake_group(fake, path, weights[i]);
        }
        cgb = fake_started(fake);
        fake_run(fake, cgb, 10, fake_hog_alice);
        for (int i = 0; i < 5; i++) {
                snprintf(name, sizeof name, "g%d", i);
                assert_true(fake_find(cgb, name, &workspace));
                assert_int_equal(workspace.account.share_permille, weights[i] * 10);
        }
        assert_int_equal(cgb_stop(cgb), 0);
        for (int i = 0; i < 5; i++) {
                snprintf(path, sizeof path, "work/g%d", i);
                assert_int_equal(fake_weight(fake, path), weights[i]);
        }
}

/* Both idle for as long: their weights are as their shares. */
static void weights_are_shares_times_credit(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake_group(fake, "work/one", 100);
        fake_group(fake, "work/three", 300);
        cgb = fake_started(fake);
        fake_run(fake, cgb, 20, fake_hog_alice);
        assert_in_range(1000 * fake_weight(fake, "work/three") / fake_weight(fake, "work/one"), 2700, 3300);
}

static void what_the_maker_writes_before_our_first_write_is_the_share(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_run(fake, cgb, 5, fake_hog_alice);
        fake_group(fake, "work/carol", 100);
        assert_int_equal(cgb_dispatch(cgb), 0); /* adopted, and no step is due: mkdir and the first write are two things */
        fake_set_weight(fake, "work/carol", 300);
        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_true(fake_find(cgb, "carol", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000);
        assert_false(workspace.foreign);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, NULL), 0);
        assert_true(fake_weight(fake, "work/carol") != 300); /* it is managed */
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/carol"), 300);
}

/* As long as nobody waits nothing is written, so that may be long after the group was made. */
static void the_share_may_be_set_as_long_as_nothing_was_written(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        for (int i = 0; i < 20; i++)
                fake_step(fake, cgb);
        fake_set_weight(fake, "work/bob", 300);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000);
        assert_false(workspace.foreign);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
}

static void a_share_that_is_set_twice_counts_as_it_was_set_last(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_group(fake, "work/carol", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        fake_set_weight(fake, "work/carol", 300);
        fake_run(fake, cgb, 1, fake_hog_alice);
        if (fake_weight(fake, "work/carol") == 300)
                fake_set_weight(fake, "work/carol", 700);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_find(cgb, "carol", &workspace));
        assert_false(workspace.foreign);
        assert_int_equal(workspace.account.share_permille, 7000);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/carol"), 700);
}

/* Between mkdir and the first write its maker may have to wait for a CPU, and steps may fall in between. */
static void the_maker_of_a_new_group_has_a_second_for_its_share(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        fake->options.step_usec = 100000;
        cgb = fake_started(fake);
        fake_run(fake, cgb, 50, fake_hog_alice);
        fake_group(fake, "work/carol", 100);
        fake_run(fake, cgb, 9, fake_hog_alice);
        fake_set_weight(fake, "work/carol", 300);
        fake_run(fake, cgb, 30, fake_hog_alice);
        assert_true(fake_find(cgb, "carol", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000);
        assert_false(workspace.foreign);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, NULL), 0);
        assert_true(fake_weight(fake, "work/carol") > 300);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/carol"), 300);
}

static void a_write_over_ours_is_foreign_in_a_group_that_came_late_as_well(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake->options.step_usec = 100000;
        cgb = fake_started(fake);
        fake_group(fake, "work/carol", 100);
        fake_run(fake, cgb, 40, fake_hog_alice);
        assert_true(fake_weight(fake, "work/carol") != 100);
        fake_set_weight(fake, "work/carol", 77);
        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, "carol"), 1);
        assert_int_equal(fake_weight(fake, "work/carol"), 77);
}

static void a_share_that_comes_late_counts_though_nothing_is_to_be_written(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_group(fake, "work/carol", 100);
        fake_step(fake, cgb);
        fake_set_weight(fake, "work/carol", 300);
        fake_step(fake, cgb); /* nobody wants anything */
        assert_true(fake_find(cgb, "carol", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000);
}

static void a_foreign_write_is_noticed_once_and_not_fought(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;
        struct cgb_event event;

        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") != 100);
        fake_set_weight(fake, "work/bob", 77);
        for (int i = 0; i < 20; i++) {
                fake_run(fake, cgb, 5, i % 2 == 0 ? fake_hog_alice : hog_bob);
                assert_int_equal(fake_weight(fake, "work/bob"), 77);
        }
        assert_true(fake_take_event(cgb, CGB_EVENT_FOREIGN_WRITE, NULL, &event));
        assert_string_equal(event.name, "bob");
        assert_int_equal(event.weight, 77);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, NULL), 0);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_true(workspace.foreign);
        assert_true(workspace.account.usage_usec > 0); /* measured it is */
        assert_true(fake_find(cgb, "alice", &workspace));
        assert_false(workspace.foreign);

        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 77);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void what_is_put_back_under_us_is_written_again_once(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") > 100);
        fake_set_weight(fake, "work/bob", 100); /* as a reload of systemd does */
        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") > 100);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_UNDONE, "bob"), 1);
        fake_set_weight(fake, "work/bob", 100);
        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_UNDONE, "bob"), 0);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_true(workspace.foreign);
}

static void a_foreign_write_is_noticed_where_nothing_is_to_be_written(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 10, fake_hog_alice);
        fake_set_weight(fake, "work/bob", 77);
        for (int i = 0; i < 3; i++)
                fake_step(fake, cgb); /* nobody wants anything */
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, "bob"), 1);
        assert_int_equal(fake_weight(fake, "work/bob"), 77);
}

static void a_foreign_write_among_many_is_noticed_before_long(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        for (int i = 0; i < 200; i++) {
                char path[32];

                snprintf(path, sizeof path, "work/g%d", i);
                fake_group(fake, path, 100);
        }
        cgb = fake_started(fake);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_weight(fake, "work/g150") != 100);
        fake_set_weight(fake, "work/g150", 77);
        for (int i = 0; i < 60; i++)
                fake_step(fake, cgb);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, "g150"), 1);
}

static void a_foreign_write_after_the_last_step_is_not_overwritten_by_stop(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 10, fake_hog_alice);
        fake_set_weight(fake, "work/bob", 77);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 77);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void somebody_elses_weight_becomes_the_share_with_the_next_start(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_run(fake, cgb, 10, fake_hog_alice);
        fake_set_weight(fake, "work/bob", 800);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_start(cgb), 0);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_false(workspace.foreign);
        assert_int_equal(workspace.account.share_permille, 8000);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 800);
}

/* A weight never written by us is nobody's but its owner's, whatever happened to the journal. */
static void a_weight_that_we_never_wrote_is_not_put_back(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        for (int i = 0; i < 5; i++)
                fake_step(fake, cgb);
        fake_set_weight(fake, "work/bob", 555);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 555);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_weight_found_is_the_share_and_comes_back, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(weights_are_shares_times_credit, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_the_maker_writes_before_our_first_write_is_the_share, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_share_may_be_set_as_long_as_nothing_was_written, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_share_that_is_set_twice_counts_as_it_was_set_last, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_maker_of_a_new_group_has_a_second_for_its_share, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_write_over_ours_is_foreign_in_a_group_that_came_late_as_well, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_share_that_comes_late_counts_though_nothing_is_to_be_written, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_foreign_write_is_noticed_once_and_not_fought, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_is_put_back_under_us_is_written_again_once, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_foreign_write_is_noticed_where_nothing_is_to_be_written, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_foreign_write_among_many_is_noticed_before_long, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_foreign_write_after_the_last_step_is_not_overwritten_by_stop, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        somebody_elses_weight_becomes_the_share_with_the_next_start, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(a_weight_that_we_never_wrote_is_not_put_back, fake_setup_two, fake_teardown),
        };

        return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
