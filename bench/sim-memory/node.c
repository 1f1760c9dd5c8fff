/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "node.h"

/* mm/memcontrol.c: calculate_overage(), calculate_high_delay(). With HZ = 1000, jiffies are milliseconds. */
#define HZ 1000
#define DELAY_PRECISION_SHIFT 20
#define DELAY_SCALING_SHIFT 14
#define CHARGE_BATCH_PAGES 64
#define DELAY_MAX_MSEC (2 * HZ)
#define DELAY_MIN_MSEC (HZ / 100) /* up to here nobody sleeps */

/* kernel/sched/psi.c: averages move every two seconds. */
#define AVERAGE_SEC 2.0
#define AVG10_SEC 10.0

uint64_t mem_high_delay_msec(uint64_t usage_pages, uint64_t high_pages, uint64_t charged_pages)
{
        uint64_t overage, delay;

        if (usage_pages <= high_pages)
                return 0;
        overage = ((usage_pages - high_pages) << DELAY_PRECISION_SHIFT) / (high_pages > 0 ? high_pages : 1);
        if (overage >
                UINT64_C(1) << (DELAY_PRECISION_SHIFT + 4)) /* the square has to fit; it is far beyond the longest delay */
                return charged_pages ? DELAY_MAX_MSEC : 0;
        delay = overage * overage * HZ >> DELAY_PRECISION_SHIFT >> DELAY_SCALING_SHIFT;
        delay = delay * charged_pages / CHARGE_BATCH_PAGES;
        return delay <= DELAY_MIN_MSEC ? 0 : delay > DELAY_MAX_MSEC ? DELAY_MAX_MSEC : delay;
}

