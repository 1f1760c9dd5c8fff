/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Nothing is lost on the way: not when balances are saved and a new policy goes on with them, not when one account leaves
 * and comes back, and not when the policy moves to larger memory.
 *
 * A policy that was saved and restored may differ by the remainder which its pool had not yet divided among the shares:
 * less than one nanosecond per permille of share.
 */

#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define SCENARIOS 200
#define ROUNDS 40
#define ROOM 20

/* Sixty of them are longer than all rounds: who has ceased to count for the fast accounts is not saved, and counts again. */
#define FAST_DEPTH_MIN_USEC (2 * ROUNDS * 2500000ull / 60)

/* One round of both, on the machine of the first. */
static void live_a_round_together(struct world *w, struct world *twin, struct dice *dice, const size_t map[])
{
        scenario_wants(w, dice);
        world_run(w, dice_between(dice, 100000, 2500000) | 1);
        scenario_twins_round(w, twin, map);
}

static struct world *any_world(uint64_t seed, struct dice *dice)
{
        struct cgb_policy_options options = scenario_options(dice, ROOM);
        struct world *w;

        if (options.fast_depth_usec < FAST_DEPTH_MIN_USEC)
                options.fast_depth_usec = FAST_DEPTH_MIN_USEC;
        w = world_new(seed, &options, 8000);
        w->read_all = true;
        world_carry_model(w);
        scenario_populate(w, dice, 1 + (unsigned)(seed % 3), ROOM - 4);
        return w;
}

/* Who sees the machine for the first time compares it with nothing: the round in which @twin joins is its first. */
static struct world *restore_from(const struct world *w, size_t map[])
{
        struct world *twin = world_new(w->seed, &w->options, w->groups[WORLD_ROOT].cpus_permille);

        twin->read_all = true;
        scenario_copy_groups(w, twin, map, true, true);
        scenario_mirror(w, twin, map);
        world_read(twin);
        world_step(twin);
        world_write(twin);
        return twin;
}

static void check_credits(const struct world *w, const struct world *twin, const size_t map[])
{
        for (size_t i = 1; i < w->room; i++) {
                struct cgb_account_state a, b;
                int64_t grain_nsec = 2 * w->groups[i].share_permille;

                if (!w->groups[i].there)
                        continue;
                a = world_account(w, i);
                b = world_account(twin, map[i]);
                must(w, llabs(a.balance.slow_nsec - b.balance.slow_nsec) <= grain_nsec, "group %zu slow %lld, restored %lld",
                        i, (long long)a.balance.slow_nsec, (long long)b.balance.slow_nsec);
                must(w, llabs(a.balance.fast_nsec - b.balance.fast_nsec) <= grain_nsec, "group %zu fast %lld, restored %lld",
                        i, (long long)a.balance.fast_nsec, (long long)b.balance.fast_nsec);
        }
}

static void check_weights(const struct world *w, const struct world *twin, const size_t map[])
{
        for (size_t i = 1; i < w->room; i++) {
                const struct naive_node *pool = &w->model->nodes[w->groups[i].parent];
                uint32_t a, b;

                if (!w->groups[i].there || pool->price <= 0 || pool->at_the_edge)
                        continue;
                a = world_account(w, i).weight;
                b = world_account(twin, map[i]).weight;
                must(w, a <= b + 1 && b <= a + 1, "group %zu weighs %u, restored %u", i, a, b);
        }
}

static void saved_and_restored_is_as_if_never_stopped(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct world *w = any_world(seed, &dice), *twin;
                uint64_t restored_usec;
                size_t map[ROOM];

                for (unsigned i = 0; i < ROUNDS; i++) {
                        scenario_wants(w, &dice);
                        world_round(w, dice_between(&dice, 100000, 2500000) | 1);
                }
                twin = restore_from(w, map);
                restored_usec = w->now_usec;
                check_credits(w, twin, map);
                for (unsigned i = 0; i < ROUNDS; i++) {
                        live_a_round_together(w, twin, &dice, map);
                        check_credits(w, twin, map);
                        /* Who was awake is not saved: it is known again two fast depths later. */
                        if (w->now_usec > restored_usec + 2 * w->options.fast_depth_usec)
                                check_weights(w, twin, map);
                }
                world_free(twin);
                world_free(w);
        }
}

