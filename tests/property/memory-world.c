/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine of memory-world.h. What is checked in every round is written out from docs/memory.md, in doubles where that is
 * simpler, and knows nothing of how the law gets there.
 */
#include <stdlib.h>
#include <string.h>

#include "memory-world.h"

#define GRACE_USEC (30 * SECOND_USEC)

struct memory_world *memory_world_new(uint64_t size_bytes, uint64_t swap_bytes, bool exact)
{
        struct memory_world *world = calloc(1, sizeof *world);
        size_t size;

        assert_non_null(world);
        cgb_memory_options_init(&world->options, SECOND_USEC, WORLD_GROUPS);
        world->options.reclaims_exactly = exact;
        world->taken_permille = exact ? 1000 : 1600;
        size = cgb_memory_size(&world->options);
        assert_int_equal(cgb_memory_init(&world->law, malloc(size), size, &world->options), 0);
        world->size_bytes = size_bytes;
        world->swap_free_bytes = swap_bytes;
        world->now_usec = 1000 * SECOND_USEC;
        return world;
}

void memory_world_free(struct memory_world *world)
{
        free(world->law);
        free(world);
}

cgb_node memory_world_join_as(struct memory_world *world, const struct cgb_memory_group *wanted)
{
        struct cgb_memory_group group = *wanted;
        cgb_node node;

        group.identity = ++world->next_identity;
        assert_int_equal(cgb_memory_join(world->law, &group, &node), 0);
        assert_in_range(node, 1, WORLD_GROUPS - 1);
        world->groups[node] = (struct memory_group){
                .lives = true,
                .node = node,
                .parent = group.parent,
                .workspace = group.workspace == CGB_NODE_ROOT ? node : group.workspace,
                .floor_bytes = group.floor_bytes,
                .found_bytes = group.high_bytes,
                .high_bytes = group.high_bytes,
                .identity = group.identity,
                .swap_room_bytes = CGB_MEMORY_MAX,
                .joined_usec = world->lived_usec,
                .last_active_usec = world->lived_usec,
        };
        if (group.parent != CGB_NODE_ROOT)
                world->groups[group.parent].inner = true;
        return node;
}

cgb_node memory_world_join(struct memory_world *world, uint64_t floor_bytes)
{
        return memory_world_join_as(world, &(struct cgb_memory_group){
                                                   .size = sizeof(struct cgb_memory_group),
                                                   .share_permille = CGB_SHARE_DEFAULT_PERMILLE,
                                                   .floor_bytes = floor_bytes,
                                                   .cap_bytes = CGB_MEMORY_MAX,
                                                   .high_bytes = CGB_MEMORY_MAX,
                                           });
}

void memory_world_leave(struct memory_world *world, cgb_node node)
{
        assert_int_equal(cgb_memory_leave(world->law, node), 0);
        world->groups[node].lives = false;
        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                world->groups[i].inner = false;
        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                if (world->groups[i].lives && world->groups[i].parent != CGB_NODE_ROOT)
                        world->groups[world->groups[i].parent].inner = true;
}

uint64_t memory_world_usage(const struct memory_world *world, cgb_node node)
{
        const struct memory_group *group = &world->groups[node];
        uint64_t bytes = group->file_bytes + group->anon_bytes + group->kept_bytes;

        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                if (world->groups[i].lives && world->groups[i].parent == node)
                        bytes += memory_world_usage(world, i);
        return bytes;
}

uint64_t memory_world_free_bytes(const struct memory_world *world)
{
        uint64_t used = 0;

        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                if (world->groups[i].lives && world->groups[i].parent == CGB_NODE_ROOT)
                        used += memory_world_usage(world, i);
        return used < world->size_bytes ? world->size_bytes - used : 0;
}

struct cgb_memory_state memory_world_state(const struct memory_world *world, cgb_node node)
{
        struct cgb_memory_state state;

        assert_int_equal(cgb_memory_get(world->law, node, &state), 0);
        return state;
}

bool memory_world_is_contended(const struct memory_world *world)
{
        struct cgb_memory_pool_state pool;

        cgb_memory_get_pool(world->law, &pool);
        return pool.contended;
}

const struct cgb_memory_action *memory_world_find(
        const struct memory_world *world, enum cgb_memory_action_type type, cgb_node node)
{
        for (size_t i = 0; i < world->n_actions; i++)
                if (world->actions[i].type == type && world->actions[i].node == node)
                        return &world->actions[i];
        return NULL;
}

/*
 * Calm: less than a thousandth of the time since the reading before, but of a short time a millisecond, of a long one ten.
 */
