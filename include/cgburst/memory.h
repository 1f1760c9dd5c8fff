/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_MEMORY_H
#define CGBURST_MEMORY_H

/**
 * cgburst/memory.h - the memory law alone
 *
 * Who works has headroom; who does not gives some back, slowly, while memory is short; and nobody is ever stalled for growth
 * that is within its rights. The law's one rule about memory.high: *it follows usage down and never leads it*. What is taken
 * is taken with memory.reclaim, and the limit comes after. docs/memory.md has the law, its constants and what it promises.
 *
 * Like <cgburst/policy.h> this reads no clock, makes no system call and allocates nothing. A round is
 *
 *     cgb_memory_observe_pool(now), cgb_memory_wake() for who used the CPU, for each file of enum cgb_memory_file, in their
 *     order: cgb_memory_next_to_read() / the cgb_memory_observe_...() of that file, cgb_memory_step(), and
 *     cgb_memory_next_action() until it is empty; cgb_memory_reclaimed() whenever a reclaim that was asked for has ended,
 *     within a round or between two.
 *
 * Words: a *group* is one directory of the tree. A *workspace* is what has rights: a group, with the groups that joined as
 * its lanes. Sizes are bytes; CGB_MEMORY_MAX is the kernel's "max". Sizes above 16 TiB count as 16 TiB.
 *
 * Errors are negative errno values; an error leaves the state and every out-parameter as they were. No function may be
 * called on one law from two threads at once; different ones share nothing.
 */

#include <cgburst/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** No limit: what the kernel's files call "max". */
#define CGB_MEMORY_MAX UINT64_MAX

struct cgb_memory;

/** What the kernel at hand can do. cgb_memory_options_init() sets the defaults. */
struct cgb_memory_options {
        size_t size;        /**< sizeof(struct cgb_memory_options) */
        uint32_t capacity;  /**< groups there is room for, the root included; 1..1048576 */
        uint64_t step_usec; /**< how often an awake group is read; 10 ms..60 s */
        bool can_reclaim; /**< memory.reclaim is there (Linux 5.19); without it nothing is ever taken, and no limit lowered */
        bool reclaims_exactly; /**< multi-generation LRU is on: takes what was asked for, and what is cold; else up to 60 % more, so less is asked for, and nobody awake is */
};

/** A group that joins. */
struct cgb_memory_group {
        size_t size;     /**< sizeof(struct cgb_memory_group) */
        cgb_node parent; /**< CGB_NODE_ROOT or a group above; a group with groups below is never asked to give by itself */
        cgb_node workspace; /**< CGB_NODE_ROOT: a workspace of its own; else a sibling: this is another lane of that one */
        /** of a workspace; lanes have their workspace's; CGB_SHARE_MIN_PERMILLE..CGB_SHARE_MAX_PERMILLE */
        uint32_t share_permille;
        uint64_t identity;           /**< the directory's inode */
        uint64_t floor_bytes;        /**< of a workspace: never asked to give below this, always granted up to it */
        uint64_t cap_bytes;          /**< memory.max, the operator's */
        uint64_t high_bytes;         /**< memory.high as found: the law writes nothing above it, and goes back to it */
        int64_t credit_byte_seconds; /**< of a workspace: as saved; taken from the bank */
};

/** What is read of the host and of the parent, once a round. */
struct cgb_memory_pool_sample {
        uint64_t size_bytes; /**< what the groups may have together: the host's memory, or the parent's memory.max if less */
        uint64_t free_bytes; /**< of it, what can be had without taking it from anybody (MemAvailable) */
        uint64_t swap_free_bytes; /**< 0 where there is no swap */
        bool pressed;             /**< the parent's PSI trigger fired since the last round */
};

/** What may be read of a group, in the order in which a round reads: all of one kind before the next (rstat). */
enum cgb_memory_file {
        CGB_MEMORY_CURRENT,  /**< memory.current: cgb_memory_observe_current() */
        CGB_MEMORY_EVENTS,   /**< memory.events: cgb_memory_observe_events() */
        CGB_MEMORY_STAT,     /**< memory.stat: cgb_memory_observe_stat() */
        CGB_MEMORY_PRESSURE, /**< memory.pressure and io.pressure: cgb_memory_observe_pressure() */
};
#define CGB_MEMORY_FILES 4

