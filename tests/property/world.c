/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Group numbers of a world are its own and stay apart from the policy's node numbers, so that tests notice when the policy
 * mixes up its nodes. A group that leaves frees its number for the next that joins.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* For world_free_all() alone: a failed assertion leaves the test by a long jump and frees nothing. */
static struct world *worlds;

struct world *world_new(uint64_t seed, const struct cgb_policy_options *options, uint32_t cpus_permille)
{
        struct world *world = calloc(1, sizeof(*world));
        size_t size = cgb_policy_memory_size(options);

        assert_non_null(world);
        assert_int_not_equal(size, 0);
        world->next = worlds;
        worlds = world;
        world->seed = seed;
        world->options = *options;
        world->room = options->capacity;
        world->now_usec = 1000000000;
        world->queue = -1;
        world->others = -1;
        world->memory = malloc(size);
        world->groups = calloc(world->room, sizeof(*world->groups));
        world->by_node = calloc(world->room, sizeof(*world->by_node));
        assert_non_null(world->by_node);
        assert_non_null(world->memory);
        assert_non_null(world->groups);
        assert_int_equal(cgb_policy_init(&world->policy, world->memory, size, options), 0);
        world->groups[WORLD_ROOT] = (struct world_group){
                .there = true,
                .node = CGB_NODE_ROOT,
                .cpus_permille = cpus_permille,
        };
        return world;
}

void world_free(struct world *world)
{
        struct world **link = &worlds;

        while (*link != world)
                link = &(*link)->next;
        *link = world->next;
        naive_free(world->model);
        free(world->groups);
        free(world->by_node);
        free(world->memory);
        free(world);
}

int world_free_all(void **state)
{
        (void)state;
        while (worlds)
                world_free(worlds);
        return 0;
}

void world_carry_model(struct world *world)
{
        world->model = naive_new(&world->options, world->room);
}

/* The group which is @node now; 0 if nobody is. */
static size_t find_group(const struct world *world, cgb_node node)
{
        size_t at = node < world->room ? world->by_node[node] : 0;

        return world->groups[at].there && world->groups[at].node == node ? at : 0;
}

static size_t group_of(const struct world *world, cgb_node node)
{
        size_t at = find_group(world, node);

        must(world, at != 0, "node %u is nobody", node);
        return at;
}

static size_t free_group(const struct world *world)
{
        size_t at = 1;

        while (at < world->room && world->groups[at].there)
                at++;
        assert_true(at < world->room);
        return at;
}

static void join(struct world *world, size_t at, struct cgb_balance balance)
{
        struct world_group *g = &world->groups[at];
        const struct cgb_account_options options = {
                .size = sizeof(options),
                .parent = world->groups[g->parent].node,
                .share_permille = g->share_permille,
                .identity = g->identity,
                .usage_usec = g->usage_usec,
                .balance = balance,
        };
        size_t same;

        must(world, cgb_policy_join(world->policy, &options, &g->node) == 0, "group %zu cannot join", at);
        must(world, g->node != CGB_NODE_ROOT && g->node < world->options.capacity, "group %zu became node %u", at, g->node);
        same = find_group(world, g->node);
        must(world, same == 0 || same == at, "groups %zu and %zu are both node %u", same, at, g->node);
        world->by_node[g->node] = at;
}

size_t world_restore_at(struct world *world, size_t parent, uint32_t share_permille, struct cgb_balance balance,
        uint64_t usage_usec, uint64_t identity)
{
        size_t at = free_group(world);

        world->groups[at] = (struct world_group){
                .there = true,
                .parent = parent,
                .share_permille = share_permille,
                .weight = CGB_WEIGHT_DEFAULT,
                .cpus_permille = world->groups[parent].cpus_permille,
                .usage_usec = usage_usec,
                .told_usec = usage_usec,
                .identity = identity,
        };
        join(world, at, balance);
        world->groups[parent].children++;
        if (world->model)
                naive_join(world->model, at, parent, share_permille, balance);
        return at;
}

size_t world_restore(struct world *world, size_t parent, uint32_t share_permille, struct cgb_balance balance)
{
        static const uint64_t before_usec = 123457, identity = 4242;

        return world_restore_at(world, parent, share_permille, balance, before_usec, identity);
}