static void note_pressure(struct memory_world *world, struct memory_group *group)
{
        double most = (double)(world->lived_usec - group->pressure_read_usec) / 1000;

        most = most < 1000 ? 1000 : most > 10000 ? 10000 : most;
        group->calm = group->pressure_was_read;
        for (int i = 0; i < CGB_MEMORY_WAITS; i++) {
                bool waited = (double)(group->waited_usec[i] - group->seen_waited_usec[i]) >= most;

                group->calm &= !waited;
                if (group->pressure_was_read && waited)
                        world->groups[group->workspace].stalled_usec = world->lived_usec;
                group->seen_waited_usec[i] = group->waited_usec[i];
        }
        group->pressure_was_read = true;
        group->pressure_read_usec = world->lived_usec;
}

static void read_one(struct memory_world *world, enum cgb_memory_file file, cgb_node node)
{
        struct memory_group *group = &world->groups[node];
        struct cgb_memory_stat_sample stat = {group->file_bytes, group->anon_bytes, group->refaulted_bytes,
                group->reclaimed_bytes, group->swap_room_bytes};

        assert_true(group->lives);
        group->reads[file]++;
        if (file == CGB_MEMORY_CURRENT) {
                assert_int_equal(
                        cgb_memory_observe_current(world->law, node, memory_world_usage(world, node), group->identity), 0);
        } else if (file == CGB_MEMORY_EVENTS) {
                assert_int_equal(cgb_memory_observe_events(world->law, node, group->events_high), 0);
        } else if (file == CGB_MEMORY_STAT) {
                assert_int_equal(cgb_memory_observe_stat(world->law, node, &stat), 0);
                group->stat_file_bytes = group->file_bytes;
                group->stat_anon_bytes = group->anon_bytes;
                group->stat_swap_room_bytes = group->swap_room_bytes;
        } else {
                assert_int_equal(
                        cgb_memory_observe_pressure(world->law, node, group->waited_usec[0], group->waited_usec[1]), 0);
                note_pressure(world, group);
        }
}

static void read_all(struct memory_world *world)
{
        struct cgb_memory_pool_sample pool = {
                .size_bytes = world->size_bytes,
                .free_bytes = memory_world_free_bytes(world),
                .swap_free_bytes = world->swap_free_bytes,
                .pressed = world->pressed,
        };
        cgb_node node;

        cgb_memory_observe_pool(world->law, &pool, world->now_usec);
        for (cgb_node i = 1; i < WORLD_GROUPS; i++)
                if (world->groups[i].lives && world->groups[i].active) {
                        assert_int_equal(cgb_memory_wake(world->law, i), 0);
                        world->groups[world->groups[i].workspace].last_active_usec = world->lived_usec;
                }
        for (int file = 0; file < CGB_MEMORY_FILES; file++)
                while (cgb_memory_next_to_read(world->law, (enum cgb_memory_file)file, &node))
                        read_one(world, (enum cgb_memory_file)file, node);
}

static double headroom(double usage)
{
        return usage / 20 > 64.0 * MIB ? usage / 20 : 64.0 * MIB;
}

/* L and usage of a workspace, from what the law could know. */
static double least(const struct memory_world *world, cgb_node workspace, double *ret_usage)
{
        double usage = 0, droppable = 0, floor = (double)world->groups[workspace].floor_bytes;

        for (cgb_node i = 1; i < WORLD_GROUPS; i++) {
                const struct memory_group *group = &world->groups[i];
                double anon = (double)group->stat_anon_bytes, swap = (double)world->swap_free_bytes;

                if (!group->lives || group->workspace != workspace)
                        continue;
                usage += (double)memory_world_usage(world, i);
                swap = (double)group->stat_swap_room_bytes < swap ? (double)group->stat_swap_room_bytes : swap;
                droppable += (double)group->stat_file_bytes + (anon < swap ? anon : swap);
        }
        *ret_usage = usage;
        return usage - droppable + headroom(usage) > floor ? usage - droppable + headroom(usage) : floor;
}

