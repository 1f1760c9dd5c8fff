/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files -> policy. Of the groups only those are read which the policy asks for. One that is a pool as well, such as a
 * workspace with lanes, is read as a pool right after, with its children: nobody in it has run if it has not. For the others
 * what was read last is true still.
 */
#include <errno.h>

#include "context.h"
#include "kernel/mount.h"
#include "kernel/parse.h"

/* How often the CPUs of a pool are looked up anew, in steps: cpusets, quotas and hotplug change by hand. */
#define CPUS_EVERY_STEPS 10

/* CGB_UNKNOWN where PSI is off: at boot, or for this group. */
static uint64_t read_stalled(struct cgb *cgb, struct cgb_group_dir *dir)
{
        struct cgb_pressure pressure;
        char text[CGB_READ_SIZE];
        ssize_t n = cgb_group_read(cgb->fds, &cgb->tree, dir, CGB_FILE_CPU_PRESSURE, text, sizeof text);

        if (n < 0 || cgb_parse_pressure(&pressure, text, (size_t)n) < 0)
                return CGB_UNKNOWN;
        return pressure.some.total_usec;
}

/* Remembers how many CPUs a pool may use. Where they cannot be read, the last answer stands. */
static int find_cpus(struct cgb *cgb, struct cgb_group *pool)
{
        int r;

        if (pool->sample.cpus_permille != 0 && cgb->steps - pool->cpus_read_step < CPUS_EVERY_STEPS)
                return 0;
        r = cgb_mount_cpus_permille(&pool->sample.cpus_permille, &cgb->tree, pool->dir.path);
        pool->cpus_read_step = cgb->steps;
        return pool->sample.cpus_permille != 0 ? 0 : r;
}

static void sense_pool(struct cgb *cgb, struct cgb_group *pool, uint64_t usage_usec);

static void sense_groups(struct cgb *cgb, struct cgb_group *pool)
{
        cgb_node node;

        while (cgb_policy_next_to_read(cgb->policy, pool->node, &node)) {
                struct cgb_group *group = cgb->by_node[node];
                struct cgb_account_sample sample = {.identity = group->dir.inode};
                int r = cgb_read_usage(cgb, &group->dir, &sample.usage_usec);

                if (r == -ENODEV || r == -ENOENT)
                        cgb_group_lost(cgb, group, CGB_FILE_CPU_STAT);
                else if (r < 0)
                        cgb_report_error(cgb, group, CGB_FILE_CPU_STAT, r, "its usage cannot be read");
                if (r < 0)
                        continue;
                cgb_report_works_again(group, CGB_FILE_CPU_STAT);
                cgb_policy_observe(cgb->policy, node, &sample);
                if (group->is_pool)
                        sense_pool(cgb, group, sample.usage_usec);
        }
}

static void observe(struct cgb *cgb, struct cgb_group *pool)
{
        pool->is_sensed = true;
        if (cgb_policy_observe_pool(cgb->policy, pool->node, &pool->sample) == 0)
                sense_groups(cgb, pool);
}

/* The machine's usage says nothing about an inner pool's own CPUs: its parent's fullness counts there. */
static void sense_pool(struct cgb *cgb, struct cgb_group *pool, uint64_t usage_usec)
{
        int r = find_cpus(cgb, pool);

        if (r == -ENODEV || r == -ENOENT)
                cgb_group_lost(cgb, pool, CGB_FILE_CPU_STAT);
        else if (r < 0)
                cgb_report_error(cgb, pool, CGB_FILE_CPU_STAT, r, "its CPUs cannot be read");
        if (r < 0)
                return;
        pool->sample.usage_usec = usage_usec;
        pool->sample.machine_usec = CGB_UNKNOWN;
        pool->sample.stalled_usec = read_stalled(cgb, &pool->dir);
        observe(cgb, pool);
}

/* Whom the policy did not ask for has slept, or its usage could not be read. */
static void sense_sleeping_pool(struct cgb *cgb, struct cgb_group *pool)
{
        uint64_t usage_usec;

        if (pool->sample.cpus_permille != 0)
                observe(cgb, pool);
        else if (cgb_read_usage(cgb, &pool->dir, &usage_usec) == 0)
                sense_pool(cgb, pool, usage_usec);
}

/* @return 0, or the error of the parent's own files. */
int cgb_sense(struct cgb *cgb)
{
        struct cgb_pool_sample *sample = &cgb->top.sample;
        int r;

        if (cgb_read_usage(cgb, &cgb->machine, &sample->machine_usec) < 0)
                sample->machine_usec = CGB_UNKNOWN;
        r = find_cpus(cgb, &cgb->top);
        if (r == 0)
                r = cgb_read_usage(cgb, &cgb->top.dir, &sample->usage_usec);
        if (r < 0)
                return r;
        sample->stalled_usec = read_stalled(cgb, &cgb->top.dir);
        observe(cgb, &cgb->top);
        for (size_t i = 1; i < cgb->n_pools; i++)
                if (!cgb->pools[i]->is_sensed && !cgb->pools[i]->gone)
                        sense_sleeping_pool(cgb, cgb->pools[i]);
        for (size_t i = 0; i < cgb->n_pools; i++)
                cgb->pools[i]->is_sensed = false;
        cgb_groups_drop_gone(cgb);
        return 0;
}
