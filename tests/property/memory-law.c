/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law, promise by promise, in a world of two GiB whose fair shares are told by hand.
 */
#include <errno.h>
#include <stdlib.h>

#include "memory-world.h"

/* Two GiB: short below 204 MiB free, enough again from 307 MiB on. */
#define SIZE (2 * GIB)
#define SWAP (4 * GIB)

static int setup(void **state)
{
        *state = memory_world_new(SIZE, SWAP, true);
        return 0;
}

static int setup_inexact(void **state)
{
        *state = memory_world_new(SIZE, SWAP, false);
        return 0;
}

static int teardown(void **state)
{
        memory_world_free(*state);
        return 0;
}

static cgb_node with(struct memory_world *world, uint64_t anon_bytes, bool active)
{
        cgb_node node = memory_world_join(world, 0);

        world->groups[node].anon_bytes = anon_bytes;
        world->groups[node].active = active;
        return node;
}

/* Rounds until @node has a limit of its own, lowered after a reclaim. */
static void live_until_lowered(struct memory_world *world, cgb_node node)
{
        for (int i = 0; i < 300 && world->groups[node].high_bytes == CGB_MEMORY_MAX; i++)
                memory_world_round(world, SECOND_USEC);
        assert_true(world->groups[node].high_bytes < CGB_MEMORY_MAX);
}

/* Rounds until something is reclaimed from @node. @return how many. */
static int live_until_asked(struct memory_world *world, cgb_node node, int most)
{
        for (int i = 1; i <= most; i++) {
                memory_world_round(world, SECOND_USEC);
                if (memory_world_find(world, CGB_MEMORY_RECLAIM, node) != NULL)
                        return i;
        }
        return INT32_MAX;
}

/* A crowd in which memory is short: one hog above its share, one within it. */
static void crowd(struct memory_world *world, cgb_node *hog, cgb_node *modest)
{
        *hog = with(world, 1500 * MIB, true);
        *modest = with(world, 400 * MIB, true);
}

static void while_the_pool_is_calm_nobody_awake_is_asked_for_anything(void **state)
{
        struct memory_world *world = *state;

        with(world, 1200 * MIB, true);
        with(world, 200 * MIB, true);
        for (int i = 0; i < 900; i++) {
                memory_world_round(world, SECOND_USEC);
                assert_int_equal(world->n_actions, 0);
        }
}

static void who_is_awake_and_within_its_fair_share_is_never_asked(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        crowd(world, &hog, &modest);
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

        crowd(world, &hog, &modest);
        memory_world_live(world, 29);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        assert_true(live_until_asked(world, hog, 20) <= 20);
}

/* The share that is left to those asleep may be taken while memory is short, and after ten minutes also while it is not. */
static void sleepers_give_when_memory_is_short_and_idlers_before(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = with(world, 800 * MIB, false), awake = with(world, 1100 * MIB, true);

        assert_in_range(live_until_asked(world, sleeper, 60), 36, 38);
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
        assert_true(live_until_asked(world, sleeper, 60) <= 60);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, sleeper)->reason, CGB_MEMORY_REASON_IDLE);
}

static void one_step_takes_a_hundredth_and_at_most_its_cap(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        world->size_bytes = 64 * GIB;
        hog = with(world, 60 * GIB, true);
        modest = with(world, 3 * GIB, true);
        world->swap_free_bytes = 128 * GIB;
        assert_true(live_until_asked(world, hog, 60) <= 60);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->bytes, (world->options.reclaims_exactly ? 32 : 16) * MIB);
        assert_null(memory_world_find(world, CGB_MEMORY_RECLAIM, modest));
        world->groups[hog].anon_bytes = 1064 * MIB;
        world->size_bytes = 1100 * MIB;
        world->groups[modest].anon_bytes = 0;
        assert_true(live_until_asked(world, hog, 60) <= 60);
        assert_true(memory_world_find(world, CGB_MEMORY_RECLAIM, hog)->bytes <= 10 * MIB);
}