static void check_reclaim(struct memory_world *world, const struct cgb_memory_action *action)
{
        const struct memory_group *group = &world->groups[action->node], *workspace = &world->groups[group->workspace];
        double cap = world->options.reclaims_exactly ? 32.0 * MIB : 16.0 * MIB, usage,
               keep = least(world, group->workspace, &usage);
        uint64_t quiet_usec = world->lived_usec - workspace->last_active_usec;

        assert_true(world->options.can_reclaim);
        assert_false(group->inner);
        assert_int_equal(group->asked_bytes, 0);
        assert_true((double)action->bytes <= (usage - keep) / 100 + 1);
        assert_true((double)action->bytes <= cap);
        assert_true(world->lived_usec - workspace->joined_usec >= GRACE_USEC);
        assert_true(workspace->raised_usec == 0 || world->lived_usec - workspace->raised_usec >= GRACE_USEC);
        assert_true(group->calm);
        assert_int_equal(group->pressure_read_usec, world->lived_usec);
        assert_true(world->lived_usec - workspace->stalled_usec >= 5 * SECOND_USEC);
        assert_true(memory_world_is_contended(world) || quiet_usec >= 600 * SECOND_USEC ||
                    (quiet_usec >= 30 * SECOND_USEC && memory_world_free_bytes(world) < world->size_bytes / 5));
        assert_int_not_equal(action->reason, CGB_MEMORY_REASON_NONE);
}

static void check_write(struct memory_world *world, const struct cgb_memory_action *action, size_t index)
{
        const struct memory_group *group = &world->groups[action->node];
        double usage = (double)memory_world_usage(world, action->node);

        assert_int_equal(action->previous_bytes, group->high_bytes);
        assert_int_not_equal(action->bytes, group->high_bytes);
        assert_true(action->bytes <= group->found_bytes);
        if (action->type == CGB_MEMORY_LOWER) {
                assert_true(action->bytes < group->high_bytes);
                assert_true((double)action->bytes >=
                            usage + (action->reason == CGB_MEMORY_REASON_FROZEN ? 8 * MIB : headroom(usage)) - 1);
                assert_true(world->options.can_reclaim);
        } else {
                assert_true(action->bytes > group->high_bytes);
                for (size_t i = 0; i < index;
                        i++) { /* a parent that is raised as well came first, and raises came before lowerings */
                        assert_int_not_equal(world->actions[i].type, CGB_MEMORY_LOWER);
                        assert_true(world->actions[i].type == CGB_MEMORY_TELL ||
                                    world->groups[world->actions[i].node].parent != action->node);
                }
        }
        for (size_t i = 0; action->type == CGB_MEMORY_LOWER && i < index; i++)
                if (world->actions[i].type == CGB_MEMORY_LOWER)
                        assert_int_not_equal(group->parent, world->actions[i].node);
}

/* It grows, beyond its share of the pool and its floor. */
static void check_told(const struct memory_world *world, const struct cgb_memory_action *action)
{
        struct cgb_memory_state state = memory_world_state(world, action->node);

        assert_true(state.growing);
        assert_true(state.workspace_usage_bytes > state.fair_bytes && state.workspace_usage_bytes > state.floor_bytes);
        assert_true(action->bytes == state.workspace_usage_bytes);
}

/* Who was read has its headroom now, but for who is frozen or foreign. */
static void check_headroom(const struct memory_world *world)
{
        for (cgb_node i = 1; i < WORLD_GROUPS; i++) {
                const struct memory_group *group = &world->groups[i];
                struct cgb_memory_state state;
                double usage;

                if (!group->lives)
                        continue;
                state = memory_world_state(world, i);
                usage = (double)state.usage_bytes;
                if (!state.frozen && !state.foreign && group->high_bytes < group->found_bytes)
                        assert_true((double)group->high_bytes >= usage + headroom(usage) - 1);
                assert_int_equal(state.high_bytes, group->high_bytes);
        }
}

/* Above its fair share a ceiling is made of what the others do not hold: of what they have given up already. */
static void check_ceilings(const struct memory_world *world)
{
        double left = (double)world->size_bytes - (double)world->size_bytes / 10 + 1;

        for (int pass = 0; pass < 2; pass++)
                for (cgb_node i = 1; i < WORLD_GROUPS; i++) {
                        struct cgb_memory_state state;
                        double held;

                        if (!world->groups[i].lives || world->groups[i].parent != CGB_NODE_ROOT ||
                                world->groups[i].workspace != i)
                                continue;
                        state = memory_world_state(world, i);
                        held = (double)(state.workspace_usage_bytes > state.floor_bytes ? state.workspace_usage_bytes
                                                                                        : state.floor_bytes);
                        if (pass == 0)
                                left -= held;
                        else
                                assert_true((double)state.ceiling_bytes <= (double)state.fair_bytes ||
                                            (double)state.ceiling_bytes <= left + held);
                }
}

