/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* lib/policy's memory law, by its public header, as the scheduler drives it. */

#include <errno.h>
#include <stdlib.h>

#include <cgburst/memory.h>

#include "policy.h"

#define STEP_USEC UINT64_C(1000000)

struct law {
        struct cgb_memory *memory;
        cgb_node *nodes; /* by group */
        size_t *groups;  /* by node */
};

static void law_close(void *state)
{
        struct law *law = state;

        if (!law)
                return;
        free(law->memory);
        free(law->nodes);
        free(law->groups);
        free(law);
}

static int join_all(struct law *law, const struct mem_node *node)
{
        for (size_t i = 0; i < node->n; i++) {
                const struct cgb_memory_group group = {
                        .size = sizeof(group),
                        .parent = CGB_NODE_ROOT,
                        .share_permille = CGB_SHARE_DEFAULT_PERMILLE,
                        .identity = i + 1,
                        .cap_bytes = node->groups[i].knobs.max_bytes,
                        .high_bytes = node->groups[i].knobs.high_bytes,
                };
                int error = cgb_memory_join(law->memory, &group, &law->nodes[i]);

                if (error < 0)
                        return error;
                law->groups[law->nodes[i]] = i;
        }
        return 0;
}

static int law_open(void **ret, struct mem_machine *machine)
{
        struct law *law = calloc(1, sizeof(*law));
        size_t n = machine->node->n;
        struct cgb_memory_options options;
        void *memory;
        int error = -ENOMEM;

        if (!law)
                return -ENOMEM;
        cgb_memory_options_init(&options, STEP_USEC, (uint32_t)n + 1);
        memory = malloc(cgb_memory_size(&options));
        law->nodes = calloc(n, sizeof(*law->nodes));
        law->groups = calloc(n + 1, sizeof(*law->groups));
        if (memory && law->nodes && law->groups)
                error = cgb_memory_init(&law->memory, memory, cgb_memory_size(&options), &options);
        if (error < 0)
                free(memory);
        else
                error = join_all(law, machine->node);
        if (error < 0)
                law_close(law);
        else
                *ret = law;
        return error;
}

static void observe(const struct law *law, enum cgb_memory_file file, cgb_node node, const struct mem_group *group)
{
        switch (file) {
        case CGB_MEMORY_CURRENT:
                cgb_memory_observe_current(law->memory, node, group->facts.current_bytes, law->groups[node] + 1);
                break;
        case CGB_MEMORY_EVENTS:
                cgb_memory_observe_events(law->memory, node, group->facts.events_high);
                break;
        case CGB_MEMORY_STAT:
                cgb_memory_observe_stat(law->memory, node,
                        &(struct cgb_memory_stat_sample){
                                .anon_bytes = group->facts.current_bytes,
                                .refaulted_bytes = group->facts.refaulted_bytes,
                                .reclaimed_bytes = group->facts.reclaimed_bytes,
                                .swap_room_bytes = CGB_MEMORY_MAX,
                        });
                break;
        case CGB_MEMORY_PRESSURE:
                cgb_memory_observe_pressure(law->memory, node, group->facts.some_usec, 0);
                break;
        }
}

static void observe_all(const struct law *law, const struct mem_machine *machine)
{
        const struct mem_node *node = machine->node;
        const struct cgb_memory_pool_sample sample = {
                .size_bytes = node->size_pages * MEM_PAGE_BYTES,
                .free_bytes = mem_free(node) * MEM_PAGE_BYTES,
                .swap_free_bytes = mem_swap_free(node) * MEM_PAGE_BYTES,
                .pressed = machine->pressed,
        };
        cgb_node at;

        cgb_memory_observe_pool(law->memory, &sample, machine->now_usec);
        for (size_t i = 0; i < node->n; i++)
                if (node->groups[i].facts.ran)
                        cgb_memory_wake(law->memory, law->nodes[i]);
        for (int file = 0; file < CGB_MEMORY_FILES; file++)
                while (cgb_memory_next_to_read(law->memory, (enum cgb_memory_file)file, &at))
                        observe(law, (enum cgb_memory_file)file, at, &node->groups[law->groups[at]]);
}

/* What is asked of memory.reclaim is done at once, and its writer waits for nobody here. */
static void law_step(void *state, struct mem_machine *machine)
{
        struct law *law = state;
        struct cgb_memory_action action;

        observe_all(law, machine);
        cgb_memory_step(law->memory);
        while (cgb_memory_next_action(law->memory, &action)) {
                size_t group = law->groups[action.node];

                if (action.type == CGB_MEMORY_RECLAIM) {
                        mem_reclaim(machine->node, group, action.bytes / MEM_PAGE_BYTES);
                        cgb_memory_reclaimed(
                                law->memory, action.node, mem_resident(&machine->node->groups[group]) * MEM_PAGE_BYTES);
                } else if (action.type != CGB_MEMORY_TELL) {
                        machine->node->groups[group].knobs.high_bytes = action.bytes;
                }
        }
}

static uint64_t law_due_usec(const void *state)
{
        return cgb_memory_due_usec(((const struct law *)state)->memory);
}

const struct mem_policy mem_policy_cgburst = {
        .name = "cgburst",
        .summary = "the memory law of this library",
        .step_usec = STEP_USEC,
        .open = law_open,
        .step = law_step,
        .due_usec = law_due_usec,
        .close = law_close,
};
