/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_CREW_H
#define BENCH_CREW_H

/*
 * The processes of a run. Each is forked, moved into its group before it does anything, and killed at the end; none
 * outlives the bench, however that ends.
 */

#include <stddef.h>
#include <sys/types.h>

#include "groups.h"

#define CREW_MAX 1024

struct crew {
        size_t n;
        pid_t pids[CREW_MAX];
};

/*
 * Starts a process that calls @work(@data) and never comes back.
 *
 * @return its pid, or a negative errno. Complains.
 */
pid_t crew_start(struct crew *crew, struct groups *groups, size_t group, void (*work)(void *data), void *data);

/* Kills all of them and waits until they are gone. */
void crew_kill(struct crew *crew);

/* Memory that the processes forked from now on share with the bench, all zero. NULL if there is none. Complains. */
void *share_memory(size_t size);
void unshare_memory(void *memory, size_t size);

/* The calling process is killed when its parent ends. To be called by every child. */
void die_with_parent(pid_t parent);

#endif