/* The books: credits within their caps, and with the bank a constant, which is 0 where nobody brought any. */
static void check_credits(const struct memory_world *world)
{
        struct cgb_memory_pool_state pool;
        int64_t sum, n = 1;

        cgb_memory_get_pool(world->law, &pool);
        sum = pool.bank_byte_seconds;
        for (cgb_node i = 1; i < WORLD_GROUPS; i++) {
                struct cgb_memory_state state;

                if (!world->groups[i].lives || cgb_memory_get(world->law, i, &state) < 0 || state.workspace != i)
                        continue;
                assert_true(llabs(state.credit_byte_seconds) <= state.credit_cap_byte_seconds);
                sum += state.credit_byte_seconds;
                n++;
        }
        assert_true(llabs(sum) <= n);
}

static uint64_t take(uint64_t *from, uint64_t bytes)
{
        uint64_t taken = *from < bytes ? *from : bytes;

        *from -= taken;
        return taken;
}

void memory_world_answer(struct memory_world *world, cgb_node node)
{
        struct memory_group *group = &world->groups[node];
        uint64_t bytes = group->asked_bytes * world->taken_permille / 1000 / 4096 * 4096, swapped;
        uint64_t usage = memory_world_usage(world, node);
        double workspace_usage, keep = least(world, group->workspace, &workspace_usage), after;

        bytes -= take(&group->file_bytes, bytes);
        bytes = bytes < world->swap_free_bytes ? bytes : world->swap_free_bytes;
        swapped = take(&group->anon_bytes, bytes < group->swap_room_bytes ? bytes : group->swap_room_bytes);
        world->swap_free_bytes -= swapped;
        if (group->swap_room_bytes != CGB_MEMORY_MAX)
                group->swap_room_bytes -= swapped;
        after = workspace_usage - (double)(usage - memory_world_usage(world, node));
        if (group->asked_usec == world->lived_usec) /* an answer that comes late finds another world */
                assert_true(after >= keep - (double)group->asked_bytes * (world->options.reclaims_exactly ? 0.05 : 0.6) - 1);
        group->asked_bytes = 0;
        assert_int_equal(cgb_memory_reclaimed(world->law, node, memory_world_usage(world, node)), 0);
}

static bool is_need(enum cgb_memory_reason reason)
{
        return reason == CGB_MEMORY_REASON_NEAR || reason == CGB_MEMORY_REASON_HIT || reason == CGB_MEMORY_REASON_REFAULTS ||
               reason == CGB_MEMORY_REASON_PRESSED;
}

static void do_one(struct memory_world *world, const struct cgb_memory_action *action)
{
        struct memory_group *group = &world->groups[action->node];

        if (action->type == CGB_MEMORY_TELL)
                return;
        if (action->type != CGB_MEMORY_RECLAIM) {
                group->high_bytes = action->bytes;
                if (is_need(action->reason))
                        world->groups[group->workspace].raised_usec = world->lived_usec;
                return;
        }
        group->asked_bytes = action->bytes;
        group->asked_usec = world->lived_usec;
        if (!world->hangs)
                memory_world_answer(world, action->node);
}

static void pass(struct memory_world *world, uint64_t usec)
{
        world->lived_usec += usec;
        for (cgb_node i = 1; i < WORLD_GROUPS; i++) {
                world->groups[i].waited_usec[0] += usec * world->groups[i].memory_permyriad / 10000;
                world->groups[i].waited_usec[1] += usec * world->groups[i].io_permyriad / 10000;
        }
}

void memory_world_round(struct memory_world *world, uint64_t usec)
{
        world->now_usec += usec;
        pass(world, usec < 60 * SECOND_USEC ? usec : 60 * SECOND_USEC);
        read_all(world);
        cgb_memory_step(world->law);
        world->n_actions = 0;
        while (cgb_memory_next_action(world->law, &world->actions[world->n_actions]))
                assert_true(++world->n_actions < WORLD_ACTIONS);
        for (size_t i = 0; i < world->n_actions; i++) {
                if (world->actions[i].type == CGB_MEMORY_RECLAIM)
                        check_reclaim(world, &world->actions[i]);
                else if (world->actions[i].type == CGB_MEMORY_TELL)
                        check_told(world, &world->actions[i]);
                else
                        check_write(world, &world->actions[i], i);
        }
        for (size_t i = 0; i < world->n_actions; i++)
                do_one(world, &world->actions[i]);
        check_headroom(world);
        check_ceilings(world);
        check_credits(world);
}

void memory_world_live(struct memory_world *world, int seconds)
{
        for (int i = 0; i < seconds; i++)
                memory_world_round(world, SECOND_USEC);
}
