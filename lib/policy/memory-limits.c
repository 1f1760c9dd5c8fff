/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits: what each memory.high is to be after this step.
 *
 * Raised at once and by much, lowered after the fact and never below usage + headroom nor below the ceiling: so who grows
 * within its rights never meets its limit, not even between two readings. Who grows beyond them is raised step by step, and
 * meets it if it is faster than that. The one exception is the freeze: whoever grows without end, above its rights, while
 * memory is short, gets a limit close above its usage, and keeps it.
 */
#include "memory-state.h"

/* What a raise allows for at least, and for how long the present growth may go on without another. */
#define RAISE_MIN_BYTES (64 * MIB)
#define RAISE_GROWTH_SECONDS 4

/* After a raise nothing is taken for a while: what made it necessary may not be over. */
#define RAISE_GRACE_USEC (30 * SECOND_USEC)

/*
 * Growth without end: nothing but growth for five seconds, a quarter of the fair share or more, above one's rights, and in
 * debt: who has credit may spend it on that. Most builds that start their compilers stop growing sooner. For those that do
 * not, the freeze itself is the test: what a leak loses at its limit it does not miss, and of what others lose there more
 * than a quarter comes back at once (the guard in memory-give.c).
 */
#define FREEZE_USEC (5 * SECOND_USEC)
#define FREEZE_PART 4

/*
 * So little of the reserve is free, a hundredth of all: now it is who grows above its rights, or everybody. With half of the
 * reserve, builds in `cgburst-bench sim-memory sleepers` were held for longer (p99 of their slowdown 2.1 instead of 1.7),
 * though sleepers had enough to give.
 */
#define USED_UP_PART 10

/* Growth has stopped when usage did not rise for two seconds, or fell by a MiB. */
#define RUN_PAUSE_USEC (2 * SECOND_USEC)
#define RUN_DROP_BYTES MIB

/*
 * Who was frozen and does not grow for so long, with half of its room still unused, has stopped by itself and not because of
 * the limit.
 */
#define REST_USEC (10 * SECOND_USEC)
#define REST_ROOM_PART 2

/* A quarter of a second: of the managers a limit goes through the slowest take a tenth. */
#define HELD_PACE_PART 4

static uint64_t round_up(uint64_t bytes)
{
        return (bytes + LIMIT_GRAIN_BYTES - 1) / LIMIT_GRAIN_BYTES * LIMIT_GRAIN_BYTES;
}

/* A limit that would not bind is the one that was found. What is rounded is at least a grain below the largest number. */
static uint64_t as_limit(const struct cgb_memory_slot *slot, uint64_t bytes)
{
        return cgb_plus(bytes, LIMIT_GRAIN_BYTES) >= cgb_memory_lid(slot) ? slot->found_bytes : round_up(bytes);
}

/*
 * Does usage come too near, or is there a sign that it was there already? Who sleeps has not waited for anything, so the
 * trigger was not for it: it gives now, when others need it.
 */
static enum cgb_memory_reason need(
        const struct cgb_memory *law, const struct cgb_memory_slot *slot, const struct cgb_rights *rights)
{
        if (!cgb_memory_is_managed(slot))
                return CGB_MEMORY_REASON_NONE;
        if (slot->hit)
                return CGB_MEMORY_REASON_HIT;
        if (slot->usage_bytes + cgb_memory_headroom(slot->usage_bytes) > slot->high_bytes)
                return CGB_MEMORY_REASON_NEAR;
        if (slot->refaults || slot->give_back_bytes > 0)
                return CGB_MEMORY_REASON_REFAULTS;
        return law->pool.pressed && !cgb_memory_is_asleep(law, rights) ? CGB_MEMORY_REASON_PRESSED : CGB_MEMORY_REASON_NONE;
}

/* Where its rights end, and not below usage + headroom: that is granted whatever the credit. */
static uint64_t granted(struct cgb_memory *law, uint32_t node)
{
        const struct cgb_memory_slot *slot = &law->slots[node];
        const struct cgb_rights *rights = cgb_memory_rights(law, node);
        uint64_t rights_bytes = cgb_memory_lane_part(law, node, cgb_max_u64(rights->floor_bytes, rights->ceiling_bytes));

        return cgb_max_u64(rights_bytes, slot->usage_bytes + cgb_memory_headroom(slot->usage_bytes));
}

/*
 * H = min(what is granted, max(1.25 H, usage + max(64 MiB, 4 s of growth))). A limit that was hit says that usage was there,
 * though it was not there when it was read. While memory is not short nobody's rights end anywhere.
 */