/** What one waits for: memory and io. */
#define CGB_MEMORY_WAITS 2

/** Of memory.stat. */
struct cgb_memory_stat_sample {
        uint64_t file_bytes; /**< active_file + inactive_file: without shmem, which is on the anon lists */
        uint64_t anon_bytes; /**< anon: without shmem */
        /** a counter: what was reclaimed and came back. workingset_refault_anon + workingset_restore_file, in bytes */
        uint64_t refaulted_bytes;
        uint64_t reclaimed_bytes; /**< a counter: what was reclaimed by anybody. pgsteal, in bytes */
        /**
         * what it may still swap, memory.swap.max - memory.swap.current, of it and of groups above; CGB_MEMORY_MAX: no limit
         */
        uint64_t swap_room_bytes;
};

/** Why. */
enum cgb_memory_reason {
        CGB_MEMORY_REASON_NONE,       /**< nothing was done yet */
        CGB_MEMORY_REASON_NEAR,       /**< raised: usage came near memory.high */
        CGB_MEMORY_REASON_HIT,        /**< raised: memory.events says that it went above */
        CGB_MEMORY_REASON_REFAULTS,   /**< raised: what was reclaimed comes back */
        CGB_MEMORY_REASON_PRESSED,    /**< raised: the PSI trigger fired, and it is not asleep */
        CGB_MEMORY_REASON_BELOW,      /**< raised or lowered because groups below it were */
        CGB_MEMORY_REASON_OVER_SHARE, /**< asked to give: memory is short and it holds more than its fair share */
        CGB_MEMORY_REASON_ASLEEP, /**< asked to give: less memory is free than is kept ready, and it has not run for a while */
        CGB_MEMORY_REASON_IDLE,   /**< asked to give: it has not run for very long */
        CGB_MEMORY_REASON_FOLLOWED, /**< lowered: the limit follows what was reclaimed */
        CGB_MEMORY_REASON_FROZEN, /**< lowered, and not raised again while this lasts: it grows without end, above its rights, in debt, and memory is short */
        CGB_MEMORY_REASON_THAWED, /**< raised: it does so no more, or needs what it has */
        CGB_MEMORY_REASON_GROWING, /**< told of: it grows without end, above its rights, and memory is short, or will be if it grows by as much again */
};

enum cgb_memory_action_type {
        CGB_MEMORY_RAISE, /**< write .bytes to memory.high */
        CGB_MEMORY_LOWER, /**< the same; usage is below it by the headroom already, or, for CGB_MEMORY_REASON_FROZEN, by what it grows in a quarter of a second, or 8 MiB */
        CGB_MEMORY_RECLAIM, /**< write .bytes to memory.reclaim, in a thread that may wait; then cgb_memory_reclaimed() */
        CGB_MEMORY_TELL,    /**< nothing is to be written: somebody should know of it. .bytes: its usage */
};

struct cgb_memory_action {
        enum cgb_memory_action_type type;
        enum cgb_memory_reason reason;
        cgb_node node;
        uint64_t bytes;
        uint64_t previous_bytes; /**< of memory.high, as last written or seen */
};

