/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/complain.h"
#include "../common/files.h"
#include "../peers/memory-limits.h"
#include "../peers/uresourced.h"
#include "limiter.h"
#include "policies.h"

static int write_number(int dir_fd, const char *file, uint64_t number)
{
        char text[32];
        int error;

        snprintf(text, sizeof(text), "%" PRIu64, number);
        error = write_at(dir_fd, file, text);
        return error < 0 ? complain(error, "%s", file) : 0;
}

static int begin_equal(struct stage *stage)
{
        (void)stage;
        return 0;
}

/* One memory.high for each workspace that has a memory.max; where there is none there is nothing to keep a margin to. */
static int limit_each(struct stage *stage, uint64_t (*high)(const struct workspace *workspace))
{
        int error = 0;

        for (size_t i = 0; i < stage->plan.n_workspaces && error >= 0; i++)
                if (stage->plan.workspaces[i].max_bytes != NO_LIMIT)
                        error = write_number(stage->groups.group[i].dir_fd, "memory.high", high(&stage->plan.workspaces[i]));
        return error;
}

static uint64_t high_of_hosts(const struct workspace *workspace)
{
        return static_high(workspace->max_bytes);
}

static uint64_t high_of_kubernetes(const struct workspace *workspace)
{
        return memory_qos_high(workspace->request_bytes, workspace->max_bytes, (uint64_t)sysconf(_SC_PAGESIZE));
}

static int begin_static(struct stage *stage)
{
        return limit_each(stage, high_of_hosts);
}

static int begin_kubernetes(struct stage *stage)
{
        return limit_each(stage, high_of_kubernetes);
}

/* The pool is their host: a tenth of it is what the slice is protected by at most. */
static uint64_t pool_bytes(const struct stage *stage)
{
        if (stage->plan.pool_bytes != NO_LIMIT)
                return stage->plan.pool_bytes;
        return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int prefer(int dir_fd, bool is_session)
{
        struct uresourced_user user = uresourced_user(is_session);
        int error = write_number(dir_fd, "cpu.weight", user.weight);

        return error < 0 ? error : write_number(dir_fd, "memory.low", user.low_bytes);
}

static int begin_uresourced(struct stage *stage)
{
        size_t sessions = 0;
        int error = 0;

        for (size_t i = 0; i < stage->plan.n_workspaces && error >= 0; i++) {
                sessions += stage->plan.workspaces[i].is_session;
                error = prefer(stage->groups.group[i].dir_fd, stage->plan.workspaces[i].is_session);
        }
        if (error < 0)
                return error;
        return write_number(stage->groups.parent_fd, "memory.low", uresourced_slice_low(sessions, pool_bytes(stage)));
}

static int begin_cgburst(struct stage *stage)
{
        const struct manager_options options = {.step_usec = stage->plan.step_usec, .memory_alone = true};

        return manager_start(&stage->manager, &stage->groups, &options);
}

const struct memory_policy memory_policies[MEMORY_POLICIES] = {
        {"equal", "memory.max alone, no memory.high", begin_equal},
        {"static", "memory.high 256 MiB below memory.max", begin_static},
        {"kubernetes", "memory.high nine tenths of the way from request to limit", begin_kubernetes},
        {"senpai", "every 6 s memory.high follows memory.pressure", limiter_begin_senpai},
        {"uresourced", "memory.low 250 MiB for sessions, a tenth of the pool at most", begin_uresourced},
        {"cgburst", "the memory law of this library, without its weights", begin_cgburst},
};

const struct memory_policy *memory_policy_find(const char *name)
{
        for (size_t i = 0; i < MEMORY_POLICIES; i++)
                if (!strcmp(memory_policies[i].name, name))
                        return &memory_policies[i];
        return NULL;
}
