/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_MEMORY_NODE_H
#define BENCH_SIM_MEMORY_NODE_H

/*
 * The memory of a simulated node: whose pages are resident, whose are in swap, and what it costs to bring them back.
 *
 * A group's pages are hot (its working set: it touches them all the time) or cold (its heap besides). Reclaim takes cold
 * pages first, as two LRU lists do, and those of groups that have slept for long count as cold. All pages are anonymous:
 * what is reclaimed goes to swap, and without swap nothing can be reclaimed. Whoever makes a page resident pays for what
 * that needs: reclaim above memory.max, where the node is full, and above memory.high; and where reclaim finds nothing,
 * above memory.high, the kernel's delay.
 *
 * Pages are whole numbers, and none is lost: free + resident = size, and in swap + free there = swap, at every moment.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEM_PAGE_BYTES UINT64_C(4096)
#define MEM_MIB_PAGES (UINT64_C(1048576) / MEM_PAGE_BYTES)
#define MEM_MAX UINT64_MAX /* "max" */

enum mem_heat {
        MEM_HOT,
        MEM_COLD,
        MEM_HEATS,
};

/* What the files of a group say. Counters only grow. */
struct mem_facts {
        uint64_t current_bytes;   /* memory.current; also memory.stat: anon */
        uint64_t events_high;     /* memory.events: high */
        uint64_t oom_kills;       /* memory.events: oom_kill */
        uint64_t refaulted_bytes; /* memory.stat: workingset_refault_anon, in bytes */
        uint64_t reclaimed_bytes; /* memory.stat: pgsteal, in bytes */
        uint64_t some_usec;       /* memory.pressure: some total */
        double some_avg10;        /* memory.pressure: some avg10, per cent */
        bool ran;                 /* it used the CPU since the last step of the policy */
};

/* What may be written to them. */
struct mem_knobs {
        uint64_t high_bytes; /* memory.high, or MEM_MAX */
        uint64_t low_bytes;  /* memory.low; the node lets the parent's cover the sum */
        uint64_t max_bytes;  /* memory.max, or MEM_MAX */
};

struct mem_group {
        const char *name;
        struct mem_facts facts;
        struct mem_knobs knobs;
        /* the kernel's own */
        struct mem_knobs taken; /* knobs that hold */
        uint64_t resident[MEM_HEATS], swapped[MEM_HEATS];
        uint64_t ran_usec; /* when it last used the CPU */
        bool killed;
        uint64_t delayed_usec;  /* by memory.high, in all */
        uint64_t averaged_usec; /* some_usec when avg10 was last brought up to date */
};

/* What work on a page costs whoever waits for it. */
struct mem_costs {
        double refault_sec; /* from swap, each page */
        double reclaim_sec; /* to swap */
};

struct mem_node {
        uint64_t size_pages, swap_pages;
        struct mem_costs costs;
        uint64_t now_usec;
        size_t n;
        struct mem_group *groups;
};

/* A group that has not run for so long has no hot pages as reclaim sees it. */
#define MEM_AGES_USEC UINT64_C(30000000)

/*
 * @return the delay by memory.high at the return to user mode after a charge of @charged_pages; the kernel's integers, in
 * ms.
 */
uint64_t mem_high_delay_msec(uint64_t usage_pages, uint64_t high_pages, uint64_t charged_pages);

uint64_t mem_resident(const struct mem_group *group);
uint64_t mem_free(const struct mem_node *node);
uint64_t mem_swap_free(const struct mem_node *node);

/* @group allocates. @return for how many seconds it stands still. It may be killed, or others: see .killed. */
double mem_grow(struct mem_node *node, size_t group, enum mem_heat heat, uint64_t pages);

/* @group touches pages of its own that are in swap. @return likewise. */
double mem_refault(struct mem_node *node, size_t group, enum mem_heat heat, uint64_t pages);

/* Pages that it needs no more, or will not touch soon: resident ones first. */
void mem_drop(struct mem_node *node, size_t group, enum mem_heat heat, uint64_t pages);
void mem_cool(struct mem_node *node, size_t group, uint64_t pages);

/* memory.reclaim. Takes from the group, whatever its memory.low. @return pages taken. */
uint64_t mem_reclaim(struct mem_node *node, size_t group, uint64_t pages);

/*
 * Knobs -> the node: a limit below usage reclaims at once, in the writer; memory.max kills where that is not enough. @return
 * how many were changed.
 */
unsigned mem_take_knobs(struct mem_node *node);

/* It stood still for so long. */
void mem_note_stall(struct mem_node *node, size_t group, double sec);

/* Every two seconds, as the kernel averages. */
void mem_average(struct mem_node *node);

#endif
