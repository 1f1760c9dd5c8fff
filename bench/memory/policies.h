/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_POLICIES_H
#define BENCH_MEMORY_POLICIES_H

/* Who decides about the memory of workspaces. The laws of others are those of bench/peers. */

#include <stdint.h>

#include "stage.h"

struct memory_policy {
        const char *name;
        const char *what;
        int (*begin)(struct stage *stage); /* the groups are there and empty. Complains. */
};

#define MEMORY_POLICIES 6
extern const struct memory_policy memory_policies[MEMORY_POLICIES];

/* NULL if there is none of this name. */
const struct memory_policy *memory_policy_find(const char *name);

#endif