static uint64_t raised(struct cgb_memory *law, uint32_t node)
{
        struct cgb_memory_slot *slot = &law->slots[node];
        uint64_t peak = slot->hit ? cgb_max_u64(slot->usage_bytes, slot->high_bytes) : slot->usage_bytes;
        uint64_t growth = cgb_max_u64(RAISE_MIN_BYTES, RAISE_GROWTH_SECONDS * slot->growth_bytes);
        uint64_t least = peak + cgb_memory_headroom(peak) + slot->give_back_bytes;
        uint64_t most = law->contended ? cgb_max_u64(granted(law, node), least) : UINT64_MAX;
        uint64_t wanted = cgb_max_u64(slot->high_bytes + slot->high_bytes / 4, peak + growth);

        wanted = cgb_max_u64(cgb_min_u64(wanted, most), least);
        return cgb_max_u64(slot->high_bytes, as_limit(slot, wanted));
}

/* After a reclaim. One MiB, or a sixty-fourth of a large limit, is not worth a write. */
static bool is_worth_lowering(const struct cgb_memory_slot *slot, uint64_t target_bytes)
{
        return target_bytes < slot->high_bytes && slot->high_bytes - target_bytes >= cgb_max_u64(MIB, target_bytes / 64);
}

static void want(struct cgb_memory_slot *slot, uint64_t target_bytes, enum cgb_memory_reason reason)
{
        slot->target_bytes = target_bytes;
        slot->target_reason = reason;
}

static void want_lower(struct cgb_memory_slot *slot, uint64_t bytes, enum cgb_memory_reason reason)
{
        uint64_t target_bytes = as_limit(slot, bytes);

        if (is_worth_lowering(slot, target_bytes))
                want(slot, target_bytes, reason);
}

/* Follows the usage of a workspace: how long has it done nothing but grow? */
static void follow_run(struct cgb_memory *law, struct cgb_rights *rights)
{
        if (rights->usage_bytes > rights->run_top_bytes) {
                rights->run_top_bytes = rights->usage_bytes;
                rights->run_top_usec = law->clock_usec;
        } else if (rights->usage_bytes + RUN_DROP_BYTES < rights->run_top_bytes ||
                   law->clock_usec - rights->run_top_usec > RUN_PAUSE_USEC) {
                rights->run_begin_usec = rights->run_top_usec = law->clock_usec;
                rights->run_begin_bytes = rights->run_top_bytes = rights->usage_bytes;
                rights->run_returned_bytes = 0;
        }
}

/*
 * Where there is nothing that its limit could take, as without swap, its tasks would stand still at it, and a build with
 * them.
 */
static bool may_be_held(const struct cgb_rights *rights)
{
        return rights->usage_bytes > cgb_memory_least(rights);
}

/* Who wakes and fetches what it had grows by that, and comes to an end. */
static uint64_t growth_of_run(const struct cgb_rights *rights)
{
        uint64_t growth = rights->usage_bytes - rights->run_begin_bytes;

        return growth > rights->run_returned_bytes ? growth - rights->run_returned_bytes : 0;
}

static bool grows_without_end(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        uint64_t enough = cgb_max_u64(cgb_memory_headroom(rights->usage_bytes), rights->fair_bytes / FREEZE_PART);

        return rights->usage_bytes > cgb_max_u64(rights->ceiling_bytes, rights->floor_bytes) &&
               law->clock_usec >= rights->guard.spared_until_usec &&
               law->clock_usec - rights->run_begin_usec >= FREEZE_USEC && growth_of_run(rights) >= enough;
}

static bool is_to_be_held(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        return law->options.can_reclaim && law->contended && rights->credit < 0 && may_be_held(rights) &&
               grows_without_end(law, rights);
}

/* Who reads files has grown by what anybody can have. */
static bool grows_by_more_than_files(const struct cgb_memory *law, uint32_t holder)
{
        const struct cgb_rights *rights = &law->slots[holder].rights;
        uint64_t file_bytes = 0;

        for_each_lane(law, holder, i) {
                if (!law->slots[i].stat_known)
                        return false;
                file_bytes += law->slots[i].file_bytes;
        }
        return growth_of_run(rights) > file_bytes;
}

/*
 * Told of as soon as one can see that memory will be short, for where there is no swap that is a moment before the kernel
 * has to kill. It holds while its limit does, and until it has paused for as long as who is at rest.
 */