/* What cannot go anywhere is not asked for: no swap, no file pages. */
static void without_swap_there_is_little_to_take(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        world->swap_free_bytes = 0;
        crowd(world, &hog, &modest);
        memory_world_live(world, 300);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        assert_true(memory_world_state(world, hog).least_bytes > memory_world_usage(world, hog));
        assert_int_equal(memory_world_state(world, hog).droppable_bytes, 0);
        world->groups[hog].file_bytes = 60 * MIB;
        world->groups[hog].anon_bytes = 1300 * MIB;
        memory_world_live(world, 60);
        assert_int_equal(world->groups[hog].anon_bytes, 1300 * MIB);
}

static void usage_is_never_driven_below_the_floor(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = memory_world_join(world, 1400 * MIB), other = with(world, 500 * MIB, true);

        (void)other;
        world->groups[hog].anon_bytes = 1500 * MIB;
        memory_world_live(world, 1200);
        assert_in_range(memory_world_usage(world, hog), 1400 * MIB - MIB, 1500 * MIB - 1);
}

static void pressure_of_memory_or_io_stops_the_taking(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        crowd(world, &hog, &modest);
        world->groups[hog].io_permyriad = 10;
        memory_world_live(world, 120);
        assert_int_equal(memory_world_usage(world, hog), 1500 * MIB);
        world->groups[hog].io_permyriad = 9;
        assert_in_range(live_until_asked(world, hog, 20), 6, 8);
        world->groups[hog].memory_permyriad = 10;
        assert_int_equal(live_until_asked(world, hog, 60), INT32_MAX);
        world->groups[hog].memory_permyriad = 0;
        assert_in_range(live_until_asked(world, hog, 20), 6, 8);
}

static void the_limit_follows_the_reclaim_and_not_the_other_way_round(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;
        int reclaimed = 0;

        crowd(world, &hog, &modest);
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
        cgb_node sleeper = with(world, 900 * MIB, false), hog = with(world, 1000 * MIB, true);
        struct cgb_memory_state asleep;

        live_until_lowered(world, sleeper);
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

        crowd(world, &hog, &modest);
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

        crowd(world, &hog, &modest);
        live_until_lowered(world, hog);
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

        with(world, 500 * MIB, true);
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

static void what_comes_back_is_given_twice_and_the_wait_doubles(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = with(world, 1200 * MIB, false), other = with(world, 800 * MIB, true);
        uint64_t before, wait;

        (void)other;
        world->size_bytes = 2100 * MIB;
        live_until_lowered(world, sleeper);
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
        assert_in_range(live_until_asked(world, sleeper, 60), 30, 60);
        memory_world_live(world, 2);
        world->groups[sleeper].refaulted_bytes += 40 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(memory_world_state(world, sleeper).backoff_usec, 120 * SECOND_USEC);
        assert_in_range(live_until_asked(world, sleeper, 120), 60, 90);
}

/* A quarter and less is what any estimate costs. */
static void a_few_refaults_stop_nothing(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        crowd(world, &hog, &modest);
        live_until_lowered(world, hog);
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
        cgb_node donor = with(world, 1400 * MIB, false), recipient = with(world, 450 * MIB, true);

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
        cgb_node first = with(world, 900 * MIB, true), second = with(world, 950 * MIB, false), third = with(world, 50 * MIB, true);

        (void)third;
        world->hangs = true;
        memory_world_live(world, 100);
        assert_true(world->groups[first].asked_bytes > 0 && world->groups[second].asked_bytes > 0);
        world->groups[first].anon_bytes = 800 * MIB; /* so that no limit of the second's is at stake */
        memory_world_live(world, 100); /* check_reclaim() fails if one is asked twice */
        assert_true(world->groups[first].asked_bytes > 0);
        memory_world_answer(world, first);
        world->hangs = false;
        memory_world_answer(world, second);
        memory_world_live(world, 5);
        assert_true(world->groups[second].high_bytes < CGB_MEMORY_MAX);
}

static void grow(struct memory_world *world, cgb_node node, int seconds, uint64_t bytes)
{
        for (int i = 0; i < seconds; i++) {
                world->groups[node].anon_bytes += bytes;
                memory_world_round(world, SECOND_USEC);
        }
}

static void who_grows_without_end_is_frozen_and_named_and_thawed_when_it_stops(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = with(world, 900 * MIB, true), other = with(world, 900 * MIB, true);
        uint64_t frozen_at;
        int i;

        for (i = 0; i < 20 && !memory_world_state(world, leak).frozen; i++)
                grow(world, leak, 1, 60 * MIB);
        assert_in_range(i, 5, 10);
        frozen_at = world->groups[leak].high_bytes;
        assert_in_range(frozen_at, memory_world_usage(world, leak) + 64 * MIB, memory_world_usage(world, leak) + 140 * MIB);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_LOWER, leak)->reason, CGB_MEMORY_REASON_FROZEN);
        grow(world, leak, 5, 30 * MIB);
        assert_int_equal(world->groups[leak].high_bytes, frozen_at);
        assert_false(memory_world_state(world, other).frozen);
        assert_int_equal(world->groups[other].high_bytes, CGB_MEMORY_MAX);
        world->groups[leak].anon_bytes = 600 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_false(memory_world_state(world, leak).frozen);
        world->groups[leak].anon_bytes = frozen_at - 10 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_true(world->groups[leak].high_bytes >= memory_world_usage(world, leak) + 64 * MIB);
}

