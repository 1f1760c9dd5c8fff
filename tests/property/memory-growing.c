/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory law on growth without end, where nothing can or need be done about it yet: it is told of, while somebody can
 * still do something.
 */
#include "memory-story.h"

/* Two GiB without swap: a fair share of one, and short when 204 MiB are free, which is at 1443 MiB of the leak. */
#define OTHER_BYTES (400 * MIB)
#define ROOM_BYTES (1443 * MIB)
#define PACE_BYTES (30 * MIB)

static cgb_node leak_beside_another(struct memory_world *world)
{
        cgb_node leak = story_group(world, 100 * MIB, true);

        world->swap_free_bytes = 0;
        story_group(world, OTHER_BYTES, true);
        memory_world_live(world, 31);
        return leak;
}

/* @return after how many seconds it was told of; 0: never */
static int grow_until_told(struct memory_world *world, cgb_node node, int seconds)
{
        for (int i = 1; i <= seconds; i++) {
                story_grow(world, node, 1, PACE_BYTES);
                if (memory_world_find(world, CGB_MEMORY_TELL, node) != NULL)
                        return i;
        }
        return 0;
}

static void without_swap_a_leak_is_told_of_once_before_memory_is_short(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = leak_beside_another(world);

        assert_int_not_equal(grow_until_told(world, leak, 60), 0);
        assert_int_equal(memory_world_find(world, CGB_MEMORY_TELL, leak)->reason, CGB_MEMORY_REASON_GROWING);
        assert_true(memory_world_find(world, CGB_MEMORY_TELL, leak)->bytes == memory_world_usage(world, leak));
        assert_true(memory_world_state(world, leak).growing);
        assert_false(memory_world_is_contended(world));
        assert_true(memory_world_usage(world, leak) + 5 * PACE_BYTES < ROOM_BYTES);
        assert_int_equal(grow_until_told(world, leak, 10), 0);
        assert_true(memory_world_is_contended(world) && memory_world_state(world, leak).growing);
        assert_false(memory_world_state(world, leak).frozen);
        assert_true(world->groups[leak].high_bytes == CGB_MEMORY_MAX);
}

static void who_paused_for_ten_seconds_is_not_growing_any_more_and_is_told_of_again(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = leak_beside_another(world);

        assert_int_not_equal(grow_until_told(world, leak, 60), 0);
        memory_world_live(world, 9);
        assert_true(memory_world_state(world, leak).growing);
        memory_world_live(world, 4);
        assert_false(memory_world_state(world, leak).growing);
        world->size_bytes += 300 * MIB;
        assert_in_range(grow_until_told(world, leak, 30), 5, 20);
}

static void growth_within_rights_is_not_told_of(void **state)
{
        struct memory_world *world = *state;
        cgb_node grower = leak_beside_another(world);

        assert_int_equal(grow_until_told(world, grower, 30), 0);
        assert_true(memory_world_usage(world, grower) < memory_world_state(world, grower).ceiling_bytes);
}

/* Above the fair share, and with room for as much again. */
static void growth_for_which_there_is_room_is_not_told_of(void **state)
{
        struct memory_world *world = *state;
        cgb_node grower = leak_beside_another(world);

        world->size_bytes = 16 * GIB;
        for (int i = 0; i < 9; i++)
                story_group(world, 0, false);
        world->groups[grower].anon_bytes = 8 * GIB;
        memory_world_live(world, 31);
        assert_int_equal(grow_until_told(world, grower, 20), 0);
        assert_true(memory_world_usage(world, grower) > memory_world_state(world, grower).ceiling_bytes);
}

/* What it read anybody can have. */
static void who_reads_files_is_not_told_of(void **state)
{
        struct memory_world *world = *state;
        cgb_node reader = leak_beside_another(world);

        world->groups[reader].anon_bytes = 0;
        for (int i = 0; i < 55; i++) {
                world->groups[reader].file_bytes += PACE_BYTES;
                memory_world_round(world, SECOND_USEC);
                assert_null(memory_world_find(world, CGB_MEMORY_TELL, reader));
        }
        assert_true(memory_world_usage(world, reader) > memory_world_state(world, reader).ceiling_bytes);
        assert_true(memory_world_is_contended(world));
}

/* Who wakes and touches its heap again grows by what was taken from it, and comes to an end. */
static void who_fetches_what_was_taken_is_neither_told_of_nor_held(void **state)
{
        struct memory_world *world = *state;
        cgb_node sleeper = story_group(world, 800 * MIB, false), awake = story_group(world, 1100 * MIB, true);

        (void)awake;
        story_live_until_asked(world, sleeper, 60);
        world->groups[sleeper].active = true;
        for (int i = 0; i < 20; i++) {
                world->groups[sleeper].refaulted_bytes += PACE_BYTES;
                assert_int_equal(grow_until_told(world, sleeper, 1), 0);
                assert_false(memory_world_state(world, sleeper).frozen);
        }
        assert_true(memory_world_usage(world, sleeper) > memory_world_state(world, sleeper).ceiling_bytes);
        assert_true(memory_world_is_contended(world));
}