static void name(struct cgb_memory *law, uint32_t holder)
{
        struct cgb_rights *rights = &law->slots[holder].rights;
        bool was = rights->growing;

        if ((was && rights->frozen) || (grows_without_end(law, rights) && cgb_memory_runs_short(law, rights) &&
                                               grows_by_more_than_files(law, holder)))
                rights->growing_until_usec = law->clock_usec + REST_USEC;
        rights->growing = law->clock_usec < rights->growing_until_usec;
        rights->to_tell |= rights->growing && !was;
        law->has_news |= rights->to_tell;
}

/*
 * What is left to who is frozen: its growth until its limit is written for certain, and no more than the headroom of others.
 * A leak uses all of it, and without swap a tenth of its size more until the kernel's delays above the limit are long:
 * memory that those lack who work.
 */
static uint64_t held_room(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        uint64_t seconds = (law->clock_usec - rights->run_begin_usec) / SECOND_USEC;
        uint64_t pace_bytes = growth_of_run(rights) / seconds;

        return cgb_min_u64(
                cgb_max_u64(pace_bytes / HELD_PACE_PART, HELD_ROOM_MIN_BYTES), cgb_memory_headroom(rights->usage_bytes));
}

static bool is_at_rest(const struct cgb_memory *law, struct cgb_rights *rights)
{
        uint64_t room = rights->frozen_room_bytes / REST_ROOM_PART;

        if (rights->usage_bytes > rights->rest_bytes + RUN_DROP_BYTES) {
                rights->rest_bytes = rights->usage_bytes;
                rights->rest_usec = law->clock_usec;
        }
        return law->clock_usec - rights->rest_usec >= REST_USEC && rights->usage_bytes <= rights->frozen_at_bytes + room;
}

/* It was no leak. But when all is used up, what it needs would be taken from those who work within their rights. */
static bool is_spared(const struct cgb_memory *law, struct cgb_rights *rights)
{
        if (!rights->guard.tripped || law->pool.free_bytes < law->reserve_bytes / USED_UP_PART)
                return false;
        rights->guard.spared_until_usec = rights->grace_until_usec;
        return true;
}

static bool has_stopped(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        uint64_t headroom = cgb_memory_headroom(rights->usage_bytes);

        return !law->contended || rights->usage_bytes + headroom < rights->frozen_at_bytes ||
               rights->usage_bytes + headroom <= cgb_max_u64(rights->ceiling_bytes, rights->floor_bytes);
}

/* @return what changed: FROZEN, THAWED, or NONE. */
static enum cgb_memory_reason freeze_or_thaw(struct cgb_memory *law, struct cgb_rights *rights)
{
        follow_run(law, rights);
        if (!rights->frozen && is_to_be_held(law, rights)) {
                rights->frozen = true;
                rights->frozen_at_bytes = rights->rest_bytes = rights->usage_bytes;
                rights->frozen_room_bytes = held_room(law, rights);
                rights->rest_usec = law->clock_usec;
                return CGB_MEMORY_REASON_FROZEN;
        }
        if (rights->frozen && (is_spared(law, rights) || has_stopped(law, rights) || is_at_rest(law, rights))) {
                rights->frozen = false;
                rights->growing_until_usec = 0;
                rights->run_begin_usec = law->clock_usec;
                rights->run_begin_bytes = rights->usage_bytes;
                return CGB_MEMORY_REASON_THAWED;
        }
        return CGB_MEMORY_REASON_NONE;
}

static void leave_alone_for_a_while(struct cgb_memory *law, struct cgb_rights *rights)
{
        rights->grace_until_usec = cgb_max_u64(rights->grace_until_usec, law->clock_usec + RAISE_GRACE_USEC);
        rights->calm_steps = 0;
}

/*
 * It gets its limit once, and once a step while that could not be written. A lane that was not read in this round waits for
 * the next.
 */
static void freeze_lane(const struct cgb_memory *law, struct cgb_memory_slot *slot, const struct cgb_rights *rights)
{
        bool was_tried = slot->limit_is_frozen && law->clock_usec - slot->frozen_usec < law->options.step_usec;

        if (!slot->read || was_tried || (slot->limit_is_frozen && cgb_memory_is_managed(slot)))
                return;
        want_lower(slot, slot->usage_bytes + rights->frozen_room_bytes, CGB_MEMORY_REASON_FROZEN);
        slot->limit_is_frozen = true;
        slot->frozen_usec = law->clock_usec;
}

