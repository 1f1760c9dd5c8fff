/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The steps of a scenario have odd lengths, so that no deadline of the law ("in the last two fast depths") falls exactly on
 * one and the page need not say on which side it lies.
 */

#include "scenario.h"

static const uint32_t shares_permille[] = {10, 100, 250, 500, 1000, 1000, 1000, 2000, 4000, 33330, 100000};

static uint32_t any_share(struct dice *dice)
{
        if (dice_percent(dice, 50))
                return CGB_SHARE_DEFAULT_PERMILLE;
        return shares_permille[dice_between(dice, 0, sizeof(shares_permille) / sizeof(*shares_permille) - 1)];
}

struct cgb_policy_options scenario_options(struct dice *dice, uint32_t capacity)
{
        struct cgb_policy_options options;

        cgb_policy_options_init(&options, SECOND_USEC, capacity);
        if (dice_percent(dice, 30))
                return options;
        options.slow_depth_usec = dice_between(dice, 5 * SECOND_USEC, 3600 * SECOND_USEC);
        options.fast_depth_usec = dice_between(dice, SECOND_USEC, 15 * SECOND_USEC);
        options.slow_strength_permille = (uint32_t)dice_between(dice, 0, 5000);
        options.debt_strength_permille = (uint32_t)dice_between(dice, 0, 5000);
        options.fast_strength_permille = (uint32_t)dice_between(dice, 0, 7000);
        options.floor_permille = (uint32_t)dice_between(dice, 0, 400);
        options.reach_permille = (uint32_t)dice_between(dice, 1000, 30000);
        options.hysteresis_permille = (uint32_t)dice_between(dice, 0, 100);
        return options;
}

void scenario_populate(struct world *world, struct dice *dice, unsigned levels, unsigned most)
{
        size_t pools[64] = {WORLD_ROOT};
        unsigned n_pools = 1, used = 0;

        for (unsigned level = 1; level < levels; level++) {
                unsigned inner = (unsigned)dice_between(dice, 1, 3), upper = n_pools;

                for (unsigned i = 0; i < inner; i++) {
                        size_t parent = pools[dice_between(dice, 0, upper - 1)];

                        pools[n_pools] = world_join(world, parent, any_share(dice));
                        if (dice_percent(dice, 30))
                                world->groups[pools[n_pools]].cpus_permille =
                                        (uint32_t)dice_between(dice, 200, world->groups[parent].cpus_permille);
                        n_pools++;
                        used++;
                }
        }
        for (unsigned i = 0; i < n_pools || (used < most && dice_percent(dice, 90)); i++, used++)
                world_join(world, pools[i % n_pools], any_share(dice));
}

void scenario_wants(struct world *world, struct dice *dice)
{
        for (size_t i = 1; i < world->room; i++) {
                struct world_group *g = &world->groups[i];

                if (!g->there || g->children > 0 || !dice_percent(dice, 20))
                        continue;
                if (dice_percent(dice, 50))
                        g->wants = 0;
                else if (dice_percent(dice, 50))
                        g->wants = dice_real(dice, 0.05, 1);
                else
                        g->wants = dice_real(dice, 1, 16);
        }
}

/* A group without children, of all that are there; 0 if the dice fell on another. */
static size_t any_leaf(const struct world *world, struct dice *dice)
{
        size_t at = (size_t)dice_between(dice, 1, world->room - 1);

        return world->groups[at].there && world->groups[at].children == 0 ? at : 0;
}

static size_t any_pool(const struct world *world, struct dice *dice)
{
        size_t at = (size_t)dice_between(dice, 0, world->room - 1);

        return world->groups[at].there && world->groups[at].children > 0 ? at : WORLD_ROOT;
}

static bool has_room(const struct world *world)
{
        for (size_t i = 1; i < world->room; i++)
                if (!world->groups[i].there)
                        return true;
        return false;
}

void scenario_churn(struct world *world, struct dice *dice)
{
        size_t leaf;

        if (dice_percent(dice, 10) && has_room(world))
                world_join(world, any_pool(world, dice), any_share(dice));
        if (dice_percent(dice, 20) && (leaf = any_leaf(world, dice)) &&
                world->groups[world->groups[leaf].parent].children > 1)
                world_leave(world, leaf);
        if (dice_percent(dice, 10) && (leaf = any_leaf(world, dice)))
                world_set_share(world, leaf, any_share(dice));
}

