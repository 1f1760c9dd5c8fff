/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "policies.h"
#include "stage.h"

/* How often the bench looks whether heaps are filled; and after how long it gives up, on the slowest emulated machine. */
#define LOOK_USEC (50 * USEC_PER_MSEC)
#define HEAPS_PATIENCE_USEC (300 * USEC_PER_SEC)

static int write_bytes(const struct groups *groups, int dir_fd, const char *name, const char *file, uint64_t bytes)
{
        char text[32];
        int error;

        if (bytes == NO_LIMIT)
                return 0;
        snprintf(text, sizeof(text), "%" PRIu64, bytes);
        error = write_at(dir_fd, file, text);
        return error < 0 ? complain(error, "%s/%s/%s/%s", groups->mount, groups->parent, name, file) : 0;
}

/* Kernels without swap accounting have no memory.swap.max, and then nothing is swapped out of a group for lack of it. */
static int limit_swap(const struct groups *groups, int dir_fd, const struct workspace *workspace)
{
        char text[64];

        if (read_at(dir_fd, "memory.swap.max", text, sizeof(text)) == -ENOENT)
                return 0;
        return write_bytes(groups, dir_fd, workspace->name, "memory.swap.max", workspace->swap_max_bytes);
}

static int make_workspace(struct stage *stage, const struct workspace *workspace)
{
        int error, index = groups_add(&stage->groups, workspace->name, 100);

        if (index < 0)
                return index;
        error = write_bytes(
                &stage->groups, stage->groups.group[index].dir_fd, workspace->name, "memory.max", workspace->max_bytes);
        return error < 0 ? error : limit_swap(&stage->groups, stage->groups.group[index].dir_fd, workspace);
}

static int make_groups(struct stage *stage)
{
        int error;

        stage->groups = *stage->plan.place;
        error = groups_open(&stage->groups);
        if (error >= 0)
                error = write_bytes(&stage->groups, stage->groups.parent_fd, "", "memory.max", stage->plan.pool_bytes);
        for (size_t i = 0; i < stage->plan.n_workspaces && error >= 0; i++)
                error = make_workspace(stage, &stage->plan.workspaces[i]);
        return error;
}

int stage_begin(struct stage *ret, const struct stage_plan *plan)
{
        int error;

        *ret = (struct stage){.plan = *plan};
        ret->groups.mount_fd = ret->groups.parent_fd = ret->groups.usage_fd = -1;
        ret->signal = share_memory(sizeof(*ret->signal));
        if (!ret->signal)
                return -ENOMEM;
        error = make_groups(ret);
        if (error >= 0)
                error = plan->policy->begin(ret);
        if (error < 0)
                stage_end(ret);
        return error;
}

struct actor *stage_add_actor(struct stage *stage, size_t workspace, const struct actor_script *script)
{
        struct actor *actor;

        if (stage->n_actors == ACTORS_MAX) {
                complain(-ENOSPC, "more than %d actors", ACTORS_MAX);
                return NULL;
        }
        actor = share_memory(sizeof(*actor));
        if (!actor)
                return NULL;
        stage->actors[stage->n_actors++] = actor;
        actor->script = *script;
        actor->go = &stage->signal->go;
        actor->go_usec = &stage->signal->go_usec;
        return crew_start(&stage->crew, &stage->groups, workspace, actor_work, actor) < 0 ? NULL : actor;
}

int stage_wait(struct stage *stage, uint64_t until_usec)
{
        int result = wait_until(stage->plan.interrupt, stage->manager.pid ? stage->manager.alive_fd : -1, -1, until_usec);

        return result == 1 ? complain(-EPIPE, "cgburst has ended in the middle of a run") : result;
}

int stage_wait_since_go(struct stage *stage, uint64_t usec)
{
        return stage_wait(stage, stage->signal->go_usec + usec);
}

static bool all_are_filled(const struct stage *stage)
{
        for (size_t i = 0; i < stage->n_actors; i++)
                if (!atomic_load(&stage->actors[i]->filled))
                        return false;
        return true;
}

int stage_wait_for_heaps(struct stage *stage)
{
        uint64_t patience = now_usec() + HEAPS_PATIENCE_USEC;

        while (!all_are_filled(stage)) {
                int error = stage_wait(stage, now_usec() + LOOK_USEC);

                if (error < 0)
                        return error;
                if (now_usec() > patience)
                        return complain(-ETIMEDOUT, "heaps were not filled in %llu s",
                                (unsigned long long)(HEAPS_PATIENCE_USEC / USEC_PER_SEC));
        }
        return 0;
}

void stage_go(struct stage *stage)
{
        stage->signal->go_usec = now_usec();
        actor_say_go(&stage->signal->go);
}

struct witness stage_witness(const struct stage *stage, size_t workspace)
{
        return witness_now(stage->groups.group[workspace].dir_fd);
}

struct counted stage_count(const struct stage *stage, size_t first, size_t n)
{
        struct counted counted = {.pool = witness_now(stage->groups.parent_fd)};

        for (size_t i = first; i < first + n; i++) {
                struct witness witness = stage_witness(stage, i);

                witness_add(&counted.some, &witness);
        }
        return counted;
}

/* Processes first: they hold copies of the manager's pipe, whose closing ends it. */
void stage_end(struct stage *stage)
{
        crew_kill(&stage->crew);
        if (stage->limiter_pid > 0) {
                kill(stage->limiter_pid, SIGKILL);
                waitpid(stage->limiter_pid, NULL, 0);
        }
        manager_stop(&stage->manager);
        for (; stage->n_actors > 0; stage->n_actors--)
                unshare_memory(stage->actors[stage->n_actors - 1], sizeof(struct actor));
        if (stage->signal)
                unshare_memory(stage->signal, sizeof(*stage->signal));
        groups_close(&stage->groups);
        stage->limiter_pid = 0;
        stage->signal = NULL;
}
