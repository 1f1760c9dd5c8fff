/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A machine's memory for the law to live in: groups with file and anonymous pages, a pool with free memory and swap, and a
 * kernel that reclaims what it is asked for, too much, too little, or never answers. Nothing happens by itself: tests say
 * what grows and when a round passes. Every round checks what the law promises of every action, by sums of its own
 * (memory_world_round()).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <cgburst/memory.h>

#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define SECOND_USEC 1000000ull
#define WORLD_GROUPS 32
#define WORLD_ACTIONS 256

struct memory_group {
        bool lives;
        bool inner; /* has groups below: its usage is theirs */
        cgb_node node, parent, workspace;
        uint64_t file_bytes, anon_bytes, kept_bytes; /* kept: what no reclaim gets, as shmem without swap, or slab */
        uint64_t refaulted_bytes, reclaimed_bytes;
        uint64_t events_high;
        uint64_t memory_permyriad, io_permyriad;     /* how much of its time it waits */
        uint64_t waited_usec[CGB_MEMORY_WAITS];      /* what its files say of that: totals */
        uint64_t seen_waited_usec[CGB_MEMORY_WAITS]; /* as last read by the law */
        bool pressure_was_read, calm;                /* since that reading */
        uint64_t floor_bytes, found_bytes;
        uint64_t swap_room_bytes; /* CGB_MEMORY_MAX: as much as there is */
        uint64_t identity;
        uint64_t joined_usec, raised_usec; /* on the world's clock of counted time; raised: by a need */
        uint64_t last_active_usec;
        uint64_t pressure_read_usec;
        uint64_t stalled_usec; /* of the workspace: when the law last read of pressure */
        bool active;           /* uses the CPU */
        uint64_t asked_bytes;  /* a reclaim that was not answered yet */
        uint64_t asked_usec;
        uint32_t reads[CGB_MEMORY_FILES];
        uint64_t high_bytes;                                             /* what its file holds */
        uint64_t stat_file_bytes, stat_anon_bytes, stat_swap_room_bytes; /* as last read by the law */
};

struct memory_world {
        struct cgb_memory *law;
        struct cgb_memory_options options;
        struct memory_group groups[WORLD_GROUPS]; /* by node */
        uint64_t size_bytes, swap_free_bytes;
        uint64_t now_usec;   /* what the law is told */
        uint64_t lived_usec; /* what really passed, a minute a round at most */
        bool pressed;
        bool hangs;                                      /* reclaim does not answer */
        uint32_t taken_permille;                         /* of what is asked for; 1000: exact */
        struct cgb_memory_action actions[WORLD_ACTIONS]; /* of the last round */
        size_t n_actions;
        uint64_t next_identity;
};

struct memory_world *memory_world_new(uint64_t size_bytes, uint64_t swap_bytes, bool exact);
void memory_world_free(struct memory_world *world);

/** Joins with everything at its default, below the root. */
cgb_node memory_world_join(struct memory_world *world, uint64_t floor_bytes);
cgb_node memory_world_join_as(struct memory_world *world, const struct cgb_memory_group *group);
void memory_world_leave(struct memory_world *world, cgb_node node);

uint64_t memory_world_usage(const struct memory_world *world, cgb_node node);
uint64_t memory_world_free_bytes(const struct memory_world *world);

/** One round after @usec: readings, step, checks, and what the law wants is done. */
void memory_world_round(struct memory_world *world, uint64_t usec);
/** As many rounds of a second. */
void memory_world_live(struct memory_world *world, int seconds);
/** Answers what was left hanging. */
void memory_world_answer(struct memory_world *world, cgb_node node);

/** The action of that type for @node in the last round; NULL if there was none. */
const struct cgb_memory_action *memory_world_find(
        const struct memory_world *world, enum cgb_memory_action_type type, cgb_node node);
struct cgb_memory_state memory_world_state(const struct memory_world *world, cgb_node node);
bool memory_world_is_contended(const struct memory_world *world);
