/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contention price of a pool: 0 while nobody is kept waiting, 1 when the CPUs are full. Only what it prices is paid, so
 * running alone, or on CPUs that nobody else wants, costs nothing.
 */
#include "state.h"

/*
 * Below half, a runnable task finds a free CPU; from nine tenths on the CPUs count as full, because interrupts, steal time
 * and the balancing of load keep a busy machine from ever showing 100 %. Per 2^16.
 */
#define RAMP_START_Q16 (CGB_Q16_ONE / 2)
#define RAMP_END_Q16 (CGB_Q16_ONE * 9 / 10)

/* Growth of a counter since the last round; 0 if it is not offered, or went back. */
static uint64_t growth(uint64_t now, uint64_t before)
{
        if (now == CGB_UNKNOWN || before == CGB_UNKNOWN || now < before)
                return 0;
        return now - before;
}

static uint64_t ramp_q16(uint64_t fullness_q16)
{
        if (fullness_q16 <= RAMP_START_Q16)
                return 0;
        if (fullness_q16 >= RAMP_END_Q16)
                return CGB_Q16_ONE;
        return (fullness_q16 - RAMP_START_Q16) * CGB_Q16_ONE / (RAMP_END_Q16 - RAMP_START_Q16);
}

/* Part of @whole in Q16, at most 1. */
static uint64_t part_q16(uint64_t part, uint64_t whole)
{
        return part >= whole ? CGB_Q16_ONE : cgb_scale_part(part, whole, CGB_Q16_ONE);
}

/* What the accounts' own readings add up to: all there is where the pool's usage cannot be read. */
static uint64_t used_by_accounts(const struct cgb_policy *policy, const struct cgb_pool *pool)
{
        uint64_t used_usec = 0;

        for (uint32_t i = pool->first[AWAKE]; i != NONE; i = policy->slots[i].next)
                used_usec += cgb_min_u64(policy->slots[i].account.used_usec, UINT32_MAX);
        return used_usec;
}

void cgb_pool_price(struct cgb_policy *policy, uint32_t node, uint64_t elapsed_usec)
{
        uint32_t parent = policy->slots[node].parent;
        struct cgb_pool *pool = cgb_pool_of(policy, node);
        uint64_t capacity_usec = cgb_max_u64(elapsed_usec * pool->sample.cpus_permille / 1000, 1);
        uint64_t used_usec, full_q16;

        pool->price_q16 = 0;
        pool->full_q16 = 0;
        if (!pool->known || elapsed_usec == 0)
                return;

        used_usec = pool->sample.usage_usec == CGB_UNKNOWN ? used_by_accounts(policy, pool)
                                                           : growth(pool->sample.usage_usec, pool->previous.usage_usec);
        used_usec = cgb_max_u64(used_usec, growth(pool->sample.machine_usec, pool->previous.machine_usec));
        full_q16 = ramp_q16(part_q16(used_usec, capacity_usec));
        if (parent != NONE)
                full_q16 = cgb_max_u64(full_q16, cgb_pool_of(policy, parent)->full_q16);

        pool->full_q16 = full_q16;
        pool->price_q16 = full_q16;
        if (pool->sample.stalled_usec != CGB_UNKNOWN && pool->previous.stalled_usec != CGB_UNKNOWN)
                pool->price_q16 = cgb_min_u64(
                        full_q16, part_q16(growth(pool->sample.stalled_usec, pool->previous.stalled_usec), elapsed_usec));
}
