/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_URESOURCED_H
#define BENCH_PEERS_URESOURCED_H

/* uresourced, for desktops: who has an active session is preferred. See uresourced.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uresourced_user {
        uint32_t weight;    /* cpu.weight */
        uint64_t low_bytes; /* memory.low */
};

struct uresourced_user uresourced_user(bool session_is_active);

/* memory.low of the slice above all users, without which theirs would count for nothing. */
uint64_t uresourced_slice_low(size_t active_users, uint64_t memory_bytes);

#endif
