/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law, promise by promise, in a world of two GiB whose fair shares are told by hand: who is asked to give, how
 * much, and when the limits follow.
 */
#include <errno.h>
#include <stdlib.h>

#include "memory-story.h"

static void while_the_pool_is_calm_nobody_awake_is_asked_for_anything(void **state)
{
        struct memory_world *world = *state;

        story_group(world, 1200 * MIB, true);
        story_group(world, 200 * MIB, true);
        for (int i = 0; i < 900; i++) {
                memory_world_round(world, SECOND_USEC);
                assert_int_equal(world->n_actions, 0);
        }
}

static void who_is_awake_and_within_its_fair_share_is_never_asked(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
        for (int i = 0; i < 300; i++) {
                memory_world_round(world, SECOND_USEC);
                assert_null(memory_world_find(world, CGB_MEMORY_RECLAIM, modest));
        }
        assert_int_equal(world->groups[modest].high_bytes, CGB_MEMORY_MAX);
        assert_true(memory_world_usage(world, hog) < 1500 * MIB);
}

static void nothing_is_taken_in_the_first_half_minute(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
        memory_world_live(world, 29);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        assert_true(story_live_until_asked(world, hog, 20) <= 20);
}

/* The share that is left to those asleep may be taken while memory is short, and after ten minutes also while it is not. */
static void sleepers_give_when_memory_is_short_and_idlers_before(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 800 * MIB, false), awake = story_group(world, 1100 * MIB, true);

        assert_in_range(story_live_until_asked(world, sleeper, 60), 36, 38);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, sleeper)->reason, CGB_MEMORY_REASON_ASLEEP);
        world->groups[awake].anon_bytes = 100 * MIB;
        memory_world_live(world, 60);
        assert_false(memory_world_is_contended(world));
        world->groups[sleeper].anon_bytes = 800 * MIB;
        world->groups[sleeper].active = true;
        memory_world_live(world, 5);
        world->groups[sleeper].active = false;
        memory_world_live(world, 590);
        assert_int_equal(memory_world_usage(world, sleeper), 800 * MIB);
        assert_true(story_live_until_asked(world, sleeper, 60) <= 60);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, sleeper)->reason, CGB_MEMORY_REASON_IDLE);
}

/*
 * Somebody else is near its limit, or a reclaim has ended: rounds then come more often than readings of who sleeps. It is
 * also read when its reclaim has ended, and a step later again, so it is asked each step and a half.
 */
static void rounds_between_its_readings_put_no_donor_off(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 740 * MIB, false);
        int asked = 0;

        story_group(world, 650 * MIB, true);
        story_group(world, 650 * MIB, true);
        memory_world_live(world, 40);
        for (int i = 0; i < 20; i++) {
                memory_world_round(world, SECOND_USEC / 2);
                asked += memory_world_find(world, CGB_MEMORY_RECLAIM, sleeper) != NULL;
        }
        assert_in_range(asked, 6, 10);
}

static void one_step_takes_a_hundredth_and_at_most_its_cap(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        world->size_bytes = 64 * GIB;
        hog = story_group(world, 60 * GIB, world->options.reclaims_exactly);
        modest = story_group(world, 3 * GIB, true);
        world->swap_free_bytes = 128 * GIB;
        assert_true(story_live_until_asked(world, hog, 60) <= 60);
        assert_int_equal(
                memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->bytes, (world->options.reclaims_exactly ? 32 : 16) * MIB);
        assert_null(memory_world_find(world, CGB_MEMORY_RECLAIM, modest));
        world->groups[hog].anon_bytes = 1064 * MIB;
        world->size_bytes = 1100 * MIB;
        world->groups[modest].anon_bytes = 0;
        assert_true(story_live_until_asked(world, hog, 60) <= 60);
        assert_true(memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->bytes <= 10 * MIB);
}

