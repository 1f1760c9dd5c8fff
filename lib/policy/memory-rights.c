/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rights: the fair share, the credit and the ceiling of every workspace.
 *
 * The credit is a ledger as that of the CPU, in bytes times seconds: among siblings d = (their usage by share - one's own) *
 * time, which sums to zero. Whoever held less than that while memory was short has earned what the others owe.
 *
 * The ceiling says how far one may grow before anybody thinks of it: at least the fair share; above it, by credit, a part of
 * the room. The room is what the others do not hold *now*: what a donor is asked for counts only when it is seen to have
 * dropped. So a transfer goes from the donor to the recipient, and never the other way round, without anybody keeping track
 * of pairs.
 */
#include "memory-state.h"

/* Five minutes of the fair share: a workspace that was quiet while others worked may hold twice its share for as long. */
#define CREDIT_DEPTH_USEC (300 * SECOND_USEC)

static uint64_t part_of(uint64_t amount, uint64_t part, uint64_t whole)
{
        return whole == 0 ? 0 : amount / whole * part + amount % whole * part / whole;
}

int64_t cgb_memory_credit_cap(const struct cgb_rights *rights)
{
        return (int64_t)(rights->fair_bytes / 1024 * CREDIT_DEPTH_USEC);
}

uint64_t cgb_memory_least(const struct cgb_rights *rights)
{
        uint64_t kept = cgb_minus(rights->usage_bytes, rights->droppable_bytes);

        return cgb_max_u64(rights->floor_bytes, kept + cgb_memory_headroom(rights->usage_bytes));
}

uint64_t cgb_memory_lane_part(struct cgb_memory *law, uint32_t node, uint64_t workspace_bytes)
{
        const struct cgb_memory_slot *slot = &law->slots[node];

        return cgb_minus(workspace_bytes, law->slots[slot->holder].rights.usage_bytes - slot->usage_bytes);
}

static void sum_up(struct cgb_memory *law)
{
        for_each_memory_slot(law, i)
                law->slots[i].rights.usage_bytes = law->slots[i].rights.droppable_bytes = 0;
        for (uint32_t i = 0; i < law->used; i++)
                law->slots[i].shares_permille = law->slots[i].held_bytes = law->slots[i].below_usage_bytes = 0;
        for_each_memory_slot(law, i) {
                struct cgb_rights *rights = cgb_memory_rights(law, i);

                rights->usage_bytes += law->slots[i].usage_bytes;
                if (law->slots[i].stat_known)
                        rights->droppable_bytes +=
                                cgb_min_u64(cgb_memory_droppable(law, &law->slots[i]), law->slots[i].usage_bytes);
        }
        for_each_workspace(law, i) {
                const struct cgb_rights *rights = &law->slots[i].rights;
                struct cgb_memory_slot *parent = &law->slots[law->slots[i].parent];

                parent->shares_permille += rights->share_permille;
                parent->held_bytes += cgb_max_u64(rights->floor_bytes, rights->usage_bytes);
                parent->below_usage_bytes = cgb_min_u64(parent->below_usage_bytes + rights->usage_bytes, 2 * SIZE_MAX_BYTES);
        }
}

/* The credit moves while memory is short; what the clamp cuts off, and what rounding leaves, is the bank's. */
static void settle_credit(struct cgb_memory *law, struct cgb_rights *rights, const struct cgb_memory_slot *parent)
{
        int64_t even_kib =
                (int64_t)part_of(parent->below_usage_bytes / 1024, rights->share_permille, parent->shares_permille);
        int64_t cap = cgb_memory_credit_cap(rights);
        cgb_i128 credit = rights->credit;

        if (law->contended)
                credit += (cgb_i128)(even_kib - (int64_t)(rights->usage_bytes / 1024)) * (int64_t)law->elapsed_usec;
        credit = cgb_clamp_i128(credit, -cap, cap);
        law->bank += rights->credit - credit;
        rights->credit = (int64_t)credit;
}

/* From the fair share in full debt to all of the room in full credit. */
static uint64_t ceiling(const struct cgb_rights *rights, uint64_t room_bytes)
{
        int64_t cap = cgb_memory_credit_cap(rights);
        uint64_t above = cgb_minus(room_bytes, rights->fair_bytes);
        uint64_t part_q16 = cap == 0 ? 0 : cgb_scale_part((uint64_t)(rights->credit + cap), 2 * (uint64_t)cap, CGB_Q16_ONE);

        return rights->fair_bytes + (above >> 16) * part_q16 + (((above & 0xffff) * part_q16) >> 16);
}

static void settle(struct cgb_memory *law, uint32_t node)
{
        struct cgb_memory_slot *slot = &law->slots[node];
        const struct cgb_memory_slot *parent = &law->slots[slot->parent];
        struct cgb_rights *rights = &slot->rights;
        uint64_t held_bytes = cgb_max_u64(rights->floor_bytes, rights->usage_bytes);

        rights->fair_bytes = part_of(parent->rights.fair_bytes, rights->share_permille, parent->shares_permille);
        settle_credit(law, rights, parent);
        rights->ceiling_bytes = ceiling(rights, cgb_minus(parent->rights.ceiling_bytes, parent->held_bytes - held_bytes));
}

void cgb_memory_settle(struct cgb_memory *law)
{
        sum_up(law);
        law->slots[CGB_NODE_ROOT].rights.fair_bytes = law->pool.size_bytes;
        law->slots[CGB_NODE_ROOT].rights.ceiling_bytes = law->pool.size_bytes - law->reserve_bytes;
        for (uint32_t depth = 1; depth <= law->deepest; depth++)
                for_each_workspace(law, i)
                        if (law->slots[i].depth == depth)
                                settle(law, i);
}
