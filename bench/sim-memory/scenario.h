/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_MEMORY_SCENARIO_H
#define BENCH_SIM_MEMORY_SCENARIO_H

/* Made-up days of a node's memory: who is there, and what each does. The same name and seed are the same always. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "script.h"

/* What is told apart in the table. */
enum mem_kind {
        MEM_KIND_EDIT,  /* short work, again and again: somebody types */
        MEM_KIND_BACK,  /* the first touch of a heap after a long sleep */
        MEM_KIND_BUILD, /* work that grows, and ends */
        MEM_KINDS,
};

const char *mem_kind_to_string(enum mem_kind kind);

#define MEM_DEEDS_MAX 2048
#define MEM_NAME_SIZE 24

struct mem_workspace {
        char name[MEM_NAME_SIZE];
        uint64_t hot_pages, cold_pages; /* resident from the start */
        uint64_t max_pages;             /* memory.max */
        size_t n_deeds;
        struct mem_deed *deeds;
};

struct mem_scenario {
        const char *name;
        double span_sec;
        uint64_t size_pages, swap_pages;
        size_t n;
        struct mem_workspace *workspaces;
};

/* The names, one a line with what they are. */
extern const char mem_scenario_help[];

/* @return 0; -EINVAL for an unknown name; -ENOMEM. Complains. */
int mem_scenario_make(struct mem_scenario *ret, const char *name, uint64_t seed, bool has_swap);
void mem_scenario_free(struct mem_scenario *scenario);

#endif
