/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_MAX_MIN_H
#define BENCH_PEERS_MAX_MIN_H

#include <stddef.h>

struct max_min_user {
        double demand;    /* in */
        double weight;    /* in; above 0 */
        double allocated; /* out */
};

/*
 * Weighted max-min: what a fair scheduler makes of weights. @order is scratch, room for @n.
 */
void max_min(struct max_min_user *users, size_t n, double capacity, struct max_min_user **order);

#endif
