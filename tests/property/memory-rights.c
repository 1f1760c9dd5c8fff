/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law, promise by promise, in a world of two GiB whose fair shares are told by hand: growth and its end, credit,
 * the operator, what is read, and trees.
 */
#include <errno.h>
#include <stdlib.h>

#include "memory-story.h"

static void who_grows_without_end_is_frozen_and_named_and_thawed_when_it_stops(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = story_group(world, 900 * MIB, true), other = story_group(world, 900 * MIB, true);
        uint64_t frozen_at;
        int i;

        memory_world_live(world, 30);
        for (i = 0; i < 20 && !memory_world_state(world, leak).frozen; i++)
                story_grow(world, leak, 1, 60 * MIB);
        assert_in_range(i, 5, 10);
        frozen_at = world->groups[leak].high_bytes;
        assert_in_range(frozen_at, memory_world_usage(world, leak) + 8 * MIB, memory_world_usage(world, leak) + 16 * MIB);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_LOWER, leak)->reason, CGB_MEMORY_REASON_FROZEN);
        story_grow(world, leak, 5, 30 * MIB);
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

static void a_newcomer_that_fills_its_memory_is_not_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node newcomer, other = story_group(world, 1500 * MIB, true);

        (void)other;
        memory_world_live(world, 60);
        newcomer = story_group(world, 0, true);
        world->size_bytes = 3 * GIB;
        story_grow(world, newcomer, 28, 60 * MIB);
        assert_true(memory_world_is_contended(world) &&
                    memory_world_usage(world, newcomer) > memory_world_state(world, newcomer).ceiling_bytes);
        assert_false(memory_world_state(world, newcomer).frozen);
        story_grow(world, newcomer, 6, 60 * MIB);
        assert_true(memory_world_state(world, newcomer).frozen);
}

/*
 * A working set that was filled slowly looks like a leak, and then it stays as it is: its owner must not meet the limit for
 * ever after.
 */
static void who_was_frozen_and_has_come_to_rest_is_thawed(void **state)
{
        struct memory_world *world = *state;
        cgb_node filler = story_group(world, 900 * MIB, true), other = story_group(world, 900 * MIB, true);

        (void)other;
        memory_world_live(world, 30);
        for (int i = 0; i < 20 && !memory_world_state(world, filler).frozen; i++)
                story_grow(world, filler, 1, 60 * MIB);
        assert_true(memory_world_state(world, filler).frozen);
        story_grow(world, filler, 1, 5 * MIB);
        memory_world_live(world, 8);
        assert_true(memory_world_state(world, filler).frozen);
        memory_world_live(world, 4);
        assert_false(memory_world_state(world, filler).frozen);
}

/* Fills its memory until it is taken for a leak, with a little left below its limit. */
static cgb_node frozen_group(struct memory_world *world)
{
        cgb_node leak = story_group(world, 900 * MIB, true), other = story_group(world, 900 * MIB, true);

        (void)other;
        memory_world_live(world, 30);
        for (int i = 0; i < 20 && !memory_world_state(world, leak).frozen; i++)
                story_grow(world, leak, 1, 60 * MIB);
        assert_true(memory_world_state(world, leak).frozen);
        world->groups[leak].anon_bytes = world->groups[leak].high_bytes - MIB;
        memory_world_round(world, SECOND_USEC);
        return leak;
}

/* Without swap its tasks would only stand still at a limit, and a build would as well. */
static void who_has_nothing_that_a_limit_could_take_is_not_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak;

        world->swap_free_bytes = 0;
        leak = story_group(world, 900 * MIB, true);
        story_group(world, 900 * MIB, true);
        memory_world_live(world, 30);
        story_grow(world, leak, 60, 10 * MIB);
        assert_true(memory_world_is_contended(world) && memory_world_state(world, leak).credit_byte_seconds < 0);
        assert_false(memory_world_state(world, leak).frozen);
        assert_int_equal(world->groups[leak].high_bytes, CGB_MEMORY_MAX);
}