static void growth_within_rights_is_never_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node grower = with(world, 100 * MIB, true), hog = with(world, 1750 * MIB, true);

        for (int i = 0; i < 30; i++) {
                grow(world, grower, 1, 25 * MIB);
                world->groups[hog].anon_bytes = 1750 * MIB - memory_world_usage(world, grower) + 100 * MIB;
                assert_false(memory_world_state(world, grower).frozen);
                assert_int_equal(world->groups[grower].high_bytes, CGB_MEMORY_MAX);
        }
}

static void a_floor_is_granted_in_the_deepest_debt(void **state)
{
        struct memory_world *world = *state;
        cgb_node node = memory_world_join(world, 1600 * MIB), other = with(world, 600 * MIB, true);

        (void)other;
        world->groups[node].active = true;
        world->groups[node].anon_bytes = 1250 * MIB;
        memory_world_live(world, 10);
        grow(world, node, 10, 30 * MIB);
        assert_false(memory_world_state(world, node).frozen);
        assert_int_equal(world->groups[node].high_bytes, CGB_MEMORY_MAX);
}

static void credit_is_what_others_owe_and_nobody_earns_while_memory_is_enough(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = with(world, 900 * MIB, true), modest = with(world, 300 * MIB, true);
        int64_t owed, earned;

        memory_world_live(world, 50);
        assert_int_equal(memory_world_state(world, modest).credit_byte_seconds, 0);
        world->groups[hog].anon_bytes = 1600 * MIB;
        memory_world_live(world, 11);
        owed = memory_world_state(world, hog).credit_byte_seconds;
        earned = memory_world_state(world, modest).credit_byte_seconds;
        assert_true(owed < 0 && labs((long)(owed + earned)) <= 2);
        /* half of 1900 MiB each by share, so 650 MiB above and below, for eleven seconds less what was given back since */
        assert_in_range(earned, 10 * 600 * (int64_t)MIB, 11 * 650 * (int64_t)MIB);
}

static void no_jump_of_the_clock_makes_credit(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;
        int64_t before, most;

        crowd(world, &hog, &modest);
        memory_world_live(world, 5);
        before = memory_world_state(world, modest).credit_byte_seconds;
        world->now_usec -= 500 * SECOND_USEC;
        memory_world_round(world, 0);
        assert_int_equal(memory_world_state(world, modest).credit_byte_seconds, before);
        memory_world_round(world, 0);
        assert_int_equal(memory_world_state(world, modest).credit_byte_seconds, before);
        memory_world_round(world, 8 * 3600 * SECOND_USEC);
        most = before + 60 * (int64_t)SIZE;
        assert_true(memory_world_state(world, modest).credit_byte_seconds <= most);
}

static void credit_ends_at_five_minutes_of_the_fair_share(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        world->swap_free_bytes = 0;
        crowd(world, &hog, &modest);
        memory_world_live(world, 1500);
        assert_int_equal(memory_world_state(world, modest).credit_byte_seconds, 300 * (int64_t)(SIZE / 2));
        assert_int_equal(memory_world_state(world, hog).credit_byte_seconds, -300 * (int64_t)(SIZE / 2));
        memory_world_leave(world, hog);
        memory_world_live(world, 5); /* check_credits(): the debt is the bank's now */
}

