/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_STAGE_H
#define BENCH_MEMORY_STAGE_H

/*
 * What every scenario stands on: a pool (the parent with a memory.max, so that memory is short there and not on the host),
 * workspaces in it, one policy that manages them, and actors that work. Made for one run and removed after it.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/interrupt.h"
#include "../kernel/crew.h"
#include "../kernel/groups.h"
#include "../kernel/manager.h"
#include "actor.h"
#include "witness.h"

#define MIB (UINT64_C(1) << 20)
#define NO_LIMIT UINT64_MAX

#define WORKSPACES_MAX 8
#define ACTORS_MAX 16

struct memory_policy;

struct workspace {
        char name[32];
        uint64_t max_bytes;      /* memory.max, or NO_LIMIT */
        uint64_t request_bytes;  /* what an orchestrator was told that it needs */
        uint64_t swap_max_bytes; /* memory.swap.max, or NO_LIMIT */
        bool is_session;         /* somebody sits before it */
};

struct stage_plan {
        const struct memory_policy *policy;
        const struct groups *place;
        struct interrupt *interrupt;
        uint64_t pool_bytes; /* memory.max of the parent, or NO_LIMIT */
        uint64_t step_usec;  /* of cgburst */
        size_t n_workspaces;
        struct workspace workspaces[WORKSPACES_MAX];
};

/* Shared with all actors. */
struct stage_signal {
        _Atomic uint32_t go;
        uint64_t go_usec;
};

struct stage {
        struct stage_plan plan;
        struct groups groups;
        struct crew crew;
        struct manager manager; /* .pid 0 unless the policy is cgburst */
        pid_t limiter_pid;      /* of a policy that has steps; 0: none */
        struct stage_signal *signal;
        size_t n_actors;
        struct actor *actors[ACTORS_MAX];
};

/* Makes the groups and starts the policy. @return 0 or a negative errno, and then nothing is left. Complains. */
int stage_begin(struct stage *ret, const struct stage_plan *plan);

/* Adds a process to a workspace; it fills its heap at once. @return it, or NULL. Complains. */
struct actor *stage_add_actor(struct stage *stage, size_t workspace, const struct actor_script *script);

/* Waits until all heaps are filled. @return 0; -EINTR after a signal; another negative errno. Complains. */
int stage_wait_for_heaps(struct stage *stage);

/* Says go to all actors. */
void stage_go(struct stage *stage);

/* Waits until that time of now_usec(). The return value is stage_wait_for_heaps()'s. */
int stage_wait(struct stage *stage, uint64_t until_usec);

/* Waits until so long after go. */
int stage_wait_since_go(struct stage *stage, uint64_t usec);

struct witness stage_witness(const struct stage *stage, size_t workspace);

/* What is counted while it is measured: of some workspaces together, and of the pool. */
struct counted {
        struct witness some, pool;
};

/* @first: the first workspace of @n */
struct counted stage_count(const struct stage *stage, size_t first, size_t n);

/* Kills and removes everything. */
void stage_end(struct stage *stage);

#endif
