/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

/*
 * Somebody who thinks, and then wants an answer: sleeps for a random time, burns a burst of CPU time, and notes how long the
 * answer took. The clock starts when the sleep was to end, so the time until the first instruction runs counts too.
 *
 * It runs in a process of its own and writes into memory shared with the bench; the bench reads what is complete.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "load.h"

#define PROBE_BURSTS_MAX 65536 /* days, at one burst a second or two */

struct probe_plan {
        uint64_t burst_usec; /* CPU time */
        uint64_t think_min_usec;
        uint64_t think_max_usec;
        uint64_t seed;
};

struct probe_burst {
        uint64_t due_usec;       /* CLOCK_MONOTONIC */
        uint64_t wake_usec;      /* from then until its first instruction */
        uint64_t response_usec;  /* from then until it was done */
        uint64_t run_delay_usec; /* waiting on a run queue, by the kernel's own account; 0 if it keeps none */
        struct burst burst;
};

struct probe {
        struct spinner spinner;
        struct probe_plan plan;
        int wake_fd;        /* a byte is written here after each burst; -1 = nowhere */
        _Atomic uint32_t n; /* bursts that are complete */
        struct probe_burst bursts[PROBE_BURSTS_MAX];
};

/* Shared memory for one probe. NULL without memory. Complains. */
struct probe *probe_new(const struct probe_plan *plan, const struct spinner *spinner, int wake_fd);
void probe_free(struct probe *probe);

/* Work for crew_start(). @data is the probe. */
void probe_work(void *data);

#endif
