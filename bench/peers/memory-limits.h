/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PEERS_MEMORY_LIMITS_H
#define BENCH_PEERS_MEMORY_LIMITS_H

/* Memory limits that do not look at pressure: static, Kubernetes' MemoryQoS, Arbiter 3. See memory-limits.c. */

#include <stdint.h>

/* memory.high of a coding sandbox whose memory.max is @max_bytes. */
uint64_t static_high(uint64_t max_bytes);

/* memory.high by Kubernetes' MemoryQoS; @request_bytes <= @limit_bytes. */
uint64_t memory_qos_high(uint64_t request_bytes, uint64_t limit_bytes, uint64_t page_bytes);

/* memory.max by Arbiter 3, to be set anew in every round. */
uint64_t arbiter3_max(uint64_t limit_bytes, uint64_t usage_bytes);

#endif
