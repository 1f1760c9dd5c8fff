/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the memory law remembers: one block of memory, a head and an array of groups, linked by index. Slot 0 is the root:
 * the pool.
 *
 * What a group *is* (usage, limit, what its files said) is its own; what it *may* is its workspace's, and lives in the slot
 * of one of its lanes, the holder. All times are of the law's own clock, which never goes back and counts a minute at most
 * for a round: so no jump of anybody's clock can end a grace or fill an account.
 */
#include <cgburst/memory.h>

#include "fixed.h"
#include "memory-headroom.h"

#define MIB (1ull << 20)
#define SECOND_USEC 1000000ull

/** No group is deeper: what is below is somebody's inner affair. */
#define MEMORY_DEPTH_MAX 8

/** Larger sizes count as this: it keeps every product within 64 bits, and is 16 TiB. */
#define SIZE_MAX_BYTES (1ull << 44)

/**
 * Not one burst of work in half a minute: asleep. It waits for nothing, and what it holds is what others can have at the
 * least cost.
 */
#define ASLEEP_USEC (30 * SECOND_USEC)

/** Limits are whole MiB: nobody needs them finer, and a value that hardly changes is then not written at all. */
#define LIMIT_GRAIN_BYTES MIB

/**
 * Refaults that are looked at together: what was taken in thirty seconds, in two halves, so that no window ends between a
 * theft and its complaint.
 */
#define WINDOW_HALF_USEC (15 * SECOND_USEC)

/** What was taken from a workspace, and what of it came back. */
struct cgb_guard {
        uint64_t begin_usec;         /* of the newer half */
        uint64_t reclaimed_bytes[2]; /* newer half, older half */
        uint64_t refaulted_bytes[2];
        uint64_t backoff_usec;      /* how long it is left alone when the guard trips */
        bool tripped;               /* in this step */
        uint64_t spared_until_usec; /* it needed what it had: it is not frozen before */
};

/** Rights of a workspace, over its lanes. Credits are KiB * usec: exact, since usage is whole pages. */
struct cgb_rights {
        uint32_t share_permille;
        uint64_t floor_bytes; /* F */
        int64_t credit;
        uint64_t fair_bytes; /* S */
        uint64_t ceiling_bytes;
        uint64_t usage_bytes;
        uint64_t droppable_bytes; /* R */
        uint64_t last_active_usec;
        uint64_t grace_until_usec; /* nothing is taken before */
        uint64_t asked_usec;       /* when something was last taken */
        uint64_t calm_counted_usec;
        uint32_t calm_steps;
        struct cgb_guard guard;
        uint64_t run_begin_usec; /* of unbroken growth */
        uint64_t run_begin_bytes;
        uint64_t run_returned_bytes; /* that had been taken before: no growth */
        uint64_t run_top_usec;       /* when it last rose */
        uint64_t run_top_bytes;
        bool growing; /* ... without end, as far as one can tell */
        bool to_tell; /* since this step */
        uint64_t growing_until_usec;
        bool frozen;
        uint64_t frozen_at_bytes;
        uint64_t frozen_room_bytes; /* what it had left then */
        uint64_t rest_usec;         /* while it is frozen: since when it has not grown */
        uint64_t rest_bytes;
};

struct cgb_memory_slot {
        bool taken;
        uint32_t next_free;
        uint32_t parent;
        uint32_t holder;    /* the slot with the rights; its own where it has no lanes */
        uint32_t next_lane; /* from the holder on */
        uint32_t depth;
        uint32_t children;
        uint64_t identity;
        uint64_t cap_bytes;
        uint64_t found_bytes;
        uint64_t high_bytes; /* H as last written or seen */
        bool foreign;

        bool known; /* usage was read at least once */
        uint64_t usage_bytes;
        uint64_t usage_usec;
        uint64_t growth_bytes; /* a second */
        uint64_t due_usec;
        uint64_t events_high;
        bool events_known;
        bool stat_known;
        uint64_t stat_usec;
        uint64_t file_bytes, anon_bytes;
        uint64_t swap_room_bytes; /* by its own limits, not the host's */
        uint64_t refaulted_bytes, reclaimed_bytes;
        bool pressure_known;
        uint64_t pressure_usec;                 /* when it was read */
        uint64_t waited_usec[CGB_MEMORY_WAITS]; /* as read then */

        /* the round that is open */
        bool read;
        bool hit; /* memory.events high grew */
        bool refaults;
        bool pressure_read, calm; /* since the reading before */

        /* what is under way */
        uint64_t asked_bytes;    /* of memory.reclaim; 0: nothing */
        uint64_t asked_at_bytes; /* usage then */
        bool follow;             /* a reclaim ended: the limit may follow */
        uint64_t give_back_bytes;
        bool limit_is_frozen;
        uint64_t frozen_usec; /* when that was last tried */