static uint64_t min(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

uint64_t mem_resident(const struct mem_group *group)
{
        return group->resident[MEM_HOT] + group->resident[MEM_COLD];
}

uint64_t mem_free(const struct mem_node *node)
{
        uint64_t resident = 0;

        for (size_t i = 0; i < node->n; i++)
                resident += mem_resident(&node->groups[i]);
        return node->size_pages - resident;
}

uint64_t mem_swap_free(const struct mem_node *node)
{
        uint64_t swapped = 0;

        for (size_t i = 0; i < node->n; i++)
                swapped += node->groups[i].swapped[MEM_HOT] + node->groups[i].swapped[MEM_COLD];
        return node->swap_pages - swapped;
}

static uint64_t pages_of(uint64_t bytes)
{
        return bytes / MEM_PAGE_BYTES; /* MEM_MAX is more than anybody has */
}

static uint64_t swap_out(struct mem_node *node, struct mem_group *group, enum mem_heat heat, uint64_t pages)
{
        pages = min(min(pages, group->resident[heat]), mem_swap_free(node));
        group->resident[heat] -= pages;
        group->swapped[heat] += pages;
        group->facts.reclaimed_bytes += pages * MEM_PAGE_BYTES;
        return pages;
}

uint64_t mem_reclaim(struct mem_node *node, size_t index, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        uint64_t cold = swap_out(node, group, MEM_COLD, pages);

        return cold + swap_out(node, group, MEM_HOT, pages - cold);
}

/* How far reclaim of the whole node goes: who is old, then everybody, then what memory.low protects as well. */
enum effort {
        OLD_PAGES,
        ALL_PAGES,
        PROTECTED_PAGES,
        EFFORTS,
};

static uint64_t offered(const struct mem_node *node, const struct mem_group *group, enum effort effort)
{
        uint64_t resident = mem_resident(group), low = effort == PROTECTED_PAGES ? 0 : pages_of(group->taken.low_bytes);
        bool is_old = node->now_usec - group->ran_usec > MEM_AGES_USEC;
        uint64_t within_reach = effort == OLD_PAGES && !is_old ? group->resident[MEM_COLD] : resident;

        return resident > low ? min(within_reach, resident - low) : 0;
}

/* From all groups, each in proportion to what it offers. @return pages taken. */
static uint64_t reclaim_by(struct mem_node *node, enum effort effort, uint64_t pages)
{
        uint64_t total = 0, left = pages, total_left;

        for (size_t i = 0; i < node->n; i++)
                total += offered(node, &node->groups[i], effort);
        total_left = total;
        for (size_t i = 0; i < node->n && total_left > 0 && left > 0; i++) {
                uint64_t offer = offered(node, &node->groups[i], effort), taken;

                /* of what is left, so that rounding is made good by those who come after */
                taken = mem_reclaim(node, i, min(offer, (left * offer + total_left - 1) / total_left));
                left -= min(left, taken);
                total_left -= offer;
        }
        return pages - left;
}

static uint64_t reclaim_node(struct mem_node *node, uint64_t pages)
{
        uint64_t taken = 0;

        for (enum effort effort = OLD_PAGES; effort < EFFORTS && taken < pages; effort++)
                taken += reclaim_by(node, effort, pages - taken);
        return taken;
}

static void kill_group(struct mem_group *group)
{
        for (int heat = 0; heat < MEM_HEATS; heat++)
                group->resident[heat] = group->swapped[heat] = 0;
        group->killed = true;
        group->facts.oom_kills++;
}

static size_t largest(const struct mem_node *node)
{
        size_t at = 0;

        for (size_t i = 1; i < node->n; i++)
                if (mem_resident(&node->groups[i]) > mem_resident(&node->groups[at]))
                        at = i;
        return at;
}

/* Room in the group for so many more. @return the cost; the group may be dead. */
static double make_room_below_max(struct mem_node *node, size_t index, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        uint64_t max = pages_of(group->taken.max_bytes), usage = mem_resident(group), taken;

        if (usage + pages <= max)
                return 0;
        taken = mem_reclaim(node, index, usage + pages - max);
        if (mem_resident(group) + pages > max)
                kill_group(group);
        return (double)taken * node->costs.reclaim_sec;
}

static double make_room_on_node(struct mem_node *node, size_t index, uint64_t pages)
{
        uint64_t taken = 0;

        while (mem_free(node) < pages && !node->groups[index].killed) {
                uint64_t got = reclaim_node(node, pages - mem_free(node));

                taken += got;
                if (got == 0)
                        kill_group(&node->groups[largest(node)]);
        }
        return (double)taken * node->costs.reclaim_sec;
}

/* On the way back to user mode: reclaim as long as that gets anywhere, and sleep for what is above the limit after that. */
static double come_back_above_high(struct mem_node *node, size_t index, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        uint64_t high = pages_of(group->taken.high_bytes), usage = mem_resident(group), taken, delay_msec = 0;

        if (usage <= high)
                return 0;
        group->facts.events_high++;
        taken = mem_reclaim(node, index, usage - high);
        usage = mem_resident(group);
        for (uint64_t left = pages; left > 0; left -= min(left, CHARGE_BATCH_PAGES))
                delay_msec += mem_high_delay_msec(usage, high, min(left, CHARGE_BATCH_PAGES));
        group->delayed_usec += delay_msec * 1000;
        return (double)taken * node->costs.reclaim_sec + (double)delay_msec / 1e3;
}

/* @pages of a group become resident that were not. */
static double charge(struct mem_node *node, size_t index, uint64_t pages)
{
        double sec = make_room_below_max(node, index, pages);

        return sec + make_room_on_node(node, index, pages);
}

double mem_grow(struct mem_node *node, size_t index, enum mem_heat heat, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        double sec = pages > 0 ? charge(node, index, pages) : 0;

        if (pages == 0 || group->killed)
                return sec;
        group->resident[heat] += pages;
        return sec + come_back_above_high(node, index, pages);
}

double mem_refault(struct mem_node *node, size_t index, enum mem_heat heat, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        double sec;

        pages = min(pages, group->swapped[heat]);
        if (pages == 0)
                return 0;
        sec = charge(node, index, pages);
        if (group->killed)
                return sec;
        group->swapped[heat] -= pages; /* to make room may have sent more there, never fewer */
        group->resident[heat] += pages;
        group->facts.refaulted_bytes += pages * MEM_PAGE_BYTES;
        return sec + (double)pages * node->costs.refault_sec + come_back_above_high(node, index, pages);
}

void mem_drop(struct mem_node *node, size_t index, enum mem_heat heat, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        uint64_t resident = min(pages, group->resident[heat]);

        group->resident[heat] -= resident;
        group->swapped[heat] -= min(pages - resident, group->swapped[heat]);
}

void mem_cool(struct mem_node *node, size_t index, uint64_t pages)
{
        struct mem_group *group = &node->groups[index];
        uint64_t resident = min(pages, group->resident[MEM_HOT]), swapped = min(pages - resident, group->swapped[MEM_HOT]);

        group->resident[MEM_HOT] -= resident;
        group->resident[MEM_COLD] += resident;
        group->swapped[MEM_HOT] -= swapped;
        group->swapped[MEM_COLD] += swapped;
}

unsigned mem_take_knobs(struct mem_node *node)
{
        unsigned changed = 0;

        for (size_t i = 0; i < node->n; i++) {
                struct mem_group *group = &node->groups[i];
                struct mem_knobs before = group->taken;
                uint64_t limit;

                group->taken = group->knobs;
                changed += before.high_bytes != group->taken.high_bytes;
                changed += before.low_bytes != group->taken.low_bytes;
                changed += before.max_bytes != group->taken.max_bytes;
                limit = pages_of(min(group->taken.high_bytes, group->taken.max_bytes));
                if (mem_resident(group) > limit)
                        mem_reclaim(node, i, mem_resident(group) - limit);
                if (mem_resident(group) > pages_of(group->taken.max_bytes))
                        kill_group(group);
        }
        return changed;
}

void mem_note_stall(struct mem_node *node, size_t index, double sec)
{
        node->groups[index].facts.some_usec += (uint64_t)(sec * 1e6 + .5);
}

void mem_average(struct mem_node *node)
{
        double keep = exp(-AVERAGE_SEC / AVG10_SEC);

        for (size_t i = 0; i < node->n; i++) {
                struct mem_group *group = &node->groups[i];
                double percent = (double)(group->facts.some_usec - group->averaged_usec) / (AVERAGE_SEC * 1e4);

                group->facts.some_avg10 = group->facts.some_avg10 * keep + percent * (1 - keep);
                group->averaged_usec = group->facts.some_usec;
        }
}