static void a_foreign_limit_is_left_alone(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        crowd(world, &hog, &modest);
        live_until_lowered(world, hog);
        world->groups[hog].high_bytes = world->groups[hog].found_bytes = GIB;
        assert_int_equal(cgb_memory_set_foreign(world->law, hog, GIB), 0);
        for (int i = 0; i < 100; i++) {
                memory_world_round(world, SECOND_USEC);
                assert_int_equal(world->n_actions, 0);
        }
        assert_true(memory_world_state(world, hog).foreign);
        assert_int_equal(memory_world_state(world, hog).high_bytes, GIB);
}

static void what_the_operator_limits_is_never_raised_above_that(void **state)
{
        struct memory_world *world = *state;
        cgb_node node = memory_world_join_as(world, &(struct cgb_memory_group){
                .size = sizeof(struct cgb_memory_group), .share_permille = 1000, .cap_bytes = CGB_MEMORY_MAX, .high_bytes = 1700 * MIB});

        world->groups[node].anon_bytes = 1600 * MIB;
        with(world, 400 * MIB, true);
        memory_world_live(world, 600);
        assert_true(world->groups[node].high_bytes < 1700 * MIB);
        world->groups[node].active = true;
        grow(world, node, 30, 20 * MIB);
        assert_true(world->groups[node].high_bytes <= 1700 * MIB);
}

static void nothing_is_written_when_nothing_changes(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        crowd(world, &hog, &modest);
        memory_world_live(world, 400);
        assert_true(world->groups[hog].high_bytes < CGB_MEMORY_MAX);
        for (int i = 0; i < 500; i++) {
                memory_world_round(world, SECOND_USEC);
                assert_null(memory_world_find(world, CGB_MEMORY_LOWER, hog));
                assert_null(memory_world_find(world, CGB_MEMORY_RAISE, hog));
        }
}

static void a_sleeper_costs_two_readings_a_minute_and_nobody_is_read_without_need(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = with(world, 100 * MIB, false), awake = with(world, 100 * MIB, true);
        uint32_t before;

        memory_world_live(world, 60);
        before = world->groups[sleeper].reads[CGB_MEMORY_CURRENT];
        memory_world_live(world, 300);
        assert_in_range(world->groups[sleeper].reads[CGB_MEMORY_CURRENT] - before, 9, 11);
        assert_in_range(world->groups[awake].reads[CGB_MEMORY_CURRENT], 355, 361);
        for (int file = CGB_MEMORY_EVENTS; file < CGB_MEMORY_FILES; file++)
                assert_int_equal(world->groups[awake].reads[file] + world->groups[sleeper].reads[file], 0);
}

static void who_grows_near_its_limit_is_read_four_times_a_second(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        crowd(world, &hog, &modest);
        memory_world_live(world, 400);
        world->groups[hog].anon_bytes = world->groups[hog].high_bytes - 10 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(cgb_memory_due_usec(world->law), world->now_usec + 250000);
}

/* Two lanes of one workspace: one sum, one credit, and the lane with more to drop is asked. */
static void lanes_are_one_workspace(void **state)
{
        struct memory_world *world = *state;
        cgb_node interactive = with(world, 200 * MIB, true), batch, other;
        struct cgb_memory_state one, two;

        batch = memory_world_join_as(world, &(struct cgb_memory_group){.size = sizeof(struct cgb_memory_group),
                .workspace = interactive, .share_permille = 1000, .cap_bytes = CGB_MEMORY_MAX, .high_bytes = CGB_MEMORY_MAX});
        world->groups[batch].anon_bytes = 1400 * MIB;
        world->groups[batch].active = true;
        other = with(world, 300 * MIB, true);
        memory_world_live(world, 120);
        one = memory_world_state(world, interactive);
        two = memory_world_state(world, batch);
        assert_int_equal(one.workspace_usage_bytes, memory_world_usage(world, interactive) + memory_world_usage(world, batch));
        assert_int_equal(two.workspace, interactive);
        assert_int_equal(one.credit_byte_seconds, two.credit_byte_seconds);
        assert_int_equal(one.fair_bytes, SIZE / 2);
        assert_int_equal(memory_world_usage(world, interactive), 200 * MIB);
        assert_true(memory_world_usage(world, batch) < 1400 * MIB);
        assert_int_equal(memory_world_usage(world, other), 300 * MIB);
        assert_int_equal(cgb_memory_leave(world->law, interactive), 0); /* the rights go on with the lane that is left */
        world->groups[interactive].lives = false;
        world->groups[batch].workspace = batch;
        assert_int_equal(memory_world_state(world, batch).workspace, batch);
        assert_int_equal(memory_world_state(world, batch).credit_byte_seconds, two.credit_byte_seconds);
}

