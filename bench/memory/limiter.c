/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "../peers/senpai.h"
#include "limiter.h"

/* It looks once a second, so that too much pressure has an answer before the step is over. */
#define LOOK_USEC USEC_PER_SEC

struct squeezed {
        int dir_fd;
        bool begun;
        uint64_t high_bytes;
        uint64_t some_usec; /* at the begin of its step */
        uint64_t due_usec;
};

static void write_high(struct squeezed *group, uint64_t bytes)
{
        char text[32];

        group->high_bytes = bytes;
        snprintf(text, sizeof(text), "%" PRIu64, bytes);
        write_at(group->dir_fd, "memory.high", text);
}

/* It begins with what is used. A group that is filled meanwhile is raised as by pressure. */
static void look(struct squeezed *group)
{
        struct witness witness = witness_now(group->dir_fd);
        uint64_t growth, now = now_usec();

        if (!group->begun) {
                write_high(group, witness.usage_bytes);
                group->begun = true;
        } else {
                growth = witness.some_usec - group->some_usec;
                if (now < group->due_usec && growth <= SENPAI_PRESSURE_USEC)
                        return;
                write_high(group, senpai_high(group->high_bytes, growth));
        }
        group->some_usec = witness.some_usec;
        group->due_usec = now + SENPAI_STEP_USEC;
}

/* Begins when everybody has what it needs: squeezing somebody from nothing is not what it is for. */
static void work(const struct stage *stage, pid_t parent)
{
        struct squeezed groups[WORKSPACES_MAX] = {0};
        uint64_t due = now_usec();

        die_with_parent(parent);
        for (size_t i = 0; i < stage->plan.n_workspaces; i++)
                groups[i].dir_fd = stage->groups.group[i].dir_fd;
        for (;; due += LOOK_USEC) {
                sleep_until_usec(due);
                for (size_t i = 0; i < stage->plan.n_workspaces && atomic_load(&stage->signal->go); i++)
                        look(&groups[i]);
        }
}

int limiter_begin_senpai(struct stage *stage)
{
        pid_t parent = getpid(), pid;

        fflush(NULL);
        pid = fork();
        if (pid < 0)
                return complain(-errno, "fork");
        if (pid == 0)
                work(stage, parent);
        stage->limiter_pid = pid;
        return 0;
}