static void where_cold_pages_cannot_be_told_nobody_awake_is_asked(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
        memory_world_live(world, 300);
        assert_true(memory_world_is_contended(world));
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        world->groups[hog].active = false;
        assert_in_range(story_live_until_asked(world, hog, 60), 25, 45);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->reason, CGB_MEMORY_REASON_ASLEEP);
}

/* What cannot go anywhere is not asked for: no swap, no file pages. */
static void without_swap_there_is_little_to_take(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        world->swap_free_bytes = 0;
        story_crowd(world, &hog, &modest);
        memory_world_live(world, 300);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        assert_true(memory_world_state(world, hog).least_bytes > memory_world_usage(world, hog));
        assert_int_equal(memory_world_state(world, hog).droppable_bytes, 0);
        world->groups[hog].file_bytes = 60 * MIB;
        world->groups[hog].anon_bytes = 1300 * MIB;
        memory_world_live(world, 60);
        assert_int_equal(world->groups[hog].anon_bytes, 1300 * MIB);
}

/* The host's swap is no room for who has none of it. */
static void who_may_not_swap_is_asked_for_no_more_than_its_file_pages(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
        world->groups[hog].swap_room_bytes = 0;
        memory_world_live(world, 120);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        assert_int_equal(memory_world_state(world, hog).droppable_bytes, 0);
        world->groups[hog].swap_room_bytes = 300 * MIB;
        memory_world_live(world, 60);
        assert_int_equal(memory_world_state(world, hog).droppable_bytes, world->groups[hog].stat_swap_room_bytes);
        assert_in_range(
                memory_world_usage(world, hog), 1500 * MIB - 225 * MIB, 1500 * MIB - 30 * MIB); /* headroom of 75 is left */
}

static void usage_is_never_driven_below_the_floor(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = memory_world_join(world, 1400 * MIB), other = story_group(world, 500 * MIB, true);

        (void)other;
        world->groups[hog].anon_bytes = 1500 * MIB;
        memory_world_live(world, 1200);
        assert_in_range(memory_world_usage(world, hog), 1400 * MIB - MIB, 1500 * MIB - 1);
}

static void pressure_of_memory_or_io_stops_the_taking(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
        world->groups[hog].io_permyriad = 10;
        memory_world_live(world, 120);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        world->groups[hog].io_permyriad = 9;
        assert_in_range(story_live_until_asked(world, hog, 20), 6, 8);
        world->groups[hog].memory_permyriad = 10;
        assert_int_equal(story_live_until_asked(world, hog, 60), INT32_MAX);
        world->groups[hog].memory_permyriad = 0;
        assert_in_range(story_live_until_asked(world, hog, 20), 6, 8);
}

static void the_limit_follows_the_reclaim_and_not_the_other_way_round(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;
        int reclaimed = 0;

        story_crowd(world, &hog, &modest);
        for (int i = 0; i < 60; i++) {
                memory_world_round(world, SECOND_USEC);
                if (reclaimed == 0)
                        assert_null(memory_world_find(world, CGB_MEMORY_LOWER, hog));
                if (memory_world_find(world, CGB_MEMORY_RECLAIM, hog) != NULL)
                        reclaimed++;
        }
        assert_true(reclaimed > 10);
        assert_true(world->groups[hog].high_bytes >= memory_world_usage(world, hog) + 64 * MIB);
        assert_true(world->groups[hog].high_bytes < 1700 * MIB);
}

static void growth_within_the_ceiling_never_meets_the_limit(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 900 * MIB, false), hog = story_group(world, 1000 * MIB, true);
        struct cgb_memory_state asleep;

        story_live_until_lowered(world, sleeper);
        memory_world_live(world, 60);
        asleep = memory_world_state(world, sleeper);
        assert_true(asleep.fair_bytes == SIZE / 2 && asleep.ceiling_bytes >= asleep.fair_bytes);
        assert_true(world->groups[sleeper].high_bytes >= asleep.ceiling_bytes); /* it may come back to that in one gulp */
        (void)hog;
}

