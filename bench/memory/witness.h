/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_WITNESS_H
#define BENCH_MEMORY_WITNESS_H

/* What the kernel has to say about a group: the counters that show a limit that hurts. */

#include <stdint.h>

struct witness {
        uint64_t high, max, oom_kill;   /* memory.events: times above memory.high, at memory.max, killed */
        uint64_t refault_pages;         /* memory.stat: workingset_refault_anon + _file */
        uint64_t some_usec, full_usec;  /* memory.pressure */
        uint64_t cpu_usec, system_usec; /* cpu.stat */
        uint64_t throttled_usec;
        uint64_t usage_bytes, peak_bytes; /* as they stand; peak 0 before Linux 5.19 */
};

/* What cannot be read is 0. */
struct witness witness_now(int dir_fd);

/* What was counted from @earlier to @later; usage and peak are the later ones. */
struct witness witness_between(const struct witness *earlier, const struct witness *later);

/* Counters and sizes of both together. */
void witness_add(struct witness *sum, const struct witness *witness);

/* "KEY NUMBER" or "KEY=NUMBER" at the beginning of a word of @text; 0 if it is not there. */
uint64_t witness_number(const char *text, const char *key);

#endif
