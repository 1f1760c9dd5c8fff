/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MANAGER_H
#define BENCH_MANAGER_H

/*
 * cgburst itself, as an embedder runs it: a context on the parent and the loop of the public header, in a process of its own
 * outside the managed groups, so that everyone pays for what it costs.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "groups.h"

#define WEIGHT_LOG_MAX 65536

struct weight_write {
        uint64_t at_usec; /* CLOCK_MONOTONIC, just after the step that wrote it */
        uint32_t group;
        uint32_t weight;
};

/* Shared with the process of the manager. */
struct manager_memory {
        _Atomic uint32_t n_writes;
        struct weight_write writes[WEIGHT_LOG_MAX];
        _Atomic uint64_t steps;
        _Atomic uint64_t longest_dispatch_usec;
        /* of the memory law */
        _Atomic uint64_t limits_written;
        _Atomic uint64_t reclaimed_bytes;
        _Atomic uint64_t growing_told;    /* a bit for each group that an event named as growing without end */
        _Atomic uint64_t growing_shown;   /* ... and that had that in its status */
        _Atomic uint64_t growing_at_usec; /* of the first such event; 0: none */
};

struct manager {
        pid_t pid;
        char state_dir[64]; /* its own, so that it begins without the credits of an earlier run */
        int control_fd;     /* closed by us to end it */
        int alive_fd;       /* readable when it has ended before it was told to */
        struct manager_memory *memory;
};

/* How the scheduler is to be set; 0 in a field leaves the library's default. */
struct manager_options {
        uint64_t step_usec;
        uint32_t reach_permille;
        bool memory_alone; /* the memory law, and weights that stay equal */
        const char *backend;
};

/* Starts it and waits until it manages. @return 0 or a negative errno. Complains. */
int manager_start(struct manager *ret, const struct groups *groups, const struct manager_options *options);

/* Lets it put every weight back and waits for its end. */
void manager_stop(struct manager *manager);

/* The weight that a group had at that time, and how long before it the last weight of any group was written. */
uint32_t manager_weight_at(const struct manager_memory *memory, size_t group, uint32_t first, uint64_t at_usec);
uint64_t manager_last_write_usec(const struct manager_memory *memory, uint64_t at_usec);

#endif