static void a_raise_comes_in_the_step_that_sees_the_need_whatever_the_credit(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;
        uint64_t before;

        story_crowd(world, &hog, &modest);
        memory_world_live(world, 400);
        assert_true(memory_world_state(world, hog).credit_byte_seconds < 0);
        before = world->groups[hog].high_bytes;
        assert_true(before < CGB_MEMORY_MAX);
        world->groups[hog].anon_bytes += before - memory_world_usage(world, hog) - 10 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RAISE, hog)->reason, CGB_MEMORY_REASON_NEAR);
        assert_true(world->groups[hog].high_bytes >= memory_world_usage(world, hog) + 64 * MIB);
}

static void a_limit_that_was_hit_between_two_readings_is_raised_above_the_hit(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;
        uint64_t before;

        story_crowd(world, &hog, &modest);
        story_live_until_lowered(world, hog);
        memory_world_live(world, 5);
        before = world->groups[hog].high_bytes;
        world->groups[hog].events_high++;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RAISE, hog)->reason, CGB_MEMORY_REASON_HIT);
        assert_true(world->groups[hog].high_bytes >= before + 64 * MIB);
}

/* The trigger knows nobody by name: whoever has a limit gets more, as far as its rights go. */
static void a_fired_trigger_makes_memory_short_and_stops_the_taking(void **state)
{
        struct memory_world *world = *state;

        story_group(world, 500 * MIB, true);
        memory_world_live(world, 60);
        assert_false(memory_world_is_contended(world));
        world->pressed = true;
        memory_world_round(world, SECOND_USEC);
        assert_true(memory_world_is_contended(world));
        world->pressed = false;
        memory_world_live(world, 4);
        assert_true(memory_world_is_contended(world));
        memory_world_live(world, 4);
        assert_false(memory_world_is_contended(world));
}

/*
 * One who wakes and fetches its pages fires it, and would otherwise switch off for half a minute what makes room for the
 * next.
 */
static void a_fired_trigger_is_not_for_those_asleep(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 900 * MIB, false), awake = story_group(world, 1000 * MIB, true);
        uint64_t before;

        story_live_until_lowered(world, sleeper);
        before = world->groups[sleeper].high_bytes;
        world->pressed = true;
        memory_world_round(world, SECOND_USEC);
        assert_null(memory_world_find(world, CGB_MEMORY_RAISE, sleeper));
        assert_true(world->groups[sleeper].high_bytes <= before);
        assert_true(story_live_until_asked(world, sleeper, 3) <= 3);
        (void)awake;
}

/* 2048 MiB, short below 204: with one awake 102 more are kept ready, with two that have a headroom of 64 each 128. */
static void sleepers_keep_headroom_ready_before_memory_is_short(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 300 * MIB, false), hog = story_group(world, 1400 * MIB, true);

        memory_world_live(world, 60);
        assert_int_equal(memory_world_usage(world, sleeper), 300 * MIB);
        world->groups[hog].anon_bytes += 60 * MIB;
        assert_true(story_live_until_asked(world, sleeper, 20) <= 20);
        assert_false(memory_world_is_contended(world));
        memory_world_live(world, 120);
        assert_int_equal(memory_world_usage(world, hog), 1460 * MIB);
        assert_in_range(memory_world_free_bytes(world), 306 * MIB, 310 * MIB);
        world->groups[hog].anon_bytes = 700 * MIB;
        story_group(world, 760 * MIB, true);
        memory_world_live(world, 120);
        assert_in_range(memory_world_free_bytes(world), 332 * MIB, 336 * MIB);
}

