/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_RUN_H
#define BENCH_SIM_RUN_H

/* One trace under one policy. */

#include "../common/interrupt.h"
#include "layout.h"
#include "measure.h"
#include "registry.h"

struct sim_plan {
        const struct trace *trace;
        const struct sim_choice *choice;
        unsigned cpus;
        unsigned hogs; /* endless, each with as many threads as there are CPUs */
        enum lanes lanes;
        bool come_and_go;     /* a workspace's groups are there from its first job to the end of its last, and not always */
        uint64_t step_usec;   /* 0: what the policy prefers */
        uint64_t series_usec; /* a point of weights and credits each time; 0: none */
        bool quiet;           /* says nothing on the way, even on a terminal */
        struct interrupt *interrupt; /* NULL: nothing ends it early */
};

/* The step that the policy of this plan will have; 0: it needs none. */
uint64_t sim_step_usec(const struct sim_plan *plan);

/* @return 0; -EINTR after a signal; or another negative errno, and complains. Release with sim_result_free() where it is 0.
 */
int sim_run(struct sim_result *ret, const struct sim_plan *plan);

#endif
