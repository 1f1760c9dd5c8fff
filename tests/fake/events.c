/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue of what happened: bounded, in order, and readable after the end. Boosts and pressure are reported when they
 * change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static const struct fake_load hog_alice[] = {{"alice", 3900}, {"bob", 100}, {NULL, 0}};
static const struct fake_load hog_bob[] = {{"alice", 100}, {"bob", 3900}, {NULL, 0}};

/* The log has a line for every event, which is how the test counts what was reported, taken or not. */
static void count_coming(struct fake *fake, const char *message)
{
        size_t length = strlen(message);

        *(uint64_t *)fake->data += (length > 6 && strcmp(message + length - 6, " added") == 0) ||
                                   (length > 5 && strcmp(message + length - 5, " gone") == 0);
}

static void a_queue_that_nobody_empties_loses_the_oldest_and_counts_them(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_event event;
        uint64_t reported = 0, taken = 0;
        char path[32], last[32] = "";
        struct cgb *cgb;

        fake->data = &reported;
        fake->on_log = count_coming;
        cgb = fake_started(fake);
        for (int i = 0; i < 2500; i++) {
                snprintf(path, sizeof path, "work/g%d", i);
                fake_group(fake, path, 100);
                assert_int_equal(cgb_dispatch(cgb), 0);
                fake_remove(fake, path);
                assert_int_equal(cgb_dispatch(cgb), 0);
        }
        assert_int_equal(reported, 2 + 2 * 2500);
        while (cgb_next_event(cgb, &event)) {
                assert_true(taken > 0 || event.type == CGB_EVENT_ADDED || event.type == CGB_EVENT_GONE);
                assert_string_not_equal(event.name, "alice"); /* the oldest of all */
                snprintf(last, sizeof last, "%s", event.name);
                taken++;
        }
        assert_string_equal(last, "g2499");
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_true(overview.events_lost > 0);
        assert_int_equal(overview.events_lost + taken, reported);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_start(cgb), 0);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.events_lost, 0);
}

static void an_event_is_good_until_the_next_call(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        /* the group and its name are gone from all tables when the event about it is looked at */
        fake_group(fake, "work/a-name-that-has-to-be-kept", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        fake_remove(fake, "work/a-name-that-has-to-be-kept");
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_true(fake_take_event(cgb, CGB_EVENT_ADDED, "a-name-that-has-to-be-kept", &event));
        assert_string_equal(event.name, "a-name-that-has-to-be-kept");
        assert_true(fake_take_event(cgb, CGB_EVENT_GONE, NULL, &event));
        assert_string_equal(event.name, "a-name-that-has-to-be-kept");
}

static void events_outlive_the_stop(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 3, hog_alice);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_true(fake_count_events(cgb, CGB_EVENT_WEIGHT, NULL) > 0);
}

static void events_come_in_the_order_in_which_things_happened(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        fake_group(fake, "work/carol", 100);
        fake_run(fake, cgb, 5, hog_alice);
        fake_remove(fake, "work/carol");
        fake_step(fake, cgb);
        assert_true(fake_take_event(cgb, CGB_EVENT_ADDED, "carol", &event));
        assert_true(fake_take_event(cgb, CGB_EVENT_WEIGHT, "carol", &event));
        assert_true(fake_take_event(cgb, CGB_EVENT_BOOSTED, "carol", &event));
        assert_true(fake_take_event(cgb, CGB_EVENT_GONE, "carol", &event));
}

static void boosted_and_spent_take_turns(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;
        int boosted = 0, spent = 0;

        for (int i = 0; i < 4; i++)
                fake_run(fake, cgb, 40, i % 2 == 0 ? hog_alice : hog_bob);
        while (cgb_next_event(cgb, &event)) {
                if (strcmp(event.name, "bob") != 0)
                        continue;
                if (event.type == CGB_EVENT_BOOSTED) {
                        assert_int_equal(boosted++, spent);
                        assert_true(event.action.reason == CGB_REASON_CREDIT || event.action.reason == CGB_REASON_REACH);
                        assert_true(event.action.weight > event.action.previous);
                } else if (event.type == CGB_EVENT_SPENT) {
                        assert_int_equal(++spent, boosted);
                        assert_true(event.action.reason != CGB_REASON_CREDIT && event.action.reason != CGB_REASON_REACH);
                }
        }
        assert_int_equal(boosted, 2);
        assert_int_equal(spent, 2);
}

/* @stalled_permille of a step somebody waits, while the CPUs are full. */
static void wait_for(struct fake *fake, struct cgb *cgb, int steps, uint64_t stalled_permille)
{
        for (int i = 0; i < steps; i++) {
                fake_use(fake, "work/alice", FAKE_CPUS / 2 * FAKE_STEP_USEC);
                fake_use(fake, "work/bob", FAKE_CPUS / 2 * FAKE_STEP_USEC);
                fake_stall(fake, "work", FAKE_STEP_USEC * stalled_permille / 1000);
                fake_step(fake, cgb);
        }
}

static void pressure_begins_once_and_ends_once(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        wait_for(fake, cgb, 3, 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_PRESSURE, NULL), 0);
        wait_for(fake, cgb, 5, 900);
        wait_for(fake, cgb, 5, 300); /* less, and not over: no flicker */
        wait_for(fake, cgb, 5, 900);
        assert_true(fake_take_event(cgb, CGB_EVENT_PRESSURE, NULL, &event));
        assert_in_range(event.price_permille, 890, 910);
        assert_string_equal(event.name, "");
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_PRESSURE, NULL), 0);
        wait_for(fake, cgb, 5, 0);
        assert_true(fake_take_event(cgb, CGB_EVENT_PRESSURE, NULL, &event));
        assert_int_equal(event.price_permille, 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_PRESSURE, NULL), 0);
}

static void every_kind_and_reason_has_a_word_of_its_own(void **state)
{
        (void)state;
        for (int i = CGB_EVENT_ADDED; i <= CGB_EVENT_ERROR; i++)
                for (int j = CGB_EVENT_ADDED; j <= CGB_EVENT_ERROR; j++)
                        assert_int_equal(i == j, strcmp(cgb_event_type_to_string((enum cgb_event_type)i),
                                                         cgb_event_type_to_string((enum cgb_event_type)j)) == 0);
        for (int i = CGB_REASON_SHARE; i <= CGB_REASON_RANGE; i++)
                for (int j = CGB_REASON_SHARE; j <= CGB_REASON_RANGE; j++)
                        assert_int_equal(i == j, strcmp(cgb_reason_to_string((enum cgb_reason)i),
                                                         cgb_reason_to_string((enum cgb_reason)j)) == 0);
        assert_string_equal(cgb_event_type_to_string((enum cgb_event_type)99), "unknown");
        assert_string_equal(cgb_reason_to_string((enum cgb_reason)99), "unknown");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_queue_that_nobody_empties_loses_the_oldest_and_counts_them, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(an_event_is_good_until_the_next_call, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(events_outlive_the_stop, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        events_come_in_the_order_in_which_things_happened, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(boosted_and_spent_take_turns, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(pressure_begins_once_and_ends_once, fake_setup_two, fake_teardown),
                cmocka_unit_test(every_kind_and_reason_has_a_word_of_its_own),
        };

        return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