static void who_sleeps_gives_before_who_works(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = story_group(world, 1100 * MIB, true), sleepers[4];

        for (int i = 0; i < 4; i++)
                sleepers[i] = story_group(world, 200 * MIB, false);
        assert_true(story_live_until_asked(world, sleepers[0], 60) <= 60);
        memory_world_live(world, 20);
        assert_true(memory_world_is_contended(world) && memory_world_state(world, hog).credit_byte_seconds < 0);
        assert_int_equal(memory_world_usage(world, hog), 1100 * MIB);
        for (int i = 0; i < 4; i++)
                assert_true(memory_world_usage(world, sleepers[i]) < 200 * MIB);
        for (int i = 0; i < 4; i++)
                world->groups[sleepers[i]].anon_bytes = 40 * MIB; /* less than what is missing, and than their headroom */
        world->groups[hog].anon_bytes = 1780 * MIB;
        assert_true(story_live_until_asked(world, hog, 60) <= 60);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->reason, CGB_MEMORY_REASON_OVER_SHARE);
}

/* It is asleep in twenty seconds; and what it keeps for its headroom the kernel takes, when it is needed. */
static void who_works_is_not_asked_while_who_has_just_stopped_holds_enough(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = story_group(world, 1400 * MIB, true), stopped = story_group(world, 500 * MIB, true);

        memory_world_live(world, 37);
        assert_true(memory_world_usage(world, hog) < 1400 * MIB); /* both worked */
        world->groups[hog].anon_bytes = 1400 * MIB;
        world->groups[stopped].active = false;
        memory_world_live(world, 5);
        for (int i = 0; i < 60; i++) {
                memory_world_round(world, SECOND_USEC);
                assert_null(memory_world_find(world, CGB_MEMORY_RECLAIM, hog));
        }
        assert_true(memory_world_usage(world, stopped) < 450 * MIB);
        assert_true(memory_world_is_contended(world));
}

/* What a waker needs is found among those asleep; what is still missing after half a minute is missing for good. */
static void who_works_is_not_asked_before_memory_was_short_for_half_a_minute(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = story_group(world, 1400 * MIB, true);

        story_group(world, 300 * MIB, true);
        memory_world_live(world, 60);
        assert_false(memory_world_is_contended(world));
        world->groups[hog].anon_bytes += 250 * MIB;
        assert_in_range(story_live_until_asked(world, hog, 60), 31, 40);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->reason, CGB_MEMORY_REASON_OVER_SHARE);
}

static void what_comes_back_is_given_twice_and_the_wait_doubles(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 1200 * MIB, false), other = story_group(world, 800 * MIB, true);
        uint64_t before, wait;

        (void)other;
        world->size_bytes = 2100 * MIB;
        story_live_until_lowered(world, sleeper);
        memory_world_live(world, 5);
        before = world->groups[sleeper].high_bytes;
        wait = memory_world_state(world, sleeper).backoff_usec;
        world->groups[sleeper].refaulted_bytes += 40 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RAISE, sleeper)->reason, CGB_MEMORY_REASON_REFAULTS);
        assert_true(world->groups[sleeper].high_bytes >= memory_world_usage(world, sleeper) + 64 * MIB + 80 * MIB);
        assert_true(world->groups[sleeper].high_bytes >= before);
        assert_int_equal(memory_world_state(world, sleeper).backoff_usec, 60 * SECOND_USEC);
        assert_true(wait <= 30 * SECOND_USEC);
        assert_in_range(story_live_until_asked(world, sleeper, 60), 30, 60);
        memory_world_live(world, 2);
        world->groups[sleeper].refaulted_bytes += 40 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(memory_world_state(world, sleeper).backoff_usec, 120 * SECOND_USEC);
        assert_in_range(story_live_until_asked(world, sleeper, 120), 60, 90);
}

/* A quarter and less is what any estimate costs. */
static void a_few_refaults_stop_nothing(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
        story_live_until_lowered(world, hog);
        memory_world_live(world, 10);
        world->groups[hog].refaulted_bytes += MIB / 2;
        memory_world_round(world, SECOND_USEC);
        assert_null(memory_world_find(world, CGB_MEMORY_RAISE, hog));
        assert_int_equal(memory_world_state(world, hog).backoff_usec, 0);
}

