/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * uresourced (Fedora's desktop). A user whose session is active, the one at the seat, has weight 500 and 250 MiB of
 * protected memory; all others have 100 and none. The slice above them is protected by the sum, but by no more than a tenth
 * of the RAM.
 *
 * It asks logind who is active, not what anybody does. Where all sessions are remote all are active always, and it gives all
 * the same.
 */

#include "uresourced.h"

#define WEIGHT_ACTIVE 500
#define WEIGHT_OTHER 100
#define LOW_ACTIVE_BYTES (UINT64_C(250) << 20)
#define SLICE_PARTS_OF_MEMORY 10

struct uresourced_user uresourced_user(bool session_is_active)
{
        if (session_is_active)
                return (struct uresourced_user){WEIGHT_ACTIVE, LOW_ACTIVE_BYTES};
        return (struct uresourced_user){WEIGHT_OTHER, 0};
}

uint64_t uresourced_slice_low(size_t active_users, uint64_t memory_bytes)
{
        uint64_t sum_bytes = active_users * LOW_ACTIVE_BYTES, most_bytes = memory_bytes / SLICE_PARTS_OF_MEMORY;

        return sum_bytes < most_bytes ? sum_bytes : most_bytes;
}
