/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random lives: groups, lanes and groups of groups come, grow, sleep, leak and go; the clock jumps, writes fail, somebody
 * else writes. Every round checks what the law promises (memory-world.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "dice.h"
#include "memory-world.h"

#define LIVES 120
#define ROUNDS 600

static uint64_t random_size(struct dice *dice)
{
        return dice_between(dice, 1, 1024) * MIB / (dice_percent(dice, 50) ? 1 : 16);
}

static void join_somebody(struct memory_world *world, struct dice *dice)
{
        struct cgb_memory_group group = {
                .size = sizeof group,
                .share_permille = (uint32_t)dice_between(dice, 100, 4000),
                .floor_bytes = dice_percent(dice, 30) ? random_size(dice) : 0,
                .cap_bytes = dice_percent(dice, 20) ? random_size(dice) : CGB_MEMORY_MAX,
                .high_bytes = dice_percent(dice, 10) ? random_size(dice) : CGB_MEMORY_MAX,
        };
        cgb_node other = (cgb_node)dice_between(dice, 1, WORLD_GROUPS - 1), node;

        if (world->groups[other].lives && dice_percent(dice, 20)) {
                group.workspace = world->groups[other].workspace;
                group.parent = world->groups[other].parent;
                group.floor_bytes = world->groups[group.workspace].floor_bytes;
        } else if (world->groups[other].lives && dice_percent(dice, 20) && world->groups[other].parent == CGB_NODE_ROOT &&
                   world->groups[other].workspace == other) {
                group.parent = other;
        }
        node = memory_world_join_as(world, &group);
        world->groups[node].swap_room_bytes = dice_percent(dice, 20)   ? 0
                                              : dice_percent(dice, 20) ? random_size(dice)
                                                                       : CGB_MEMORY_MAX;
        world->groups[node].anon_bytes = random_size(dice) / 4096 * 4096;
        world->groups[node].file_bytes = random_size(dice) / 4 / 4096 * 4096;
}

static bool has_company(const struct memory_world *world, cgb_node node)
{
        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                if (i != node && world->groups[i].lives &&
                        (world->groups[i].workspace == node || world->groups[i].parent == node))
                        return true;
        return false;
}

static size_t count(const struct memory_world *world)
{
        size_t n = 0;

        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                n += world->groups[i].lives;
        return n;
}

static void come_and_go(struct memory_world *world, struct dice *dice)
{
        cgb_node node = (cgb_node)dice_between(dice, 1, WORLD_GROUPS - 1);

        if (dice_percent(dice, 8) && count(world) < WORLD_GROUPS - 2)
                join_somebody(world, dice);
        /* the holder of a workspace with lanes stays, so that the world knows who holds the rights */
        if (dice_percent(dice, 3) && world->groups[node].lives && !has_company(world, node) &&
                world->groups[node].workspace == node)
                memory_world_leave(world, node);
}

/* Growth only where the machine has the memory: what does not fit, a kernel would have reclaimed or refused. */
static void live(struct memory_world *world, struct dice *dice, struct memory_group *group)
{
        uint64_t free_bytes = memory_world_free_bytes(world),
                 *pages = dice_percent(dice, 70) ? &group->anon_bytes : &group->file_bytes;

        if (dice_percent(dice, 5))
                group->active = !group->active;
        group->memory_permyriad = dice_percent(dice, 10) ? dice_between(dice, 0, 40) : 0;
        group->io_permyriad = dice_percent(dice, 5) ? dice_between(dice, 0, 40) : 0;
        if (!group->active)
                return;
        if (dice_percent(dice, 60)) {
                uint64_t bytes = random_size(dice) / 8 / 4096 * 4096;

                *pages += bytes < free_bytes ? bytes : free_bytes / 4096 * 4096;
        } else if (dice_percent(dice, 20)) {
                *pages /= 2;
                *pages = *pages / 4096 * 4096;
        }
        if (dice_percent(dice, 10))
                group->refaulted_bytes += random_size(dice) / 8;
        if (dice_percent(dice, 5))
                group->events_high++;
}

static void disturb(struct memory_world *world, struct dice *dice)
{
        cgb_node node = (cgb_node)dice_between(dice, 1, WORLD_GROUPS - 1);
        struct memory_group *group = &world->groups[node];

        world->pressed = dice_percent(dice, 3);
        if (!group->lives)
                return;
        if (dice_percent(dice, 1)) {
                group->high_bytes = group->found_bytes = random_size(dice);
                assert_int_equal(cgb_memory_set_foreign(world->law, node, group->high_bytes), 0);
        }
        if (dice_percent(dice, 5) && group->asked_bytes > 0)
                memory_world_answer(world, node);
        if (dice_percent(dice, 2))
                world->hangs = !world->hangs;
        if (dice_percent(dice, 2) && group->asked_bytes == 0) {
                group->identity = ++world->next_identity; /* removed and made again */
                group->pressure_was_read = false;
        }
}

static uint64_t random_step_usec(struct dice *dice)
{
        if (dice_percent(dice, 1))
                return dice_between(dice, 0, 8 * 3600 * SECOND_USEC); /* a suspend */
        return dice_percent(dice, 70) ? SECOND_USEC : dice_between(dice, 1000, 3 * SECOND_USEC);
}

static void one_life(uint64_t seed, size_t *ret_actions)
{
        struct dice dice = {seed};
        uint64_t size_bytes =
                dice_between(&dice, 1, 8) * GIB; /* one throw a line: of arguments each compiler has its own order */
        uint64_t swap_bytes = dice_percent(&dice, 70) ? 4 * GIB : 0;
        struct memory_world *world = memory_world_new(size_bytes, swap_bytes, dice_percent(&dice, 50));

        for (int i = 0; i < ROUNDS; i++) {
                come_and_go(world, &dice);
                for (cgb_node node = 1; node < WORLD_GROUPS; node++)
                        if (world->groups[node].lives && !world->groups[node].inner)
                                live(world, &dice, &world->groups[node]);
                disturb(world, &dice);
                memory_world_round(world, random_step_usec(&dice));
                for (size_t n = 0; n < world->n_actions; n++)
                        ret_actions[world->actions[n].type]++;
        }
        memory_world_free(world);
}

/* The checks are those of memory_world_round(); this counts, so that a law that does nothing does not pass. */
static void no_life_breaks_a_promise(void **state)
{
        size_t actions[4] = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= LIVES; seed++)
                one_life(seed, actions);
        print_message("%zu raises, %zu lowerings, %zu reclaims, %zu told of\n", actions[CGB_MEMORY_RAISE],
                actions[CGB_MEMORY_LOWER], actions[CGB_MEMORY_RECLAIM], actions[CGB_MEMORY_TELL]);
        assert_true(actions[CGB_MEMORY_RAISE] > 100 && actions[CGB_MEMORY_LOWER] > 100 && actions[CGB_MEMORY_RECLAIM] > 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_life_breaks_a_promise),
        };

        return cmocka_run_group_tests_name("memory-lives", tests, NULL, NULL);
}
