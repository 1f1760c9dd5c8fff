/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Max-min: whoever wants less than its weight's part of what there is gets all it wants; what it leaves is divided among the
 * others. It forgets: what one left yesterday earns nothing today. The bound of utilisation for all who divide one quantum
 * after the other.
 *
 * In rising order of demand per weight one pass does: who comes next wants at least as much per weight as all before.
 */

#include <stdlib.h>

#include "max-min.h"

static int by_demand_per_weight(const void *a, const void *b)
{
        const struct max_min_user *left = *(struct max_min_user *const *)a, *right = *(struct max_min_user *const *)b;
        double l = left->demand / left->weight, r = right->demand / right->weight;

        return (l > r) - (l < r);
}

void max_min(struct max_min_user *users, size_t n, double capacity, struct max_min_user **order)
{
        double weights = 0;

        for (size_t i = 0; i < n; i++) {
                order[i] = &users[i];
                weights += users[i].weight;
        }
        qsort(order, n, sizeof(struct max_min_user *), by_demand_per_weight);
        for (size_t i = 0; i < n; i++) {
                struct max_min_user *user = order[i];
                double part = i + 1 < n ? capacity * user->weight / weights : capacity;

                user->allocated = user->demand < part ? user->demand : part;
                capacity -= user->allocated;
                weights -= user->weight;
        }
}