/* At its limit the kernel takes its oldest pages. A build wants them back at once. */
static void who_was_frozen_and_needs_what_it_has_is_thawed_and_spared(void **state)
{
        struct memory_world *world = *state;
        cgb_node build = frozen_group(world);

        world->size_bytes = 2400 * MIB; /* there is something left for others */
        world->groups[build].reclaimed_bytes += 40 * MIB;
        world->groups[build].refaulted_bytes += 12 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_false(memory_world_state(world, build).frozen);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_RAISE, build)->reason, CGB_MEMORY_REASON_THAWED);
        assert_true(world->groups[build].high_bytes >= memory_world_usage(world, build) + 64 * MIB);
        for (int i = 0; i < 29; i++) {
                world->size_bytes += 30 * MIB;
                story_grow(world, build, 1, 30 * MIB);
                assert_false(memory_world_state(world, build).frozen);
        }
        story_grow(world, build, 3, 30 * MIB);
        assert_true(memory_world_state(world, build).frozen);
}

/* Then what it gets would come from those who are within theirs. */
static void who_needs_more_than_its_rights_stays_frozen_when_all_is_used_up(void **state)
{
        struct memory_world *world = *state;
        cgb_node build = frozen_group(world);

        assert_true(memory_world_free_bytes(world) < 20 * MIB);
        for (int i = 0; i < 60; i++) {
                world->groups[build].reclaimed_bytes += 40 * MIB;
                world->groups[build].refaulted_bytes += 30 * MIB;
                memory_world_round(world, SECOND_USEC);
                assert_true(memory_world_state(world, build).frozen);
        }
}

static void who_does_not_miss_what_its_limit_takes_stays_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = frozen_group(world);

        for (int i = 0; i < 60; i++) {
                world->groups[leak].reclaimed_bytes += 40 * MIB;
                world->groups[leak].refaulted_bytes += 8 * MIB;
                memory_world_round(world, SECOND_USEC);
                assert_true(memory_world_state(world, leak).frozen);
        }
}

/* It has left others its share for long enough to have twice that for a minute. */
static void growth_on_credit_is_never_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node saver = story_group(world, 100 * MIB, true), hog = story_group(world, 1800 * MIB, true);

        memory_world_live(world, 120);
        assert_true(memory_world_state(world, saver).credit_byte_seconds > 0);
        world->groups[hog].anon_bytes = 400 * MIB;
        story_grow(world, saver, 20, 60 * MIB);
        assert_true(memory_world_usage(world, saver) > memory_world_state(world, saver).ceiling_bytes);
        assert_true(memory_world_state(world, saver).credit_byte_seconds > 0);
        assert_false(memory_world_state(world, saver).frozen);
        assert_int_equal(world->groups[saver].high_bytes, CGB_MEMORY_MAX);
}

/* What rests at its limit does not rest by itself. */
static void who_is_held_by_its_limit_stays_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = story_group(world, 900 * MIB, true), other = story_group(world, 900 * MIB, true);

        (void)other;
        memory_world_live(world, 30);
        for (int i = 0; i < 20 && !memory_world_state(world, leak).frozen; i++)
                story_grow(world, leak, 1, 60 * MIB);
        world->groups[leak].anon_bytes += world->groups[leak].high_bytes - memory_world_usage(world, leak);
        memory_world_live(world, 60);
        assert_true(memory_world_state(world, leak).frozen);
}

static void growth_within_rights_is_never_frozen(void **state)
{
        struct memory_world *world = *state;
        cgb_node grower = story_group(world, 100 * MIB, true), hog = story_group(world, 1750 * MIB, true);

        for (int i = 0; i < 30; i++) {
                story_grow(world, grower, 1, 25 * MIB);
                world->groups[hog].anon_bytes = 1750 * MIB - memory_world_usage(world, grower) + 100 * MIB;
                assert_false(memory_world_state(world, grower).frozen);
                assert_int_equal(world->groups[grower].high_bytes, CGB_MEMORY_MAX);
        }
}

