/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * parse.h - the text of cgroup files, as numbers
 *
 * Every function takes bytes as read() gave them and a length, so no terminating NUL is needed and none is accepted.
 * Nothing here allocates, knows a locale or makes a system call. What the kernel would not have written is refused:
 * signs, leading zeros, carriage returns, numbers of 2^64 and above, a key that comes twice. A cut-off file is refused as
 * well, because half a number is a wrong number: files of several lines must end in a newline. Files of one value may do
 * without, since that is what a manager's own write leaves in a folder that merely looks like a cgroup tree.
 *
 * Keys that we do not know are skipped: newer kernels add some. A key that older kernels lack is CGB_UNKNOWN.
 *
 * All return 0, or -EBADMSG and leave *ret as it was.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cgburst/policy.h>

/* "max": there is no limit. */
#define CGB_NO_LIMIT UINT64_MAX

/* Linux is never built for more CPUs (CONFIG_NR_CPUS); a list that names a higher one is junk. */
#define CGB_CPUS_MAX 8192u

/* cpu.stat. The three usages are always there; the others come with the cpu controller (bursts: Linux 5.14). */
struct cgb_cpu_stat {
        uint64_t usage_usec;
        uint64_t user_usec;
        uint64_t system_usec;
        uint64_t nr_periods;
        uint64_t nr_throttled;
        uint64_t throttled_usec;
        uint64_t nr_bursts;
        uint64_t burst_usec;
};

int cgb_parse_cpu_stat(struct cgb_cpu_stat *ret, const char *bytes, size_t n);

/*
 * usage_usec of cpu.stat, and nothing else of it: what a step reads of everybody, in a tenth of the time. The kernel writes
 * that line first, and what comes after it is not looked at.
 */
int cgb_parse_usage(uint64_t *ret, const char *bytes, size_t n);

/* One line of a pressure file. Averages are hundredths of a percent: 12.34 is 1234. */
struct cgb_pressure_line {
        uint32_t avg10_permyriad;
        uint32_t avg60_permyriad;
        uint32_t avg300_permyriad;
        uint64_t total_usec;
};

/* cpu.pressure, memory.pressure, io.pressure. Where `full` is missing (cpu before Linux 5.13), its total is CGB_UNKNOWN. */
struct cgb_pressure {
        struct cgb_pressure_line some;
        struct cgb_pressure_line full;
};

int cgb_parse_pressure(struct cgb_pressure *ret, const char *bytes, size_t n);

/* memory.events. Counts, over the whole subtree; oom_group_kill came with Linux 5.17. */
struct cgb_memory_events {
        uint64_t low;
        uint64_t high;
        uint64_t max;
        uint64_t oom;
        uint64_t oom_kill;
        uint64_t oom_group_kill;
};

int cgb_parse_memory_events(struct cgb_memory_events *ret, const char *bytes, size_t n);

/* The lines of memory.stat that matter here. Sizes in bytes, the workingset_* in pages; those came with Linux 5.9. */
struct cgb_memory_stat {
        uint64_t anon_bytes;
        uint64_t file_bytes;
        uint64_t shmem_bytes;
        uint64_t inactive_anon_bytes;
        uint64_t active_anon_bytes;
        uint64_t inactive_file_bytes;
        uint64_t active_file_bytes;
        uint64_t unevictable_bytes;
        uint64_t slab_reclaimable_bytes;
        uint64_t workingset_refault_anon;
        uint64_t workingset_refault_file;
        uint64_t workingset_activate_anon;
        uint64_t workingset_activate_file;
        uint64_t workingset_restore_anon;
        uint64_t workingset_restore_file;
        uint64_t pgsteal; /* pages, by whoever reclaimed them */
};

int cgb_parse_memory_stat(struct cgb_memory_stat *ret, const char *bytes, size_t n);

/* cgroup.events. 0 or 1 each; frozen came with Linux 5.2. */
struct cgb_cgroup_events {
        uint64_t populated;
        uint64_t frozen;
};

int cgb_parse_cgroup_events(struct cgb_cgroup_events *ret, const char *bytes, size_t n);

/* One number, as in memory.current. */
int cgb_parse_u64(uint64_t *ret, const char *bytes, size_t n);

/* One number, or "max" for CGB_NO_LIMIT, as in memory.high. */
int cgb_parse_limit(uint64_t *ret, const char *bytes, size_t n);

/* cpu.weight: CGB_WEIGHT_MIN..CGB_WEIGHT_MAX. A group with cpu.idle shows 0 there, which is no weight. */
int cgb_parse_weight(uint32_t *ret, const char *bytes, size_t n);

/* cpu.max. Both above 0. */
struct cgb_cpu_max {
        uint64_t quota_usec; /* CGB_NO_LIMIT: no quota */
        uint64_t period_usec;
};

int cgb_parse_cpu_max(struct cgb_cpu_max *ret, const char *bytes, size_t n);

/* How many CPUs a list like "0-3,8" names. The list rises, as the kernel prints it; an empty one has 0. */
int cgb_parse_cpu_list_count(uint32_t *ret, const char *bytes, size_t n);

/* Is @word, whole, among the words parted by spaces or newlines, as in cgroup.controllers? */
bool cgb_list_has_word(const char *bytes, size_t n, const char *word);
