/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_KARMA_H
#define BENCH_PEERS_KARMA_H

/* Karma: credits for a shared resource that comes in slices. See karma.c. */

#include <stddef.h>
#include <stdint.h>

struct karma_user {
        int64_t credits;
        int64_t demand;    /* slices wanted in this quantum; in */
        int64_t allocated; /* slices got; out */
        int64_t donated;   /* of the guarantee and not yet lent: scratch */
};

struct karma {
        int64_t fair;       /* f: slices of a user where all have the same */
        int64_t guaranteed; /* alpha * f: 0..f */
};

/* Scratch of karma_quantum(), one for each user. */
struct karma_run {
        int64_t first; /* the most urgent value of a run of descending numbers */
        int64_t length;
        int64_t taken;
        size_t user;
};

struct karma_edge {
        int64_t value;
        int64_t slope;
};

/* Divides one quantum among @users by the published rule, one slice after the other: O(slices * n). The oracle. */
void karma_quantum_naive(const struct karma *karma, struct karma_user *users, size_t n);

/* The same result, slice for slice, in O(n log n). @runs has room for n, @edges for 2 n. */
void karma_quantum(
        const struct karma *karma, struct karma_user *users, size_t n, struct karma_run *runs, struct karma_edge *edges);

/* What a newcomer starts with: the mean of those who are there, rounded down; @initial where there is nobody. */
int64_t karma_newcomer(const struct karma_user *users, size_t n, int64_t initial);

#endif