size_t world_join(struct world *world, size_t parent, uint32_t share_permille)
{
        return world_restore(world, parent, share_permille, (struct cgb_balance){0});
}

void world_leave(struct world *world, size_t at)
{
        must(world, cgb_policy_leave(world->policy, world->groups[at].node) == 0, "group %zu cannot leave", at);
        world->groups[at].there = false;
        world->groups[world->groups[at].parent].children--;
        if (world->model)
                naive_leave(world->model, at);
}

void world_set_share(struct world *world, size_t at, uint32_t share_permille)
{
        assert_int_equal(cgb_policy_set_share(world->policy, world->groups[at].node, share_permille), 0);
        world->groups[at].share_permille = share_permille;
        if (world->model)
                naive_set_share(world->model, at, share_permille);
}

/* Whole microseconds, parents the sum of their children. */
static uint64_t count_growth(struct world *world, size_t at, const struct fluid_group *fluid, uint64_t step_usec)
{
        struct world_group *g = &world->groups[at];
        double queue = world->queue >= 0 ? world->queue : fluid[at].waits;

        g->got = fluid[at].got;
        g->ran_usec = 0;
        if (g->children == 0)
                g->ran_usec = (uint64_t)llround(g->got * (double)step_usec);
        else
                for (size_t i = 1; i < world->room; i++)
                        if (world->groups[i].there && world->groups[i].parent == at)
                                g->ran_usec += count_growth(world, i, fluid, step_usec);
        g->usage_usec += g->ran_usec;
        g->stalled_usec += (uint64_t)llround(queue * (double)step_usec);
        return g->ran_usec;
}

void world_run(struct world *world, uint64_t step_usec)
{
        struct fluid_group *fluid = calloc(world->room, sizeof(*fluid));

        assert_non_null(fluid);
        for (size_t i = 0; i < world->room; i++)
                fluid[i] = (struct fluid_group){
                        .there = world->groups[i].there,
                        .parent = world->groups[i].parent,
                        .weight = world->groups[i].weight,
                        .limit = world->groups[i].cpus_permille / 1000.0,
                        .wants = world->groups[i].gone ? 0 : world->groups[i].wants,
                };
        fluid[WORLD_ROOT].limit -= fmax(0, world->others);
        fluid_tree(fluid, world->room);
        world->machine_usec += count_growth(world, WORLD_ROOT, fluid, step_usec);
        world->machine_usec += (uint64_t)llround(fmax(0, world->others) * (double)step_usec);
        free(fluid);
        world->now_usec += step_usec;
        world->rounds++;
}

/* Only a pool that may use all CPUs is told how busy they are: of a part of them the world does not keep count. */
static bool counts_machine(const struct world *world, size_t at)
{
        return world->others >= 0 && world->groups[at].cpus_permille == world->groups[WORLD_ROOT].cpus_permille;
}

static void tell_model_of_pool(struct world *world, size_t at)
{
        const struct world_group *g = &world->groups[at];
        struct naive_node *n = &world->model->nodes[at];

        n->observed = true;
        n->cpus = g->cpus_permille / 1000.0;
        n->stalled_usec = world->psi_off ? -1 : (double)(g->stalled_usec - g->told_stalled_usec);
        n->used_usec = world->read_all ? -1 : (double)(g->usage_usec - g->told_pool_usec);
        n->machine_usec = -1;
        if (counts_machine(world, at) && g->told_machine)
                n->machine_usec = (double)(world->machine_usec - g->told_machine_usec);
}

static void observe_pool(struct world *world, size_t at)
{
        struct world_group *g = &world->groups[at];
        const struct cgb_pool_sample sample = {
                .usage_usec = world->read_all ? CGB_UNKNOWN : g->usage_usec,
                .stalled_usec = world->psi_off ? CGB_UNKNOWN : g->stalled_usec,
                .machine_usec = counts_machine(world, at) ? world->machine_usec : CGB_UNKNOWN,
                .cpus_permille = g->cpus_permille,
        };

        assert_int_equal(cgb_policy_observe_pool(world->policy, g->node, &sample), 0);
        if (world->model)
                tell_model_of_pool(world, at);
        g->told_stalled_usec = g->stalled_usec;
        g->told_pool_usec = g->usage_usec;
        g->told_machine_usec = world->machine_usec;
        g->told_machine = counts_machine(world, at);
}

