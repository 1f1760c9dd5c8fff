/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory-story.h"

int story_setup(void **state)
{
        *state = memory_world_new(SIZE, SWAP, true);
        return 0;
}

int story_setup_inexact(void **state)
{
        *state = memory_world_new(SIZE, SWAP, false);
        return 0;
}

int story_teardown(void **state)
{
        memory_world_free(*state);
        return 0;
}

cgb_node story_group(struct memory_world *world, uint64_t anon_bytes, bool active)
{
        cgb_node node = memory_world_join(world, 0);

        world->groups[node].anon_bytes = anon_bytes;
        world->groups[node].active = active;
        return node;
}

void story_live_until_lowered(struct memory_world *world, cgb_node node)
{
        for (int i = 0; i < 300 && world->groups[node].high_bytes == CGB_MEMORY_MAX; i++)
                memory_world_round(world, SECOND_USEC);
        assert_true(world->groups[node].high_bytes < CGB_MEMORY_MAX);
}

int story_live_until_asked(struct memory_world *world, cgb_node node, int most)
{
        for (int i = 1; i <= most; i++) {
                memory_world_round(world, SECOND_USEC);
                if (memory_world_find(world, CGB_MEMORY_RECLAIM, node) != NULL)
                        return i;
        }
        return INT32_MAX;
}

void story_crowd(struct memory_world *world, cgb_node *hog, cgb_node *modest)
{
        *hog = story_group(world, 1500 * MIB, true);
        *modest = story_group(world, 400 * MIB, true);
}

void story_grow(struct memory_world *world, cgb_node node, int seconds, uint64_t bytes)
{
        for (int i = 0; i < seconds; i++) {
                world->groups[node].anon_bytes += bytes;
                memory_world_round(world, SECOND_USEC);
        }
}
