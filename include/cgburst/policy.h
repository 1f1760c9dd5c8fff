/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_POLICY_H
#define CGBURST_POLICY_H

/**
 * cgburst/policy.h - the algorithm alone
 *
 * The kernel's fair scheduler forgets when a task sleeps; this remembers. Every group of a tree has an account among its
 * siblings: a signed credit that says how far it stayed below (+) or went above (-) its fair share while the CPUs were
 * wanted. Credit becomes cpu.weight before the next burst comes. docs/algorithm.md has the law, its proofs and limits.
 *
 * Nothing in here reads a clock, makes a system call or allocates: samples and the time go in, actions come out. The same
 * calls therefore run live, in a simulation, in a replay and in tests. A round is
 *
 *     cgb_policy_observe_pool() for every parent, then
 *     cgb_policy_next_to_read() / cgb_policy_observe() until it has no more to ask for,
 *     cgb_policy_step(now), and cgb_policy_next_action() until it is empty.
 *
 * Words: a *node* is a group. A node with children is a *pool*: it owns the ledger in which its children have their
 * *accounts*. Lanes of one workspace (interactive, batch) are accounts like any other, best as siblings, each with a part
 * of the workspace's share.
 *
 * Errors are negative errno values; an error leaves the state and every out-parameter as they were. No function may be
 * called on one policy from two threads at once; different policies share nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CGB_PUBLIC __attribute__((__visibility__("default")))
#else
#define CGB_PUBLIC
#endif

/** A group known to a policy: an index that stays the same until the node leaves, and may be given out again after. */
typedef uint32_t cgb_node;

/** The managed parent itself: a pool, and nobody's account. It exists from cgb_policy_init() on. */
#define CGB_NODE_ROOT ((cgb_node)0)

/** A counter that this kernel does not offer: unknown, which is not zero. */
#define CGB_UNKNOWN UINT64_MAX

/** One share unit: 1000 permille, what cpu.weight 100 stands for. */
#define CGB_SHARE_DEFAULT_PERMILLE 1000u
#define CGB_SHARE_MIN_PERMILLE 10u
#define CGB_SHARE_MAX_PERMILLE 100000u

/** The kernel's range of cpu.weight (Documentation/admin-guide/cgroup-v2.rst). */
#define CGB_WEIGHT_MIN 1u
#define CGB_WEIGHT_DEFAULT 100u
#define CGB_WEIGHT_MAX 10000u

struct cgb_policy;

/** The constants of the law. cgb_policy_options_init() sets the defaults; docs/algorithm.md says where they come from. */
struct cgb_policy_options {
        size_t size;              /**< sizeof(struct cgb_policy_options) */
        uint32_t capacity;        /**< nodes there is room for, the root included; 1..1048576 */
        uint64_t slow_depth_usec; /**< how much fair-share time the slow account holds; 1 ms..1 day */
        /**
         * the same of the fast account; three to fifteen steps serve well. It is shared by those who were active in the last
         * sixty of these, or joined in them; who was not has it full
         */
        uint64_t fast_depth_usec;
        /** thousandths of a doubling of the weight at full slow credit; slow + fast <= 12000 */
        uint32_t slow_strength_permille;
        /** thousandths of a halving at full slow debt; 0 = debt does not count; debt + fast <= 12000 */
        uint32_t debt_strength_permille;
        uint32_t fast_strength_permille; /**< of a doubling at full fast credit, and of a halving at full fast debt */
        uint32_t floor_permille;         /**< alpha: part of its fair share which a group that is active keeps; 0..1000 */
        /** how many times the weight of all that are awake below it one group may have; 1000..1000000 */
        uint32_t reach_permille;
        uint32_t hysteresis_permille; /**< a weight is written on a change of this part or more; 0..1000 */
        /**
         * 1: groups without an account compete with these at a weight of 100, so a debtor is kept below that; 0: ratios
         * alone count
         */
        uint32_t beside_others;
};

/**
 * What an account had when it was saved, in nanoseconds of CPU time: CPU time, not time on the wall. Exact: an account
 * that joins with a balance goes on as if it had never left, but that it counts as one who was active, as all who join do.
 * The slow part is taken from the pool's bank.
 */
struct cgb_balance {
        int64_t slow_nsec;
        int64_t fast_nsec;
};