static void a_floor_is_granted_in_the_deepest_debt(void **state)
{
        struct memory_world *world = *state;
        cgb_node node = memory_world_join(world, 1600 * MIB), other = story_group(world, 600 * MIB, true);

        (void)other;
        world->groups[node].active = true;
        world->groups[node].anon_bytes = 1250 * MIB;
        memory_world_live(world, 10);
        story_grow(world, node, 10, 30 * MIB);
        assert_false(memory_world_state(world, node).frozen);
        assert_int_equal(world->groups[node].high_bytes, CGB_MEMORY_MAX);
}

static void credit_is_what_others_owe_and_nobody_earns_while_memory_is_enough(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog = story_group(world, 900 * MIB, true), modest = story_group(world, 300 * MIB, true);
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

        story_crowd(world, &hog, &modest);
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
        story_crowd(world, &hog, &modest);
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

        story_crowd(world, &hog, &modest);
        story_live_until_lowered(world, hog);
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
        cgb_node node = memory_world_join_as(world, &(struct cgb_memory_group){.size = sizeof(struct cgb_memory_group),
                                                            .share_permille = 1000,
                                                            .cap_bytes = CGB_MEMORY_MAX,
                                                            .high_bytes = 1700 * MIB});

        world->groups[node].anon_bytes = 1600 * MIB;
        story_group(world, 400 * MIB, true);
        memory_world_live(world, 600);
        assert_true(world->groups[node].high_bytes < 1700 * MIB);
        world->groups[node].active = true;
        story_grow(world, node, 30, 20 * MIB);
        assert_true(world->groups[node].high_bytes <= 1700 * MIB);
}

static void nothing_is_written_when_nothing_changes(void **state)
{
        struct memory_world *world = *state;
        cgb_node hog, modest;

        story_crowd(world, &hog, &modest);
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
        cgb_node sleeper = story_group(world, 100 * MIB, false), awake = story_group(world, 100 * MIB, true);
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

        story_crowd(world, &hog, &modest);
        memory_world_live(world, 400);
        world->groups[hog].anon_bytes = world->groups[hog].high_bytes - 10 * MIB;
        memory_world_round(world, SECOND_USEC);
        assert_int_equal(cgb_memory_due_usec(world->law), world->now_usec + 250000);
}

/* Two lanes of one workspace: one sum, one credit, and the lane with more to drop is asked. */
static void lanes_are_one_workspace(void **state)
{
        struct memory_world *world = *state;
        cgb_node interactive = story_group(world, 200 * MIB, true), batch, other;
        struct cgb_memory_state one, two;

        batch = memory_world_join_as(world, &(struct cgb_memory_group){.size = sizeof(struct cgb_memory_group),
                                                    .workspace = interactive,
                                                    .share_permille = 1000,
                                                    .cap_bytes = CGB_MEMORY_MAX,
                                                    .high_bytes = CGB_MEMORY_MAX});
        world->groups[batch].anon_bytes = 1400 * MIB;
        world->groups[batch].active = true;
        other = story_group(world, 300 * MIB, true);
        memory_world_live(world, 120);
        one = memory_world_state(world, interactive);
        two = memory_world_state(world, batch);
        assert_int_equal(
                one.workspace_usage_bytes, memory_world_usage(world, interactive) + memory_world_usage(world, batch));
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
                                                    .parent = tenant,
                                                    .share_permille = 1000,
                                                    .cap_bytes = CGB_MEMORY_MAX,
                                                    .high_bytes = CGB_MEMORY_MAX});
        other = story_group(world, 400 * MIB, true);
        (void)other;
        world->groups[child].anon_bytes = 1500 * MIB;
        world->groups[child].active = true;
        memory_world_live(world, 300); /* check_write(): the order */
        assert_true(world->groups[child].high_bytes < CGB_MEMORY_MAX);
        assert_true(world->groups[tenant].high_bytes < CGB_MEMORY_MAX);
        assert_true(world->groups[tenant].high_bytes >= world->groups[child].high_bytes);
        before = world->groups[tenant].high_bytes;
        story_grow(world, child, 1, world->groups[child].high_bytes - memory_world_usage(world, child));
        assert_true(world->groups[child].high_bytes > before);
        assert_true(world->groups[tenant].high_bytes >= world->groups[child].high_bytes);
}

