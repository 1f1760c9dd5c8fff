/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files -> policy. Of every pool its own usage and pressure; of the groups only those which the policy asks for.
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

        if (pool->cpus_permille != 0 && cgb->steps - pool->cpus_read_step < CPUS_EVERY_STEPS)
                return 0;
        r = cgb_mount_cpus_permille(&pool->cpus_permille, &cgb->tree, pool->dir.path);
        pool->cpus_read_step = cgb->steps;
        return pool->cpus_permille != 0 ? 0 : r;
}

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
        }
}

/* @return 0, or the error of the pool's own files. */
static int sense_pool(struct cgb *cgb, struct cgb_group *pool, uint64_t machine_usec)
{
        struct cgb_pool_sample sample = {.usage_usec = CGB_UNKNOWN, .machine_usec = machine_usec};
        int r = find_cpus(cgb, pool);

        if (r == 0)
                r = cgb_read_usage(cgb, &pool->dir, &sample.usage_usec);
        if (r < 0)
                return r;
        sample.stalled_usec = read_stalled(cgb, &pool->dir);
        sample.cpus_permille = pool->cpus_permille;
        if (cgb_policy_observe_pool(cgb->policy, pool->node, &sample) == 0)
                sense_groups(cgb, pool);
        return 0;
}

int cgb_sense(struct cgb *cgb)
{
        uint64_t machine_usec = CGB_UNKNOWN;
        int r;

        if (cgb_read_usage(cgb, &cgb->machine, &machine_usec) < 0)
                machine_usec = CGB_UNKNOWN;
        r = sense_pool(cgb, &cgb->top, machine_usec);
        if (r < 0)
                return r;
        for (size_t i = 1; i < cgb->n_pools; i++) {
                /* the machine's usage says nothing about an inner pool's own CPUs: its parent's fullness counts there */
                r = sense_pool(cgb, cgb->pools[i], CGB_UNKNOWN);
                if (r == -ENODEV || r == -ENOENT)
                        cgb_group_lost(cgb, cgb->pools[i], CGB_FILE_CPU_STAT);
                else if (r < 0)
                        cgb_report_error(cgb, cgb->pools[i], CGB_FILE_CPU_STAT, r, "its usage cannot be read");
        }
        cgb_groups_drop_gone(cgb);
        return 0;
}