/** A group that joins. */
struct cgb_account_options {
        size_t size;                /**< sizeof(struct cgb_account_options) */
        cgb_node parent;            /**< its pool */
        uint32_t share_permille;    /**< CGB_SHARE_MIN_PERMILLE..CGB_SHARE_MAX_PERMILLE */
        uint64_t identity;          /**< tells this group from a later one of the same name: the directory's inode */
        uint64_t usage_usec;        /**< cpu.stat usage_usec at this moment: what is past is not charged */
        uint32_t weight;            /**< what cpu.weight holds now, at most CGB_WEIGHT_MAX; 0 = not known */
        struct cgb_balance balance; /**< zeros for a newcomer */
};

/** What is read of a pool's own directory once a round. */
struct cgb_pool_sample {
        uint64_t usage_usec;   /**< cpu.stat usage_usec, or CGB_UNKNOWN: then every account is asked for */
        uint64_t stalled_usec; /**< cpu.pressure `some` total, or CGB_UNKNOWN where PSI is off */
        uint64_t machine_usec; /**< the usage of everybody on these CPUs, or CGB_UNKNOWN: then the pool's own counts alone */
        uint32_t cpus_permille; /**< the CPUs its groups may use, in thousandths; 1..8192000 */
};

/** What is read of an account. */
struct cgb_account_sample {
        uint64_t usage_usec; /**< cpu.stat usage_usec */
        uint64_t identity;   /**< as in cgb_account_options: if it differs, the usage so far is not charged */
};

/** Why a weight is what it is. */
enum cgb_reason {
        CGB_REASON_SHARE,  /**< no credit and no debt: the share alone */
        CGB_REASON_CREDIT, /**< credit in hand: it was below its fair share */
        CGB_REASON_DEBT,   /**< it was above its fair share while others wanted the CPU */
        CGB_REASON_REACH,  /**< more credit than is needed against those awake: held at reach */
        CGB_REASON_FLOOR,  /**< raised to the floor that every active group has */
        CGB_REASON_RANGE,  /**< cut to the range that the kernel takes */
};

/** A weight that wants writing. */
struct cgb_action {
        cgb_node node;
        uint32_t weight;   /**< CGB_WEIGHT_MIN..CGB_WEIGHT_MAX */
        uint32_t previous; /**< what was last written or seen; 0 = not known */
        enum cgb_reason reason;
};

/** An account as it stands. Credits and caps in microseconds of CPU time. */
struct cgb_account_state {
        cgb_node parent;
        uint32_t share_permille;
        uint64_t usage_usec; /**< as last observed */
        int64_t slow_credit_usec;
        int64_t slow_cap_usec; /**< the credit lies in -cap..+cap */
        int64_t fast_credit_usec;
        int64_t fast_cap_usec;
        uint32_t weight;  /**< what the law wants now */
        uint32_t written; /**< what the kernel is believed to hold; 0 = not known */
        enum cgb_reason reason;
        bool active;                /**< used the CPU in the last step */
        struct cgb_balance balance; /**< to be saved, and handed to cgb_policy_join() later */
};

/** A pool as it stands. */
struct cgb_pool_state {
        uint32_t accounts;
        uint32_t awake;          /**< accounts that used the CPU lately: these cost something per step */
        uint32_t price_permille; /**< contention in the last step: 0 nobody waited, 1000 the CPUs were full */
        int64_t bank_nsec; /**< bank + the sum of slow credits never changes, to the nanosecond (see struct cgb_balance); held at the ends of int64 */
};

/** Sets every field of @options to its default for a step of @step_usec and @capacity nodes. */
CGB_PUBLIC void cgb_policy_options_init(struct cgb_policy_options *options, uint64_t step_usec, uint32_t capacity);

/** Bytes that a policy of @options->capacity nodes needs; 0 if the options are out of range. */
CGB_PUBLIC size_t cgb_policy_memory_size(const struct cgb_policy_options *options);

/**
 * Makes a policy in @memory, which stays the caller's and must be aligned as malloc() aligns and live as long as the
 * policy. There is nothing to free besides it.
 *
 * @return 0; -EINVAL if an option is out of range; -ENOMEM if @memory_size is too small.
 */
CGB_PUBLIC int cgb_policy_init(
        struct cgb_policy **ret, void *memory, size_t memory_size, const struct cgb_policy_options *options);