/** A group as it stands, with the rights of its workspace. */
struct cgb_memory_state {
        cgb_node parent;
        cgb_node workspace; /**< the group that holds its rights; itself where it has no lanes */
        uint64_t usage_bytes;
        uint64_t high_bytes;  /**< what memory.high is believed to hold */
        uint64_t found_bytes; /**< ... and held when it joined, or when somebody else wrote it */
        uint64_t headroom_bytes;
        uint64_t droppable_bytes; /**< the estimate R; 0 while memory.stat was not needed yet */
        bool droppable_known;
        bool active;  /**< used the CPU lately */
        bool growing; /**< grows without end, or did a moment ago */
        bool frozen;  /**< is held at its limit for growing without end */
        bool foreign; /**< somebody else wrote its memory.high: measured, and left alone */
        uint32_t calm_steps;
        uint64_t growth_bytes_per_second;
        enum cgb_memory_action_type last_type;
        enum cgb_memory_reason last_reason; /**< CGB_MEMORY_REASON_NONE: .last_type means nothing */
        uint64_t last_bytes;
        uint64_t last_usec; /**< when, on the clock of the rounds */
        /* of the workspace, over its lanes */
        uint64_t workspace_usage_bytes;
        uint64_t floor_bytes;
        uint64_t fair_bytes;    /**< S: its part of the pool by share */
        uint64_t ceiling_bytes; /**< growth up to here is within its rights */
        uint64_t least_bytes;   /**< L: nothing is taken below */
        uint64_t backoff_usec;  /**< how long it is left alone after the next refaults */
        int64_t credit_byte_seconds;
        int64_t credit_cap_byte_seconds; /**< the credit lies in -cap..+cap */
};

/** The pool as it stands. */
struct cgb_memory_pool_state {
        uint32_t groups;
        uint64_t size_bytes;
        uint64_t free_bytes;
        uint64_t swap_free_bytes;
        uint64_t reserve_bytes;    /**< less than this free is short */
        uint64_t ready_bytes;      /**< so much is kept free ahead of need, by who sleeps: headroom for who works */
        bool contended;            /**< memory is short, or was a moment ago */
        uint64_t reclaimed_bytes;  /**< by the law, since the beginning */
        int64_t bank_byte_seconds; /**< what clamps cut off and leavers left: with all credits it sums up to a constant, but for the rounding of these numbers */
};

/**
 * Sets every field of @options to its default for a step of @step_usec and @capacity groups: a kernel that reclaims exactly.
 */
CGB_PUBLIC void cgb_memory_options_init(struct cgb_memory_options *options, uint64_t step_usec, uint32_t capacity);

/** Bytes that a law of @options->capacity groups needs; 0 if the options are out of range. */
CGB_PUBLIC size_t cgb_memory_size(const struct cgb_memory_options *options);

/**
 * Makes a law in @memory, which stays the caller's, aligned as malloc() aligns. There is nothing to free besides it.
 *
 * @return 0; -EINVAL if an option is out of range; -ENOMEM if @memory_size is too small.
 */
CGB_PUBLIC int cgb_memory_init(
        struct cgb_memory **ret, void *memory, size_t memory_size, const struct cgb_memory_options *options);

/** Moves *@law into larger memory, see cgb_policy_grow(). @return 0; -EINVAL; -ENOMEM. */
CGB_PUBLIC int cgb_memory_grow(struct cgb_memory **law, void *memory, size_t memory_size, uint32_t capacity);

/**
 * A group joins. Nothing is taken from it for a while (grace).
 *
 * @return 0 and the node; -EINVAL for a share out of range, a workspace that is not a sibling, or more than eight levels;
 *         -ENOENT if parent or workspace are not known; -ENOSPC if the capacity is used up.
 */
CGB_PUBLIC int cgb_memory_join(struct cgb_memory *law, const struct cgb_memory_group *group, cgb_node *ret);

/**
 * A group leaves. The rights of a workspace go to its next lane, else its credit to the bank. @return 0; -ENOENT; -EBUSY
 * while groups are below it.
 */
CGB_PUBLIC int cgb_memory_leave(struct cgb_memory *law, cgb_node node);

/**
 * Changes what the operator decides about a group: floor and share of its workspace, its cap. @return 0; -ENOENT; -EINVAL.
 */
CGB_PUBLIC int cgb_memory_set_rights(
        struct cgb_memory *law, cgb_node node, uint32_t share_permille, uint64_t floor_bytes, uint64_t cap_bytes);

/** Whether memory.reclaim is there, where that shows later than at the beginning. */
CGB_PUBLIC void cgb_memory_set_can_reclaim(struct cgb_memory *law, bool can_reclaim);

/** A write failed: what memory.high really holds. @return 0; -ENOENT. */
CGB_PUBLIC int cgb_memory_set_written(struct cgb_memory *law, cgb_node node, uint64_t high_bytes);

