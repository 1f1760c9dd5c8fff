/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The others: limits that are set once, and those that follow usage or pressure. Their laws are in bench/peers. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../peers/memory-limits.h"
#include "../peers/senpai.h"
#include "policy.h"

/* A fifth of the limit is what people ask for who may have it all. */
#define REQUEST_PART 5

/* bench/peers/uresourced.c has the weight; this is the memory of an active session. */
#define URESOURCED_LOW_BYTES (UINT64_C(250) << 20)
#define URESOURCED_STEP_USEC UINT64_C(1000000)

/* Arbiter 3 lowers its limits anew every few seconds. Its limit is a part of what the operator allows. */
#define ARBITER3_STEP_USEC UINT64_C(5000000)
#define ARBITER3_PART 4

static int open_nothing(void **ret, struct mem_machine *machine)
{
        (void)machine;
        *ret = NULL;
        return 0;
}

static int open_static(void **ret, struct mem_machine *machine)
{
        for (size_t i = 0; i < machine->node->n; i++)
                machine->node->groups[i].knobs.high_bytes = static_high(machine->node->groups[i].knobs.max_bytes);
        *ret = NULL;
        return 0;
}

static int open_qos(void **ret, struct mem_machine *machine)
{
        for (size_t i = 0; i < machine->node->n; i++) {
                uint64_t max_bytes = machine->node->groups[i].knobs.max_bytes;

                machine->node->groups[i].knobs.high_bytes =
                        memory_qos_high(max_bytes / REQUEST_PART, max_bytes, MEM_PAGE_BYTES);
        }
        *ret = NULL;
        return 0;
}

static void step_arbiter3(void *state, struct mem_machine *machine)
{
        (void)state;
        for (size_t i = 0; i < machine->node->n; i++) {
                struct mem_group *group = &machine->node->groups[i];

                group->knobs.max_bytes =
                        arbiter3_max(machine->node->size_pages * MEM_PAGE_BYTES / ARBITER3_PART, group->facts.current_bytes);
        }
}

static void step_uresourced(void *state, struct mem_machine *machine)
{
        (void)state;
        for (size_t i = 0; i < machine->node->n; i++)
                machine->node->groups[i].knobs.low_bytes = machine->node->groups[i].facts.ran ? URESOURCED_LOW_BYTES : 0;
}

struct senpai {
        uint64_t some_usec; /* at the last step */
};

/* It begins where usage is. */
static int open_senpai(void **ret, struct mem_machine *machine)
{
        struct senpai *senpai = calloc(machine->node->n, sizeof(*senpai));

        for (size_t i = 0; senpai && i < machine->node->n; i++)
                machine->node->groups[i].knobs.high_bytes = machine->node->groups[i].facts.current_bytes;
        *ret = senpai;
        return senpai ? 0 : -ENOMEM;
}

static void step_senpai(void *state, struct mem_machine *machine)
{
        struct senpai *senpai = state;

        for (size_t i = 0; i < machine->node->n; i++) {
                struct mem_group *group = &machine->node->groups[i];
                uint64_t high_bytes = senpai_high(group->knobs.high_bytes, group->facts.some_usec - senpai[i].some_usec);

                group->knobs.high_bytes = high_bytes < group->knobs.max_bytes ? high_bytes : group->knobs.max_bytes;
                senpai[i].some_usec = group->facts.some_usec;
        }
}

static const struct mem_policy policy_none = {.name = "none", .summary = "memory.max alone", .open = open_nothing};
static const struct mem_policy policy_static = {
        .name = "static", .summary = "memory.high 256 MiB below memory.max", .open = open_static};
static const struct mem_policy policy_qos = {
        .name = "qos", .summary = "Kubernetes MemoryQoS, for a request of a fifth of memory.max", .open = open_qos};
static const struct mem_policy policy_senpai = {.name = "senpai",
        .summary = "memory.high by pressure, 10 ms in 6 s",
        .step_usec = SENPAI_STEP_USEC,
        .open = open_senpai,
        .step = step_senpai,
        .close = free};
static const struct mem_policy policy_uresourced = {
        .name = "uresourced",
        .summary = "memory.low 250 MiB for those who run",
        .step_usec = URESOURCED_STEP_USEC,
        .open = open_nothing,
        .step = step_uresourced,
};
static const struct mem_policy policy_arbiter3 = {
        .name = "arbiter3",
        .summary = "a limit of a quarter of the machine, never below usage",
        .step_usec = ARBITER3_STEP_USEC,
        .open = open_nothing,
        .step = step_arbiter3,
};

const struct mem_policy *const mem_policies[] = {
        &policy_none,
        &policy_static,
        &policy_qos,
        &policy_senpai,
        &policy_uresourced,
        &policy_arbiter3,
        &mem_policy_cgburst,
        NULL,
};

const struct mem_policy *mem_policy_find(const char *name)
{
        for (const struct mem_policy *const *policy = mem_policies; *policy; policy++)
                if (!strcmp((*policy)->name, name))
                        return *policy;
        return NULL;
}
