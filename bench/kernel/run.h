/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

/*
 * One run: fresh groups, loops in all but the first of them, a probe in the first, under one policy. It begins cold, is
 * warmed up with the probe running, and then measured until enough bursts are done.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/interrupt.h"
#include "../common/stats.h"
#include "crew.h"
#include "groups.h"
#include "manager.h"
#include "probe.h"
#include "usage.h"

enum policy_kind {
        POLICY_ALONE, /* no loops: what the burst takes on an idle machine */
        POLICY_FIXED, /* weights written once */
        POLICY_CGBURST,
};

struct policy {
        char name[32];
        enum policy_kind kind;
        const char *backend;         /* of cgburst: who writes; NULL: whoever the library chooses */
        unsigned interactive_weight; /* what the groups begin with; fixed ones keep it */
        unsigned load_weight;        /* of each group of loops */
        uint64_t step_usec;          /* of cgburst; else 0 */
};

struct run_plan {
        const struct policy *policy;
        const struct groups *place; /* found by groups_find() */
        struct probe_plan probe;
        uint64_t warmup_usec;
        unsigned bursts; /* measured after the warm-up; 0 = the cold start only */
        unsigned hog_groups;
        unsigned hogs_per_group;
        uint32_t reach_permille; /* of cgburst; 0 = its default */
};

#define INTERACTIVE 0 /* index of the probe's group; those of the loops follow */
#define FIRST_LOAD 1

struct run {
        const struct run_plan *plan;
        struct interrupt *interrupt;
        struct groups groups;
        struct crew crew;
        struct manager manager; /* .pid 0 unless the policy is cgburst */
        struct loops *loops;
        struct probe *probe;
        pid_t probe_pid;
        int wake_fd;                 /* of the probe */
        uint64_t measured_from_usec; /* bursts due earlier are cold ones */
};

struct response {
        uint64_t response_usec;
        uint64_t machine_usec; /* run_machine_usec() */
};

struct run_result {
        struct response *responses; /* of measured bursts, measured.n of them; to be freed */
        struct percentiles cold;
        struct percentiles measured;
        struct percentiles net;     /* the same without what was the machine's doing */
        double others_used_of_left; /* 0 without loops */
        double others_share_error;
        double cpu_used_of_all;
        double manager_used_of_all;
        double weight_ratio; /* the probe's weight over that of a group of loops, as bursts met it: the median; 0 without cgburst */
        double stalled_of_all; /* the machine stood still under the loops: the noise of the measurement */
        uint32_t weights_written;
        uint64_t longest_dispatch_usec;
};

/* Makes groups and processes. @return 0 or a negative errno, and then nothing is left. Complains. */
int run_begin(struct run *ret, const struct run_plan *plan, struct interrupt *interrupt, const struct spinner *spinner);

/* Warms up and measures. @return 0; -EINTR after a signal; another negative errno. Complains. */
int run_measure(struct run *run, struct run_result *ret);

/* Only warms up: until @until_usec of now_usec(). The return value is run_measure()'s. */
int run_wait(struct run *run, uint64_t until_usec);

/*
 * How much of @burst's response was the machine's doing and not the scheduler's: CPU time booked beyond the burst (it stood
 * still under the burst), and what it stood still under the loops before it, or rang the burst's timer late, whichever is
 * more.
 */
uint64_t run_machine_usec(const struct run *run, const struct probe_burst *burst);

/* The part of that in which it was neither running nor waiting for a CPU of this kernel: a timer that rang late. */
uint64_t run_elsewhere_usec(const struct probe_burst *burst);

/* Kills and removes everything. */
void run_end(struct run *run);

#endif