/**
 * Somebody else wrote memory.high: the value is theirs, and the group is measured and left alone from now on. @return 0;
 * -ENOENT.
 */
CGB_PUBLIC int cgb_memory_set_foreign(struct cgb_memory *law, cgb_node node, uint64_t high_bytes);

/**
 * Opens the round. Sizes are clamped, nothing is refused.
 *
 * @now_usec: a clock that is the same in every call, such as CLOCK_BOOTTIME. Where it went back the round counts no time,
 *            and where it jumped, as over a suspend, a minute.
 */
CGB_PUBLIC void cgb_memory_observe_pool(
        struct cgb_memory *law, const struct cgb_memory_pool_sample *sample, uint64_t now_usec);

/** This group used the CPU since the last round: it is awake. @return 0; -ENOENT. */
CGB_PUBLIC int cgb_memory_wake(struct cgb_memory *law, cgb_node node);

/**
 * The next group of which @file is wanted in this round. Each comes once; one that cannot be read is simply not observed.
 *
 * @return true and the node in *@ret, or false when there is none left
 */
CGB_PUBLIC bool cgb_memory_next_to_read(struct cgb_memory *law, enum cgb_memory_file file, cgb_node *ret);

/**
 * memory.current. A new @identity is another group of the same name: nothing of the old one's past counts. @return 0;
 * -ENOENT.
 */
CGB_PUBLIC int cgb_memory_observe_current(struct cgb_memory *law, cgb_node node, uint64_t usage_bytes, uint64_t identity);

/** memory.events: its `high`. @return 0; -ENOENT. */
CGB_PUBLIC int cgb_memory_observe_events(struct cgb_memory *law, cgb_node node, uint64_t high);

/** @return 0; -ENOENT. */
CGB_PUBLIC int cgb_memory_observe_stat(struct cgb_memory *law, cgb_node node, const struct cgb_memory_stat_sample *sample);

/**
 * `some total` of both files, counters: what they grew by since the reading before says whether the group was calm.
 * CGB_UNKNOWN where PSI is off, which counts as calm. @return 0; -ENOENT.
 */
CGB_PUBLIC int cgb_memory_observe_pressure(struct cgb_memory *law, cgb_node node, uint64_t memory_usec, uint64_t io_usec);

/** Closes the round: settles rights and credits, and decides. */
CGB_PUBLIC void cgb_memory_step(struct cgb_memory *law);

/**
 * Takes the next thing to do, and believes a memory.high written: raises, parents before children; lowerings, children
 * before parents; then what is to be reclaimed.
 *
 * @return false when none is left
 */
CGB_PUBLIC bool cgb_memory_next_action(struct cgb_memory *law, struct cgb_memory_action *ret);

/**
 * A reclaim has ended, in whole, partly (-EAGAIN, -EINTR) or not at all.
 *
 * @usage_bytes: memory.current after it
 * @return 0; -ENOENT if there is no such group, or none was asked of it
 */
CGB_PUBLIC int cgb_memory_reclaimed(struct cgb_memory *law, cgb_node node, uint64_t usage_bytes);

/** When the next round is due, which may be sooner than a step: somebody is near its limit. */
CGB_PUBLIC uint64_t cgb_memory_due_usec(const struct cgb_memory *law);

/** @return 0 and the group as it stands in *@ret; -ENOENT, also for the root. */
CGB_PUBLIC int cgb_memory_get(const struct cgb_memory *law, cgb_node node, struct cgb_memory_state *ret);

/** The pool as it stands. */
CGB_PUBLIC void cgb_memory_get_pool(const struct cgb_memory *law, struct cgb_memory_pool_state *ret);

/**
 * Does a parent's memory.low cover the floors below it? Where it does not, the kernel gives each child only its part of it.
 *
 * @sum_bytes: of all floors, the new one included; @low_bytes: the parent's memory.low
 * @return 0; -ENOSPC and, in *@ret_missing, what is missing
 */
CGB_PUBLIC int cgb_memory_check_floors(uint64_t sum_bytes, uint64_t low_bytes, uint64_t *ret_missing);

#ifdef __cplusplus
}
#endif

#endif