        /* sums over what is below, for the root and inner groups */
        uint64_t shares_permille, held_bytes, below_usage_bytes;
        uint64_t cover_bytes; /* what they may still grow, by their limits */
        bool lowered_below;

        /* decisions of this step, in two queues */
        uint64_t target_bytes;
        enum cgb_memory_reason target_reason;
        uint32_t next_write, next_reclaim;
        enum cgb_memory_reason reclaim_reason;

        enum cgb_memory_action_type last_type;
        enum cgb_memory_reason last_reason;
        uint64_t last_bytes, last_usec;

        struct cgb_rights rights;
};

struct cgb_memory_queue {
        uint32_t first, last;
};

struct cgb_memory {
        struct cgb_memory_options options;
        uint32_t used, free, groups;
        uint32_t deepest;
        bool begun;
        uint64_t now_usec;     /* the caller's, of this round */
        uint64_t clock_usec;   /* ours */
        uint64_t elapsed_usec; /* since the last step */

        struct cgb_memory_pool_sample pool;
        uint64_t reserve_bytes;
        uint64_t ready_bytes;   /* kept free ahead of need, by who sleeps */
        uint64_t resting_bytes; /* what those could drop who do not work */
        bool contended;
        uint64_t short_usec;           /* when memory was last short */
        uint64_t contended_since_usec; /* while .contended */
        uint32_t cursor[CGB_MEMORY_FILES];
        cgb_i128 bank;
        uint64_t reclaimed_bytes;
        struct cgb_memory_queue writes, reclaims;
        bool has_news; /* somebody is to be told of */
        struct cgb_memory_slot slots[];
};

#define NOBODY UINT32_MAX

#define for_each_memory_slot(law, i)               \
        for (uint32_t i = 1; i < (law)->used; i++) \
                if ((law)->slots[i].taken)
#define for_each_workspace(law, i)                 \
        for (uint32_t i = 1; i < (law)->used; i++) \
                if ((law)->slots[i].taken && (law)->slots[i].holder == i)
#define for_each_lane(law, of, i) for (uint32_t i = (of); i != NOBODY; i = (law)->slots[i].next_lane)

static inline struct cgb_rights *cgb_memory_rights(struct cgb_memory *law, uint32_t node)
{
        return &law->slots[law->slots[node].holder].rights;
}

/** Does its memory.high hold a limit of ours, lower than what was found? */
static inline bool cgb_memory_is_managed(const struct cgb_memory_slot *slot)
{
        return !slot->foreign && slot->high_bytes < slot->found_bytes;
}

/** R of one group: clean file pages cost a read, anonymous ones need a place to go to. */
static inline uint64_t cgb_memory_droppable(const struct cgb_memory *law, const struct cgb_memory_slot *slot)
{
        return slot->file_bytes +
               cgb_min_u64(cgb_min_u64(law->pool.swap_free_bytes, slot->swap_room_bytes), slot->anon_bytes);
}

static inline bool cgb_memory_is_asleep(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        return law->clock_usec - rights->last_active_usec >= ASLEEP_USEC;
}

static inline uint64_t cgb_plus(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t cgb_minus(uint64_t a, uint64_t b)
{
        return a > b ? a - b : 0;
}

/** Is memory short, or will it be when this one has grown once more by as much as it did without a pause? */
static inline bool cgb_memory_runs_short(const struct cgb_memory *law, const struct cgb_rights *rights)
{
        return law->contended ||
               law->pool.free_bytes < law->reserve_bytes + cgb_minus(rights->usage_bytes, rights->run_begin_bytes);
}

/** What the file may hold at most: above the operator's limits a limit of ours says nothing. */
static inline uint64_t cgb_memory_lid(const struct cgb_memory_slot *slot)
{
        return cgb_min_u64(slot->found_bytes, slot->cap_bytes);
}

/* memory.c */
struct cgb_memory_slot *cgb_memory_find(struct cgb_memory *law, cgb_node node);

/* memory-rights.c: what each may have */
void cgb_memory_settle(struct cgb_memory *law);
int64_t cgb_memory_credit_cap(const struct cgb_rights *rights);
uint64_t cgb_memory_least(const struct cgb_rights *rights);
uint64_t cgb_memory_lane_part(struct cgb_memory *law, uint32_t node, uint64_t workspace_bytes);

/* memory-give.c: who gives, how much, and what is not taken again */
enum cgb_memory_reason cgb_memory_may_give(const struct cgb_memory *law, const struct cgb_rights *rights);
void cgb_memory_guard(struct cgb_memory *law);
void cgb_memory_ask(struct cgb_memory *law);

/* memory-limits.c: what each limit is to be */
void cgb_memory_limits(struct cgb_memory *law);
