/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_WORKERS_H
#define BENCH_WORKERS_H

/*
 * Thousands of processes, one a group, that sleep until they are told to use so much CPU time, and sleep again. All are told
 * at once and waited for at once, so that a round costs what they use and not what it takes to talk to each.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/interrupt.h"
#include "../kernel/groups.h"

struct orders;

struct workers {
        size_t n, room;
        pid_t *pids;
        struct orders *orders; /* shared with them */
};

/* Room for as many as there will be. @return 0; -ENOMEM. Complains. */
int workers_open(struct workers *ret, size_t room);

/* Starts one more, in this group. @return 0 or a negative errno. Complains. */
int workers_add(struct workers *workers, const struct groups *groups, size_t group);

/* How much CPU time the @index-th uses in the rounds that follow. */
void workers_order(struct workers *workers, size_t index, uint64_t cpu_usec);

/*
 * Lets all of them work, and waits until they sleep again. @return 0; -EINTR after a signal; -ETIMEDOUT if one has died.
 * Complains.
 */
int workers_round(struct workers *workers, struct interrupt *interrupt);

void workers_close(struct workers *workers);

#endif