static void observe_account(struct world *world, size_t at)
{
        struct world_group *g = &world->groups[at];
        const struct cgb_account_sample sample = {.usage_usec = g->usage_usec, .identity = g->identity};

        assert_int_equal(cgb_policy_observe(world->policy, g->node, &sample), 0);
        if (world->model)
                world->model->nodes[at].ran_usec = (double)(g->usage_usec - g->told_usec);
        g->told_usec = g->usage_usec;
}

static void observe_accounts(struct world *world, size_t pool)
{
        cgb_node node;

        while (cgb_policy_next_to_read(world->policy, world->groups[pool].node, &node)) {
                size_t at = group_of(world, node);

                must(world, world->groups[at].parent == pool, "group %zu asked for in pool %zu", at, pool);
                must(world, ++world->groups[at].asked == 1, "group %zu asked for twice", at);
                world->reads++;
                if (!world->groups[at].gone)
                        observe_account(world, at);
        }
}

void world_read(struct world *world)
{
        world->reads = 0;
        for (size_t i = 0; i < world->room; i++) {
                world->groups[i].asked = 0;
                if (world->groups[i].there && world->groups[i].children > 0)
                        observe_pool(world, i);
        }
        for (size_t i = 0; i < world->room; i++)
                if (world->groups[i].there && world->groups[i].children > 0)
                        observe_accounts(world, i);
}

void world_step(struct world *world)
{
        cgb_policy_step(world->policy, world->now_usec);
        if (world->model)
                naive_step(world->model, world->now_usec);
}

static void check_action(struct world *world, size_t at, const struct cgb_action *action)
{
        struct world_group *g = &world->groups[at];
        uint32_t change =
                action->weight > action->previous ? action->weight - action->previous : action->previous - action->weight;

        must(world, ++g->written == 1, "group %zu written twice", at);
        must(world, action->weight >= CGB_WEIGHT_MIN && action->weight <= CGB_WEIGHT_MAX, "weight %u", action->weight);
        must(world, action->previous == g->believed, "group %zu had %u, not %u", at, g->believed, action->previous);
        must(world, change > 0, "group %zu has %u already", at, action->weight);
        must(world, (uint64_t)change * 1000 >= (uint64_t)world->options.hysteresis_permille * action->previous,
                "group %zu from %u to %u is not worth a write", at, action->previous, action->weight);
}

void world_write(struct world *world)
{
        struct cgb_action action;

        world->writes = 0;
        for (size_t i = 0; i < world->room; i++)
                world->groups[i].written = 0;
        while (cgb_policy_next_action(world->policy, &action)) {
                size_t at = group_of(world, action.node);

                check_action(world, at, &action);
                world->groups[at].weight = world->groups[at].believed = action.weight;
                world->writes++;
        }
}

void world_round(struct world *world, uint64_t step_usec)
{
        world_run(world, step_usec);
        world_read(world);
        world_step(world);
        world_write(world);
}

struct cgb_account_state world_account(const struct world *world, size_t at)
{
        struct cgb_account_state state;

        assert_int_equal(cgb_policy_get_account(world->policy, world->groups[at].node, &state), 0);
        return state;
}

struct cgb_pool_state world_pool(const struct world *world, size_t at)
{
        struct cgb_pool_state state;

        uint32_t price_permille;

        assert_int_equal(cgb_policy_get_pool(world->policy, world->groups[at].node, &state), 0);
        assert_int_equal(cgb_policy_get_price(world->policy, world->groups[at].node, &price_permille), 0);
        assert_int_equal(price_permille, state.price_permille);
        return state;
}

int64_t world_total_nsec(const struct world *world, size_t pool)
{
        int64_t total = world_pool(world, pool).bank_nsec;

        for (size_t i = 1; i < world->room; i++)
                if (world->groups[i].there && world->groups[i].parent == pool)
                        total += world_account(world, i).balance.slow_nsec;
        return total;
}