static void check_balances(const struct world *w, const struct world *twin)
{
        for (size_t i = 1; i < ROOM; i++) {
                if (!w->groups[i].there)
                        continue;
                must(w, world_account(w, i).balance.slow_nsec == world_account(twin, i).balance.slow_nsec, "group %zu", i);
                must(w, world_account(w, i).balance.fast_nsec == world_account(twin, i).balance.fast_nsec, "group %zu", i);
        }
}

static size_t any_leaf(const struct world *w, struct dice *dice)
{
        for (;;) {
                size_t at = (size_t)dice_between(dice, 1, w->room - 1);

                if (w->groups[at].there && w->groups[at].children == 0 && w->groups[w->groups[at].parent].children > 1)
                        return at;
        }
}

static void who_leaves_and_comes_back_with_its_balance_has_lost_nothing(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed}, twin_dice = {seed};
                struct world *w = any_world(seed, &dice), *twin = any_world(seed, &twin_dice);

                /* There must be somebody who is not the last of its pool. */
                world_join(w, WORLD_ROOT, 1000);
                world_join(twin, WORLD_ROOT, 1000);
                world_join(w, WORLD_ROOT, 1000);
                world_join(twin, WORLD_ROOT, 1000);
                for (unsigned i = 0; i < ROUNDS; i++) {
                        size_t at = any_leaf(w, &dice), parent = twin->groups[at].parent;
                        struct cgb_balance balance = world_account(twin, at).balance;

                        world_leave(twin, at);
                        must(twin,
                                world_restore_at(twin, parent, w->groups[at].share_permille, balance,
                                        twin->groups[at].usage_usec, twin->groups[at].identity) == at,
                                "back as another");
                        live_a_round_together(w, twin, &dice, NULL);
                        check_balances(w, twin);
                }
                world_free(twin);
                world_free(w);
        }
}

/* Moves the policy to larger memory and spoils the old. */
static void grow(struct world *w, uint32_t capacity)
{
        struct cgb_policy_options options = w->options;
        size_t size, old_size = cgb_policy_memory_size(&options);
        void *memory;

        options.capacity = capacity;
        size = cgb_policy_memory_size(&options);
        memory = malloc(size);
        assert_non_null(memory);
        memset(memory, 0x5a, size);
        assert_int_equal(cgb_policy_grow(&w->policy, memory, size, capacity), 0);
        memset(w->memory, 0xa5, old_size);
        free(w->memory);
        w->memory = memory;
        w->options.capacity = capacity;
}

static void a_policy_that_grows_keeps_everything(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed}, twin_dice = {seed}, grow_dice = {seed + 7000};
                struct world *w = any_world(seed, &dice), *twin = any_world(seed, &twin_dice);

                for (unsigned i = 0; i < ROUNDS; i++) {
                        scenario_wants(w, &dice);
                        world_run(w, dice_between(&dice, 100000, 2500000));
                        scenario_mirror(w, twin, NULL);
                        world_read(w);
                        world_read(twin);
                        if (dice_percent(&grow_dice, 20))
                                grow(twin, twin->options.capacity + (uint32_t)dice_between(&grow_dice, 0, 9));
                        world_step(w);
                        world_step(twin);
                        if (dice_percent(&grow_dice, 20))
                                grow(twin, twin->options.capacity + (uint32_t)dice_between(&grow_dice, 0, 9));
                        world_write(w);
                        world_write(twin);
                        must(w, w->writes == twin->writes, "%u and %u writes", w->writes, twin->writes);
                        scenario_twins_agree(w, twin, NULL);
                }
                world_free(twin);
                world_free(w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(saved_and_restored_is_as_if_never_stopped),
                world_test(who_leaves_and_comes_back_with_its_balance_has_lost_nothing),
                world_test(a_policy_that_grows_keeps_everything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