/* A group by itself, without those below it. @change: of its workspace. */
static void decide(struct cgb_memory *law, uint32_t node, enum cgb_memory_reason change)
{
        struct cgb_memory_slot *slot = &law->slots[node];
        struct cgb_rights *rights = cgb_memory_rights(law, node);
        enum cgb_memory_reason reason = need(law, slot, rights);

        want(slot, slot->high_bytes, CGB_MEMORY_REASON_NONE);
        if (slot->foreign || !slot->known)
                return;
        if (rights->frozen) {
                freeze_lane(law, slot, rights);
                return;
        }
        slot->limit_is_frozen = false;
        if (change == CGB_MEMORY_REASON_THAWED && cgb_memory_is_managed(slot)) {
                want(slot, raised(law, node), change);
                leave_alone_for_a_while(law, rights);
        } else if (reason != CGB_MEMORY_REASON_NONE) {
                want(slot, raised(law, node), reason);
                leave_alone_for_a_while(law, rights);
        } else if (slot->follow && slot->read) {
                want_lower(slot, granted(law, node), CGB_MEMORY_REASON_FOLLOWED);
        }
        slot->follow &= !slot->read;
}

/* A group with groups below it has to allow for what each of these may still grow: all, while one of them has no limit. */
static void cover_below(struct cgb_memory *law, uint32_t node)
{
        struct cgb_memory_slot *slot = &law->slots[node];
        uint64_t usage_bytes = cgb_max_u64(slot->usage_bytes, slot->below_usage_bytes); /* theirs may have been read later */
        uint64_t cover_bytes = cgb_max_u64(cgb_plus(usage_bytes, slot->cover_bytes), granted(law, node));

        if (slot->children == 0 || slot->foreign || !slot->known)
                return;
        if (cover_bytes > slot->target_bytes)
                want(slot, cgb_max_u64(slot->target_bytes, as_limit(slot, cover_bytes)), CGB_MEMORY_REASON_BELOW);
        else if (slot->lowered_below && slot->read && slot->target_bytes == slot->high_bytes)
                want_lower(slot, cover_bytes, CGB_MEMORY_REASON_BELOW);
}

/* Tells the group above what was decided here. */
static void tell_above(struct cgb_memory *law, const struct cgb_memory_slot *slot)
{
        struct cgb_memory_slot *above = &law->slots[slot->parent];
        bool open = slot->target_bytes == CGB_MEMORY_MAX;

        above->cover_bytes =
                cgb_plus(above->cover_bytes, open ? CGB_MEMORY_MAX : cgb_minus(slot->target_bytes, slot->usage_bytes));
        above->lowered_below |= slot->target_bytes < slot->high_bytes;
}

static void queue_write(struct cgb_memory *law, uint32_t node)
{
        law->slots[node].next_write = NOBODY;
        if (law->writes.last != NOBODY)
                law->slots[law->writes.last].next_write = node;
        else
                law->writes.first = node;
        law->writes.last = node;
}

static void decide_level(struct cgb_memory *law, uint32_t depth)
{
        for_each_workspace(law, i) {
                struct cgb_memory_slot *holder = &law->slots[i];
                enum cgb_memory_reason change = CGB_MEMORY_REASON_NONE;

                if (holder->depth != depth)
                        continue;
                if (holder->children == 0) {
                        change = freeze_or_thaw(law, &holder->rights);
                        name(law, i);
                }
                for_each_lane(law, i, lane) {
                        decide(law, lane, change);
                        cover_below(law, lane);
                        tell_above(law, &law->slots[lane]);
                }
        }
}

void cgb_memory_limits(struct cgb_memory *law)
{
        for (uint32_t i = 0; i < law->used; i++) {
                law->slots[i].cover_bytes = 0;
                law->slots[i].lowered_below = false;
        }
        for (uint32_t depth = law->deepest; depth > 0; depth--)
                decide_level(law, depth);
        for (uint32_t depth = 1; depth <= law->deepest; depth++)
                for_each_memory_slot(law, i)
                        if (law->slots[i].depth == depth && law->slots[i].target_bytes > law->slots[i].high_bytes)
                                queue_write(law, i);
        for (uint32_t depth = law->deepest; depth > 0; depth--)
                for_each_memory_slot(law, i)
                        if (law->slots[i].depth == depth && law->slots[i].target_bytes < law->slots[i].high_bytes)
                                queue_write(law, i);
}