/* The recipient's ceiling above its fair share is made of what the donor has given up already. */
static void the_donor_drops_before_the_recipient_may_rise(void **state)
{
        struct memory_world *world = *state;
        cgb_node donor = story_group(world, 1400 * MIB, false), recipient = story_group(world, 450 * MIB, true);

        world->hangs = true;
        memory_world_live(world, 60);
        assert_true(world->groups[donor].asked_bytes > 0);
        assert_true(memory_world_state(world, recipient).credit_byte_seconds > 0);
        assert_int_equal(memory_world_state(world, recipient).ceiling_bytes, SIZE / 2); /* asked for is not given */
        world->groups[donor].anon_bytes = 700 * MIB;
        memory_world_live(world, 2);
        assert_true(memory_world_state(world, recipient).ceiling_bytes > SIZE / 2);
}

static void a_reclaim_that_hangs_is_not_asked_for_again_and_holds_up_nobody(void **state)
{
        struct memory_world *world = *state;
        cgb_node first = story_group(world, 900 * MIB, true), second = story_group(world, 950 * MIB, false),
                 third = story_group(world, 50 * MIB, true);

        (void)third;
        world->hangs = true;
        memory_world_live(world, 100);
        assert_true(world->groups[first].asked_bytes > 0 && world->groups[second].asked_bytes > 0);
        world->groups[first].anon_bytes = 800 * MIB; /* so that no limit of the second's is at stake */
        memory_world_live(world, 100);               /* check_reclaim() fails if one is asked twice */
        assert_true(world->groups[first].asked_bytes > 0);
        memory_world_answer(world, first);
        world->hangs = false;
        memory_world_answer(world, second);
        memory_world_live(world, 5);
        assert_true(world->groups[second].high_bytes < CGB_MEMORY_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_a_world(while_the_pool_is_calm_nobody_awake_is_asked_for_anything),
                in_a_world(who_is_awake_and_within_its_fair_share_is_never_asked),
                in_a_world(nothing_is_taken_in_the_first_half_minute),
                in_a_world(sleepers_give_when_memory_is_short_and_idlers_before),
                in_a_world(rounds_between_its_readings_put_no_donor_off),
                in_a_world(one_step_takes_a_hundredth_and_at_most_its_cap),
                in_an_inexact_world(one_step_takes_a_hundredth_and_at_most_its_cap),
                in_an_inexact_world(where_cold_pages_cannot_be_told_nobody_awake_is_asked),
                in_a_world(without_swap_there_is_little_to_take),
                in_a_world(who_may_not_swap_is_asked_for_no_more_than_its_file_pages),
                in_a_world(usage_is_never_driven_below_the_floor),
                in_an_inexact_world(usage_is_never_driven_below_the_floor),
                in_a_world(pressure_of_memory_or_io_stops_the_taking),
                in_a_world(the_limit_follows_the_reclaim_and_not_the_other_way_round),
                in_a_world(growth_within_the_ceiling_never_meets_the_limit),
                in_a_world(a_raise_comes_in_the_step_that_sees_the_need_whatever_the_credit),
                in_a_world(a_limit_that_was_hit_between_two_readings_is_raised_above_the_hit),
                in_a_world(a_fired_trigger_makes_memory_short_and_stops_the_taking),
                in_a_world(a_fired_trigger_is_not_for_those_asleep),
                in_a_world(sleepers_keep_headroom_ready_before_memory_is_short),
                in_a_world(who_sleeps_gives_before_who_works),
                in_a_world(who_works_is_not_asked_while_who_has_just_stopped_holds_enough),
                in_a_world(who_works_is_not_asked_before_memory_was_short_for_half_a_minute),
                in_a_world(what_comes_back_is_given_twice_and_the_wait_doubles),
                in_a_world(a_few_refaults_stop_nothing),
                in_a_world(the_donor_drops_before_the_recipient_may_rise),
                in_a_world(a_reclaim_that_hangs_is_not_asked_for_again_and_holds_up_nobody),
        };

        return cmocka_run_group_tests_name("memory-taking", tests, NULL, NULL);
}