void scenario_rebuild(struct world *world, struct dice *dice)
{
        size_t at = (size_t)dice_between(dice, 0, world->room - 1);

        if (world->groups[at].there && has_room(world))
                world_join(world, at, any_share(dice));
        for (unsigned i = 0; i < 2; i++)
                if ((at = any_leaf(world, dice)) != 0)
                        world_leave(world, at);
}

void scenario_mirror(const struct world *from, struct world *to, const size_t map[])
{
        for (size_t i = 0; i < from->room; i++) {
                struct world_group *g = &to->groups[map ? map[i] : i];

                if (!from->groups[i].there)
                        continue;
                g->usage_usec = from->groups[i].usage_usec;
                g->stalled_usec = from->groups[i].stalled_usec;
                g->ran_usec = from->groups[i].ran_usec;
                g->cpus_permille = from->groups[i].cpus_permille;
        }
        to->now_usec = from->now_usec;
        to->machine_usec = from->machine_usec;
        to->rounds++;
}

void scenario_twins_round(struct world *world, struct world *twin, const size_t map[])
{
        scenario_mirror(world, twin, map);
        world_read(world);
        world_read(twin);
        world_step(world);
        world_step(twin);
        world_write(world);
        world_write(twin);
}

void scenario_copy_groups(const struct world *from, struct world *to, size_t map[], bool balances, bool backwards)
{
        bool again = true;

        map[WORLD_ROOT] = WORLD_ROOT;
        for (size_t i = 1; i < from->room; i++)
                map[i] = 0;
        /* Parents before children: sweep until nobody is left whose parent was not yet there. */
        while (again) {
                again = false;
                for (size_t k = 1; k < from->room; k++) {
                        size_t i = backwards ? from->room - k : k;
                        const struct world_group *g = &from->groups[i];
                        struct cgb_balance balance = {0};

                        if (!g->there || map[i] != 0 || (g->parent != WORLD_ROOT && map[g->parent] == 0))
                                continue;
                        if (balances)
                                balance = world_account(from, i).balance;
                        map[i] =
                                world_restore_at(to, map[g->parent], g->share_permille, balance, g->usage_usec, g->identity);
                        again = true;
                }
        }
}

static void pools_agree(const struct world *w, const struct world *twin, size_t i, size_t j)
{
        struct cgb_pool_state a = world_pool(w, i), b = world_pool(twin, j);

        must(w, a.price_permille == b.price_permille, "pool %zu price %u, %u", i, a.price_permille, b.price_permille);
        must(w, a.bank_nsec == b.bank_nsec, "pool %zu bank %lld, %lld", i, (long long)a.bank_nsec, (long long)b.bank_nsec);
        must(w, a.awake == b.awake, "pool %zu awake %u, %u", i, a.awake, b.awake);
}

static void accounts_agree(const struct world *w, const struct world *twin, size_t i, size_t j)
{
        struct cgb_account_state a = world_account(w, i), b = world_account(twin, j);

        must(w, a.balance.slow_nsec == b.balance.slow_nsec, "group %zu slow %lld, %lld", i, (long long)a.balance.slow_nsec,
                (long long)b.balance.slow_nsec);
        must(w, a.balance.fast_nsec == b.balance.fast_nsec, "group %zu fast %lld, %lld", i, (long long)a.balance.fast_nsec,
                (long long)b.balance.fast_nsec);
        must(w, a.weight == b.weight && a.written == b.written, "group %zu weighs %u (%u), %u (%u)", i, a.weight, a.written,
                b.weight, b.written);
        must(w, a.reason == b.reason && a.active == b.active, "group %zu", i);
}

void scenario_twins_agree(const struct world *w, const struct world *twin, const size_t map[])
{
        for (size_t i = 0; i < w->room; i++) {
                size_t j = map ? map[i] : i;

                if (!w->groups[i].there)
                        continue;
                if (w->groups[i].children > 0)
                        pools_agree(w, twin, i, j);
                if (i != WORLD_ROOT)
                        accounts_agree(w, twin, i, j);
        }
}
