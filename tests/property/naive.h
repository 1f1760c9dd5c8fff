/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CGBURST_TESTS_NAIVE_H
#define CGBURST_TESTS_NAIVE_H

/*
 * The law of docs/algorithm.md, read aloud: in real numbers, every account visited in every step, no virtual time, no lists,
 * nothing remembered that the page does not name. It is slow and it rounds nowhere, and so it can be wrong only where the
 * page is.
 *
 * Exact integers may differ from real numbers by their rounding. `doubt` bounds by how much, and grows as roundings add up.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cgburst/policy.h>

struct naive_node {
        bool there;
        size_t parent;
        size_t children;
        double share;

        /* What the caller says of the coming step, as a pool and as an account. */
        bool observed;
        double cpus;
        double stalled_usec; /* growth, as of the next two; negative: not known */
        double used_usec;
        double machine_usec;
        double ran_usec;

        /* The account. Nanoseconds of CPU time. */
        double slow, slow_cap;
        double fast, fast_cap;
        double slow_doubt, fast_doubt;
        bool active, awake, ever_active, fresh;
        bool counts; /* for the fast accounts */
        double active_at, noticed_at;
        double raw;
        double pull; /* raw, held between floor and reach */

        /* The pool. */
        bool priced; /* observed before: there is a step to price */
        double observed_at;
        double full, price, slow_price;
        double bank, bank_doubt;
        double carried; /* nanoseconds that may wait to be divided, because they do not by all permille of share */
        double top;     /* t of the page; infinite while nobody is awake */
        double floor;
        bool at_the_edge; /* who is cut by `reach` hangs on a rounding */
};

struct naive {
        struct cgb_policy_options options;
        size_t room;
        struct naive_node *nodes; /* the caller numbers them; 0 is the root */
};

struct naive *naive_new(const struct cgb_policy_options *options, size_t room);
void naive_free(struct naive *naive);

void naive_join(struct naive *naive, size_t at, size_t parent, uint32_t share_permille, struct cgb_balance balance);
void naive_set_share(struct naive *naive, size_t at, uint32_t share_permille);
void naive_leave(struct naive *naive, size_t at);

/* One step of all pools that are marked observed; takes the marks and what ran off again. */
void naive_step(struct naive *naive, uint64_t now_usec);

/* Nanoseconds, as a pool shows them: within the caps. */
double naive_slow(const struct naive *naive, size_t at);
double naive_fast(const struct naive *naive, size_t at);
double naive_bank(const struct naive *naive, size_t pool);

/* By what part an account's raw weight may be off because its credits are. */
double naive_doubt(const struct naive *naive, size_t at);

/* The weight of an account if one share without credit weighs @scale: neither rounded nor cut to the kernel's range. */
double naive_weight(const struct naive *naive, size_t at, double scale);

#endif
