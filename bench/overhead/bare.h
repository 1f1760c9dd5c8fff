/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

/*
 * The system calls of a step that nobody can avoid, and nothing else: pread of cpu.stat of every active group and of the
 * files that tell how full the CPUs are, on fds that stay open; pwrite of each weight that changes. No parsing, no law.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../kernel/groups.h"

struct bare {
        size_t n;        /* the first of the groups, those that are active */
        int pool_fds[3]; /* cpu.stat of the machine and of the parent, cpu.pressure of the parent */
        int *stat_fds;
        int *weight_fds; /* of all groups: sleepers' weights change, too */
        size_t n_weights;
};

/* A weight that changed: what the file holds, and what it held before. */
struct bare_change {
        size_t group;
        char now[12];
        char before[12];
};

/* @return 0 or a negative errno. Complains. */
int bare_open(struct bare *ret, const struct groups *groups, size_t n_active);
void bare_close(struct bare *bare);

/*
 * Reads all, and writes into every group that changed what it held before: as many changes of the same size, the other way
 * round. Not timed, they are all put back.
 *
 * @look_first: also read each weight before it is written, as one has to who leaves alone what others wrote
 * @return how long it took, in nanoseconds; a negative errno. Complains.
 */
int64_t bare_step(const struct bare *bare, const struct bare_change *changes, size_t n_changes, bool look_first);

#endif