static void parents_are_raised_before_and_lowered_after_their_children(void **state)
{
        struct memory_world *world = *state;
        cgb_node tenant = memory_world_join(world, 0), child, other;
        uint64_t before;

        child = memory_world_join_as(world, &(struct cgb_memory_group){.size = sizeof(struct cgb_memory_group),
                .parent = tenant, .share_permille = 1000, .cap_bytes = CGB_MEMORY_MAX, .high_bytes = CGB_MEMORY_MAX});
        other = with(world, 400 * MIB, true);
        (void)other;
        world->groups[child].anon_bytes = 1500 * MIB;
        world->groups[child].active = true;
        memory_world_live(world, 300); /* check_write(): the order */
        assert_true(world->groups[child].high_bytes < CGB_MEMORY_MAX);
        assert_true(world->groups[tenant].high_bytes < CGB_MEMORY_MAX);
        assert_true(world->groups[tenant].high_bytes >= world->groups[child].high_bytes);
        before = world->groups[tenant].high_bytes;
        grow(world, child, 1, world->groups[child].high_bytes - memory_world_usage(world, child));
        assert_true(world->groups[child].high_bytes > before);
        assert_true(world->groups[tenant].high_bytes >= world->groups[child].high_bytes);
}

static void a_kernel_without_reclaim_is_only_watched(void **state)
{
        struct memory_world *world = *state;
        struct memory_world *old = memory_world_new(SIZE, SWAP, true);
        size_t size;
        cgb_node hog, modest;

        (void)world;
        free(old->law);
        old->options.can_reclaim = false;
        size = cgb_memory_size(&old->options);
        assert_int_equal(cgb_memory_init(&old->law, malloc(size), size, &old->options), 0);
        crowd(old, &hog, &modest);
        for (int i = 0; i < 700; i++) {
                memory_world_round(old, SECOND_USEC);
                assert_int_equal(old->n_actions, 0);
        }
        assert_true(memory_world_state(old, hog).credit_byte_seconds < 0);
        memory_world_free(old);
}

static void floors_beyond_the_parents_low_are_refused_with_the_numbers(void **state)
{
        uint64_t missing = 7;

        (void)state;
        assert_int_equal(cgb_memory_check_floors(300 * MIB, 300 * MIB, &missing), 0);
        assert_int_equal(missing, 7);
        assert_int_equal(cgb_memory_check_floors(300 * MIB, 100 * MIB, &missing), -ENOSPC);
        assert_int_equal(missing, 200 * MIB);
        assert_int_equal(cgb_memory_check_floors(300 * MIB, CGB_MEMORY_MAX, &missing), 0);
}

static void wrong_arguments_are_refused_and_change_nothing(void **state)
{
        struct memory_world *world = *state;
        struct cgb_memory_group group = {.size = sizeof group, .share_permille = 1000, .cap_bytes = CGB_MEMORY_MAX, .high_bytes = CGB_MEMORY_MAX};
        struct cgb_memory_options options = world->options;
        struct cgb_memory_state state_now;
        cgb_node node = 99;

        group.share_permille = 9;
        assert_int_equal(cgb_memory_join(world->law, &group, &node), -EINVAL);
        group.share_permille = 1000;
        group.parent = 5;
        assert_int_equal(cgb_memory_join(world->law, &group, &node), -ENOENT);
        group.parent = 0;
        group.workspace = 5;
        assert_int_equal(cgb_memory_join(world->law, &group, &node), -ENOENT);
        assert_int_equal(node, 99);
        assert_int_equal(cgb_memory_leave(world->law, 5), -ENOENT);
        assert_int_equal(cgb_memory_leave(world->law, CGB_NODE_ROOT), -ENOENT);
        assert_int_equal(cgb_memory_reclaimed(world->law, memory_world_join(world, 0), 0), -ENOENT);
        assert_int_equal(cgb_memory_get(world->law, CGB_NODE_ROOT, &state_now), -ENOENT);
        options.step_usec = 9999;
        assert_int_equal(cgb_memory_size(&options), 0);
        options.step_usec = SECOND_USEC;
        options.capacity = 0;
        assert_int_equal(cgb_memory_size(&options), 0);
}