/**
 * Moves *@policy into larger memory for @capacity nodes. Nodes keep their numbers. The old memory may be freed after.
 *
 * @return 0; -EINVAL if @capacity is smaller than before or out of range; -ENOMEM if @memory_size is too small.
 */
CGB_PUBLIC int cgb_policy_grow(struct cgb_policy **policy, void *memory, size_t memory_size, uint32_t capacity);

/**
 * A group joins its parent's ledger. Its first weight is among the actions of the next step, contended or not.
 *
 * @return 0 and the node in *@ret; -EINVAL for an unknown size, or a share or weight out of range; -ENOENT if the parent is
 *         not known; -ENOSPC if the capacity is used up (see cgb_policy_grow()), or if all shares of the pool together come
 *         to more than 2^30 permille.
 */
CGB_PUBLIC int cgb_policy_join(struct cgb_policy *policy, const struct cgb_account_options *options, cgb_node *ret);

/** A group leaves; its slow credit or debt goes to the bank. @return 0; -ENOENT; -EBUSY while it has children. */
CGB_PUBLIC int cgb_policy_leave(struct cgb_policy *policy, cgb_node node);

/** Changes a share from the next step on. @return 0; -ENOENT; -EINVAL for one that is out of range, or too much for the pool. */
CGB_PUBLIC int cgb_policy_set_share(struct cgb_policy *policy, cgb_node node, uint32_t share_permille);

/**
 * What the kernel's file really holds: after a write that failed, or when somebody else wrote; 0: not known.
 *
 * @return 0; -ENOENT; -EINVAL above CGB_WEIGHT_MAX
 */
CGB_PUBLIC int cgb_policy_set_written(struct cgb_policy *policy, cgb_node node, uint32_t weight);

/**
 * Opens the round for one pool. A pool that is not observed stays as it is in this step. @return 0; -ENOENT if it is none;
 * -EINVAL for CPUs out of range.
 */
CGB_PUBLIC int cgb_policy_observe_pool(struct cgb_policy *policy, cgb_node pool, const struct cgb_pool_sample *sample);

/**
 * The account of @pool to read next: first those awake; then, only while the pool's own usage says that somebody else
 * ran, the sleepers, last seen first. This is what makes a step cost what is awake and not what is registered.
 *
 * Each account comes once a round; one that cannot be read is simply not observed.
 *
 * @return true and the node in *@ret, or false when there is none left to read.
 */
CGB_PUBLIC bool cgb_policy_next_to_read(struct cgb_policy *policy, cgb_node pool, cgb_node *ret);

/**
 * Takes a reading. A counter that went back, or a new identity, becomes the new base and charges nothing. @return 0;
 * -ENOENT.
 */
CGB_PUBLIC int cgb_policy_observe(struct cgb_policy *policy, cgb_node node, const struct cgb_account_sample *sample);

/**
 * Closes the round: settles accounts and sets weights, parents before children.
 *
 * @now_usec: a clock that does not stop for suspend and is the same in every call, such as CLOCK_BOOTTIME. Where it went
 *            back the round charges nobody.
 */
CGB_PUBLIC void cgb_policy_step(struct cgb_policy *policy, uint64_t now_usec);

/**
 * Takes the next weight that wants writing, and believes it written (see cgb_policy_set_written()). @return false when none
 * is left.
 */
CGB_PUBLIC bool cgb_policy_next_action(struct cgb_policy *policy, struct cgb_action *ret);

/** @return 0 and the account as it stands in *@ret; -ENOENT, also for the root. */
CGB_PUBLIC int cgb_policy_get_account(const struct cgb_policy *policy, cgb_node node, struct cgb_account_state *ret);

/** @return 0 and the pool as it stands in *@ret; -ENOENT. Goes through all of its accounts. */
CGB_PUBLIC int cgb_policy_get_pool(const struct cgb_policy *policy, cgb_node pool, struct cgb_pool_state *ret);

/**
 * The pool's price_permille alone, which costs the same however many accounts there are: for every step.
 *
 * @return 0 and the price in *@ret_permille; -ENOENT
 */
CGB_PUBLIC int cgb_policy_get_price(const struct cgb_policy *policy, cgb_node pool, uint32_t *ret_permille);

#ifdef __cplusplus
}
#endif

#endif
