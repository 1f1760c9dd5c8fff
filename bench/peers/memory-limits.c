/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Static: memory.high 256 MiB below memory.max, as a margin before the kill. In a sandbox of 4 GiB that cost 789 s of kernel
 * CPU and a time-out after 600 s, where the same work without the margin took 141 s: above high the kernel makes tasks
 * sleep.
 *
 * Kubernetes MemoryQoS: high lies nine tenths of the way from the request to the limit, rounded down to a page. The beta was
 * stopped because builds hung at high.
 *
 * Arbiter 3: max is the limit, but never below what is used already and a little more, so nobody is killed when it is
 * lowered; each round lowers it again as usage falls.
 */

#include "memory-limits.h"

#define STATIC_MARGIN_BYTES (UINT64_C(256) << 20)
#define ARBITER3_MARGIN_BYTES (UINT64_C(400) << 10)

uint64_t static_high(uint64_t max_bytes)
{
        return max_bytes > STATIC_MARGIN_BYTES ? max_bytes - STATIC_MARGIN_BYTES : 0;
}

uint64_t memory_qos_high(uint64_t request_bytes, uint64_t limit_bytes, uint64_t page_bytes)
{
        /* nine tenths in integers; pages divide by 2 and not by 10, so it has to be rounded once, at the end */
        uint64_t high_tenths = request_bytes * 10 + (limit_bytes - request_bytes) * 9;

        return high_tenths / (10 * page_bytes) * page_bytes;
}

uint64_t arbiter3_max(uint64_t limit_bytes, uint64_t usage_bytes)
{
        uint64_t safe_bytes = usage_bytes + ARBITER3_MARGIN_BYTES;

        return limit_bytes > safe_bytes ? limit_bytes : safe_bytes;
}