static void a_law_that_moves_to_larger_memory_goes_on_as_if_nothing_had_happened(void **state)
{
        struct memory_world *world = *state;
        struct cgb_memory_options larger = world->options;
        struct cgb_memory *old = world->law;
        struct cgb_memory_state before;
        cgb_node hog, modest;
        void *memory;

        crowd(world, &hog, &modest);
        memory_world_live(world, 60);
        before = memory_world_state(world, hog);
        larger.capacity = 2 * WORLD_GROUPS;
        memory = malloc(cgb_memory_size(&larger));
        assert_int_equal(cgb_memory_grow(&world->law, memory, cgb_memory_size(&larger) - 1, larger.capacity), -ENOMEM);
        assert_int_equal(cgb_memory_grow(&world->law, memory, cgb_memory_size(&larger), larger.capacity), 0);
        free(old);
        assert_memory_equal(&before.workspace_usage_bytes, &(uint64_t){memory_world_state(world, hog).workspace_usage_bytes}, 8);
        memory_world_live(world, 5);
}

#define in_a_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_a_world(while_the_pool_is_calm_nobody_awake_is_asked_for_anything),
                in_a_world(who_is_awake_and_within_its_fair_share_is_never_asked),
                in_a_world(nothing_is_taken_in_the_first_half_minute),
                in_a_world(sleepers_give_when_memory_is_short_and_idlers_before),
                in_a_world(one_step_takes_a_hundredth_and_at_most_its_cap),
                cmocka_unit_test_setup_teardown(one_step_takes_a_hundredth_and_at_most_its_cap, setup_inexact, teardown),
                in_a_world(without_swap_there_is_little_to_take),
                in_a_world(usage_is_never_driven_below_the_floor),
                cmocka_unit_test_setup_teardown(usage_is_never_driven_below_the_floor, setup_inexact, teardown),
                in_a_world(pressure_of_memory_or_io_stops_the_taking),
                in_a_world(the_limit_follows_the_reclaim_and_not_the_other_way_round),
                in_a_world(growth_within_the_ceiling_never_meets_the_limit),
                in_a_world(a_raise_comes_in_the_step_that_sees_the_need_whatever_the_credit),
                in_a_world(a_limit_that_was_hit_between_two_readings_is_raised_above_the_hit),
                in_a_world(a_fired_trigger_makes_memory_short_and_stops_the_taking),
                in_a_world(what_comes_back_is_given_twice_and_the_wait_doubles),
                in_a_world(a_few_refaults_stop_nothing),
                in_a_world(the_donor_drops_before_the_recipient_may_rise),
                in_a_world(a_reclaim_that_hangs_is_not_asked_for_again_and_holds_up_nobody),
                in_a_world(who_grows_without_end_is_frozen_and_named_and_thawed_when_it_stops),
                in_a_world(growth_within_rights_is_never_frozen),
                in_a_world(a_floor_is_granted_in_the_deepest_debt),
                in_a_world(credit_is_what_others_owe_and_nobody_earns_while_memory_is_enough),
                in_a_world(no_jump_of_the_clock_makes_credit),
                in_a_world(credit_ends_at_five_minutes_of_the_fair_share),
                in_a_world(a_foreign_limit_is_left_alone),
                in_a_world(what_the_operator_limits_is_never_raised_above_that),
                in_a_world(nothing_is_written_when_nothing_changes),
                in_a_world(a_sleeper_costs_two_readings_a_minute_and_nobody_is_read_without_need),
                in_a_world(who_grows_near_its_limit_is_read_four_times_a_second),
                in_a_world(lanes_are_one_workspace),
                in_a_world(parents_are_raised_before_and_lowered_after_their_children),
                in_a_world(a_kernel_without_reclaim_is_only_watched),
                in_a_world(floors_beyond_the_parents_low_are_refused_with_the_numbers),
                in_a_world(wrong_arguments_are_refused_and_change_nothing),
                in_a_world(a_law_that_moves_to_larger_memory_goes_on_as_if_nothing_had_happened),
        };

        return cmocka_run_group_tests_name("memory-law", tests, NULL, NULL);
}