static void a_newcomer_is_not_told_of(void **state)
{
        struct memory_world *world = *state;
        cgb_node newcomer;

        world->swap_free_bytes = 0;
        story_group(world, OTHER_BYTES, true);
        newcomer = story_group(world, 900 * MIB, true);
        assert_int_equal(grow_until_told(world, newcomer, 29), 0);
        assert_true(memory_world_usage(world, newcomer) > memory_world_state(world, newcomer).ceiling_bytes);
        assert_in_range(grow_until_told(world, newcomer, 3), 1, 3);
}

static void a_leak_is_told_of_by_a_kernel_that_cannot_reclaim(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = leak_beside_another(world);

        world->swap_free_bytes = SWAP;
        cgb_memory_set_can_reclaim(world->law, false);
        assert_int_not_equal(grow_until_told(world, leak, 60), 0);
        assert_false(memory_world_is_contended(world));
}

/* With swap there is something to be done, a while later. */
static void with_swap_a_leak_is_told_of_and_then_held(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = leak_beside_another(world);
        int told;

        world->swap_free_bytes = SWAP;
        told = grow_until_told(world, leak, 60);
        assert_int_not_equal(told, 0);
        assert_false(memory_world_state(world, leak).frozen);
        for (int i = 0; i < 20 && !memory_world_state(world, leak).frozen; i++)
                story_grow(world, leak, 1, PACE_BYTES);
        assert_true(memory_world_state(world, leak).frozen && memory_world_state(world, leak).growing);
}

/* @return how much a leak of this pace has left below its limit when it is held */
static uint64_t left_to_a_leak(struct memory_world *world, uint64_t pace_bytes)
{
        cgb_node leak = leak_beside_another(world);

        world->swap_free_bytes = SWAP;
        for (int i = 0; i < 200 && !memory_world_state(world, leak).frozen; i++)
                story_grow(world, leak, 1, pace_bytes);
        assert_true(memory_world_state(world, leak).frozen);
        return world->groups[leak].high_bytes - memory_world_usage(world, leak);
}

static void who_is_held_has_its_growth_of_a_quarter_of_a_second_left(void **state)
{
        assert_in_range(left_to_a_leak(*state, 80 * MIB), 18 * MIB, 21 * MIB);
}

static void who_is_held_has_eight_mib_left_however_slow_it_is(void **state)
{
        assert_in_range(left_to_a_leak(*state, 16 * MIB), 8 * MIB, 9 * MIB);
}

/* As by a manager that would have to reclaim for it, and so does not write it. */
static void a_limit_of_the_freeze_that_was_not_written_is_tried_again_in_the_next_step(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = leak_beside_another(world);

        world->swap_free_bytes = SWAP;
        for (int i = 0; i < 200 && !memory_world_state(world, leak).frozen; i++)
                story_grow(world, leak, 1, PACE_BYTES);
        assert_int_equal(cgb_memory_set_written(world->law, leak, CGB_MEMORY_MAX), 0);
        world->groups[leak].high_bytes = CGB_MEMORY_MAX;
        story_grow(world, leak, 1, PACE_BYTES);
        assert_non_null(memory_world_find(world, CGB_MEMORY_LOWER, leak));
        assert_int_equal(memory_world_find(world, CGB_MEMORY_LOWER, leak)->reason, CGB_MEMORY_REASON_FROZEN);
        assert_in_range(world->groups[leak].high_bytes, memory_world_usage(world, leak) + 8 * MIB,
                memory_world_usage(world, leak) + 9 * MIB);
        story_grow(world, leak, 3, 0);
        assert_null(memory_world_find(world, CGB_MEMORY_LOWER, leak));
}

static void a_leak_that_is_told_of_and_leaves_is_not_told_of(void **state)
{
        struct memory_world *world = *state;
        cgb_node leak = leak_beside_another(world);
        struct cgb_memory_action action;

        assert_int_not_equal(grow_until_told(world, leak, 60), 0);
        memory_world_leave(world, leak);
        cgb_memory_step(world->law);
        assert_false(cgb_memory_next_action(world->law, &action));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                in_a_world(without_swap_a_leak_is_told_of_once_before_memory_is_short),
                in_a_world(who_paused_for_ten_seconds_is_not_growing_any_more_and_is_told_of_again),
                in_a_world(growth_within_rights_is_not_told_of),
                in_a_world(growth_for_which_there_is_room_is_not_told_of),
                in_a_world(who_reads_files_is_not_told_of),
                in_a_world(who_fetches_what_was_taken_is_neither_told_of_nor_held),
                in_a_world(a_newcomer_is_not_told_of),
                in_a_world(a_leak_is_told_of_by_a_kernel_that_cannot_reclaim),
                in_a_world(with_swap_a_leak_is_told_of_and_then_held),
                in_a_world(who_is_held_has_its_growth_of_a_quarter_of_a_second_left),
                in_a_world(who_is_held_has_eight_mib_left_however_slow_it_is),
                in_a_world(a_limit_of_the_freeze_that_was_not_written_is_tried_again_in_the_next_step),
                in_a_world(a_leak_that_is_told_of_and_leaves_is_not_told_of),
        };

        return cmocka_run_group_tests_name("memory-growing", tests, NULL, NULL);
}