static void a_parent_has_no_limit_while_a_child_has_none(void **state)
{
        struct memory_world *world = *state;
        struct cgb_memory_group below = {.size = sizeof below,
                .parent = memory_world_join(world, 0),
                .share_permille = 1000,
                .cap_bytes = CGB_MEMORY_MAX,
                .high_bytes = CGB_MEMORY_MAX};
        cgb_node hog = memory_world_join_as(world, &below), open = memory_world_join_as(world, &below);

        story_group(world, 400 * MIB, true);
        world->groups[hog].anon_bytes = 1500 * MIB;
        world->groups[hog].active = world->groups[open].active = true;
        world->groups[open].anon_bytes = 10 * MIB;
        memory_world_live(world, 300);
        assert_true(world->groups[hog].high_bytes < CGB_MEMORY_MAX);
        assert_int_equal(world->groups[open].high_bytes, CGB_MEMORY_MAX);
        assert_int_equal(world->groups[below.parent].high_bytes, CGB_MEMORY_MAX);
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
        story_crowd(old, &hog, &modest);
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
        struct cgb_memory_group group = {
                .size = sizeof group, .share_permille = 1000, .cap_bytes = CGB_MEMORY_MAX, .high_bytes = CGB_MEMORY_MAX};
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

        story_crowd(world, &hog, &modest);
        memory_world_live(world, 60);
        before = memory_world_state(world, hog);
        larger.capacity = 2 * WORLD_GROUPS;
        memory = malloc(cgb_memory_size(&larger));
        assert_int_equal(cgb_memory_grow(&world->law, memory, cgb_memory_size(&larger) - 1, larger.capacity), -ENOMEM);
        assert_int_equal(cgb_memory_grow(&world->law, memory, cgb_memory_size(&larger), larger.capacity), 0);
        free(old);
        assert_memory_equal(
                &before.workspace_usage_bytes, &(uint64_t){memory_world_state(world, hog).workspace_usage_bytes}, 8);
        memory_world_live(world, 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_a_world(who_grows_without_end_is_frozen_and_named_and_thawed_when_it_stops),
                in_a_world(a_newcomer_that_fills_its_memory_is_not_frozen),
                in_a_world(who_was_frozen_and_has_come_to_rest_is_thawed),
                in_a_world(who_was_frozen_and_needs_what_it_has_is_thawed_and_spared),
                in_a_world(who_has_nothing_that_a_limit_could_take_is_not_frozen),
                in_a_world(who_needs_more_than_its_rights_stays_frozen_when_all_is_used_up),
                in_a_world(who_does_not_miss_what_its_limit_takes_stays_frozen),
                in_a_world(growth_on_credit_is_never_frozen),
                in_a_world(who_is_held_by_its_limit_stays_frozen),
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
                in_a_world(a_parent_has_no_limit_while_a_child_has_none),
                in_a_world(a_kernel_without_reclaim_is_only_watched),
                in_a_world(floors_beyond_the_parents_low_are_refused_with_the_numbers),
                in_a_world(wrong_arguments_are_refused_and_change_nothing),
                in_a_world(a_law_that_moves_to_larger_memory_goes_on_as_if_nothing_had_happened),
        };

        return cmocka_run_group_tests_name("memory-rights", tests, NULL, NULL);
}
