/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a policy remembers. One block of memory, given by the caller: the head below and two arrays, a slot and a pool for each node,
 * linked by index so that the block can be moved. A node is an account in its parent's ledger and, once it has children, a pool with a
 * ledger.
 *
 * Children stand in one of two lists of their pool. The awake, and those who have just joined, are looked at in every step;
 * the asleep only when the pool's usage says that one of them ran, and in a rotation that keeps their weights current. That
 * split is what makes a step cost what is awake.
 */
#include <cgburst/policy.h>

#include "fixed.h"

#define NONE UINT32_MAX

/** The two time scales of an account. */
enum cgb_span {
        SLOW,
        FAST,
        SPANS,
};

enum cgb_place {
        ASLEEP,
        AWAKE,
        PLACES,
};

/** The books of one pool, in nanoseconds of CPU time. */
struct cgb_ledger {
        uint64_t shares_permille[SPANS]; /* S: of all, and of those who count for the fast accounts */
        uint64_t virtual_nsec[SPANS];    /* V: what each permille of share has earned; may wrap, only differences count */
        uint64_t remainder_nsec[SPANS];  /* earned, and not yet divisible by S */
        int64_t cap_nsec[SPANS];         /* K for one permille of share; 0 until the CPUs are known */
        cgb_i128 bank_nsec;
};

struct cgb_pool {
        struct cgb_ledger ledger;
        uint32_t first[PLACES]; /* children, those last seen running first */
        uint32_t count[PLACES];
        uint32_t next_pool; /* parents come before their children */

        /* the round that is open */
        struct cgb_pool_sample sample;
        bool observed;
        uint32_t cursor; /* the next child to read */
        enum cgb_place reading;

        /* since the last round */
        bool known;             /* .previous is of an earlier round */
        uint64_t observed_usec; /* the time of that round */
        struct cgb_pool_sample previous;
        uint64_t explained_usec; /* the part of the pool's usage that the accounts' readings account for */
        uint64_t full_q16;       /* how full its CPUs, or those of an ancestor, were */
        uint64_t price_q16;

        /* how credits become weights here, see weights.c */
        uint32_t largest_share_permille;
        uint64_t reach_q20;   /* t: no raw weight counts above this */
        uint64_t floor_q20;   /* f: no active one's counts below this */
        uint64_t full_weight; /* share_permille * raw_q20 that comes to CGB_WEIGHT_MAX */
};

struct cgb_account {
        uint32_t share_permille;
        uint64_t identity;
        uint64_t usage_usec;
        uint64_t used_usec; /* in the round that is open */
        uint64_t last_active_usec;
        uint64_t noticed_usec; /* the same, or when it joined: it is looked at, and counts, for a while from then on */
        int64_t credit_nsec[SPANS];
        uint64_t seen_nsec[SPANS]; /* the ledger's virtual time when the credit was last settled */
        uint64_t raw_q20;
        uint32_t weight;
        uint32_t written;
        enum cgb_reason reason;
        bool fresh;      /* joined since the last step */
        bool active;     /* in the last step */
        bool awake;      /* active within two fast depths: it counts in the pool's measures */
        bool was_active; /* ever */
        bool counts;     /* noticed not long ago: fast credit is divided by those who do, and who does not has all of it */
};

struct cgb_slot {
        _Alignas(struct cgb_pool) bool taken;
        uint32_t parent;
        enum cgb_place place;
        uint32_t next, previous; /* among the children of the same place; .next also chains the free slots */
        bool wanted;             /* stands in the queue of actions */
        uint32_t next_action, previous_action;
        struct cgb_account account;
};

struct cgb_policy {
        struct cgb_policy_options options;
        uint32_t used; /* slots that were ever taken: the rotation goes over these */
        uint32_t free;
        uint32_t first_pool, last_pool;
        uint32_t first_action, last_action;
        uint32_t rotation;
        struct cgb_slot slots[];
};

/* Behind the slots, one for each: few are used, and without them accounts are close together. */
static inline struct cgb_pool *cgb_pool_of(const struct cgb_policy *policy, uint32_t node)
{
        return (struct cgb_pool *)(uintptr_t)&policy->slots[policy->options.capacity] + node;
}

/* The slot of @node, or NULL if nothing lives there. */
static inline struct cgb_slot *cgb_slot_find(struct cgb_policy *policy, cgb_node node)
{
        return node < policy->used && policy->slots[node].taken ? &policy->slots[node] : NULL;
}

static inline bool cgb_is_pool(const struct cgb_policy *policy, uint32_t node)
{
        const struct cgb_pool *pool = cgb_pool_of(policy, node);

        return node == CGB_NODE_ROOT || pool->count[AWAKE] + pool->count[ASLEEP] > 0;
}

/* lists.c: who stands where */
void cgb_child_insert(struct cgb_policy *policy, uint32_t node, enum cgb_place place);
void cgb_child_remove(struct cgb_policy *policy, uint32_t node);
void cgb_child_move(struct cgb_policy *policy, uint32_t node, enum cgb_place place);
void cgb_pool_open(struct cgb_policy *policy, uint32_t node);
void cgb_pool_close(struct cgb_policy *policy, uint32_t node);
void cgb_action_want(struct cgb_policy *policy, uint32_t node);
void cgb_action_drop(struct cgb_policy *policy, uint32_t node);

/* ledger.c: credit */
void cgb_ledger_set_depth(struct cgb_ledger *ledger, const struct cgb_policy_options *options, uint32_t cpus_permille,
        uint32_t largest_share_permille);
void cgb_ledger_count(struct cgb_ledger *ledger, struct cgb_account *account);
void cgb_ledger_discount(struct cgb_ledger *ledger, struct cgb_account *account);
void cgb_ledger_grant(struct cgb_ledger *ledger, enum cgb_span span, uint64_t charged_nsec);
void cgb_account_settle(struct cgb_ledger *ledger, struct cgb_account *account, int64_t slow_nsec, int64_t fast_nsec);
int64_t cgb_account_credit(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span);
cgb_i128 cgb_account_uncollected_cut(const struct cgb_ledger *ledger, const struct cgb_account *account);
static inline int64_t cgb_account_cap(const struct cgb_ledger *ledger, const struct cgb_account *account, enum cgb_span span)
{
        return ledger->cap_nsec[span] * account->share_permille;
}

/* price.c: contention */
void cgb_pool_price(struct cgb_policy *policy, uint32_t node, uint64_t elapsed_usec);

/* weights.c: from credit to weight */
void cgb_account_raw(const struct cgb_policy *policy, const struct cgb_ledger *ledger, struct cgb_account *account);
void cgb_pool_measure(const struct cgb_policy *policy, struct cgb_pool *pool);
void cgb_account_weigh(struct cgb_policy *policy, const struct cgb_pool *pool, uint32_t node);
