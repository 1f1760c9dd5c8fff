/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_LAYOUT_H
#define BENCH_SIM_LAYOUT_H

/*
 * Which groups there are, and what runs in which: the root, tenants, workspaces, their lanes, hogs.
 *
 *     none       root / ws                                     all of a workspace in one group
 *     nested     root / ws / ws.interactive, ws.batch          lanes divide what the workspace gets
 *     siblings   root / ws.interactive, ws.batch               each an account of its own, with half of the workspace's
 * share
 *
 * A workspace named "tenant/ws" lies below a group of its tenant. Hogs are groups of their own below the root; with
 * siblings they have the share of a lane for what runs beside, which they are.
 */

#include <stdint.h>

#include "policy.h"
#include "trace.h"

enum lanes {
        LANES_NONE,
        LANES_NESTED,
        LANES_SIBLINGS,
};

struct layout {
        struct sim_machine machine;
        uint32_t (*lanes)[2]; /* [workspace]: the groups of its interactive jobs, and of all others */
        uint32_t first_hog;   /* hogs are the last groups */
        uint32_t hogs;
};

/* @return 0 or -ENOMEM */
int layout_make(struct layout *ret, const struct trace *trace, unsigned cpus, enum lanes lanes, unsigned hogs);
/* Where a job runs. */
uint32_t layout_group_of(const struct layout *layout, const struct trace *trace, const struct trace_job *job);

void layout_free(struct layout *layout);

const char *lanes_name(enum lanes lanes);

/* @return 0 or -EINVAL */
int lanes_parse(const char *name, enum lanes *ret);

#endif
