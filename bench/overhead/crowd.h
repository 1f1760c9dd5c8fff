/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

/*
 * Many groups on the real kernel, some of them active, and a context of the library that manages them on a clock of its own:
 * a step of that clock passes when the load has used as much as makes the CPUs full and every worker active. So a step can
 * be taken at will, and the workers sleep while it is measured.
 */

#include <stddef.h>
#include <stdint.h>

#include <cgburst/cgburst.h>

#include "../common/interrupt.h"
#include "../kernel/groups.h"
#include "bare.h"
#include "law.h"
#include "workers.h"

/* The load works in this many turns for one step: one before each thing that is measured. */
#define CROWD_TURNS 3

struct crowd_plan {
        size_t registered;
        size_t active; /* the first of them */
        enum crowd_load load;
};

struct crowd {
        struct crowd_plan plan;
        struct interrupt *interrupt;
        struct groups groups;
        struct workers workers;
        struct bare bare;
        struct cgb *cgb;
        char state_dir[64];
        uint64_t clock_usec;
        uint64_t forgotten_usec; /* who has not run for so long is asleep to the law, also one that has just come */
        uint64_t turns;
        uint32_t *written;           /* by group */
        struct bare_change *changes; /* of the last step */
        size_t n_changes;
};

/* What one step of the library took. */
struct crowd_step {
        uint64_t nsec;          /* cgb_dispatch(), and the events taken */
        uint64_t reads, writes; /* system calls of these kinds, as the kernel counts them for this process */
};

/*
 * Makes groups, processes and context. @place is where, and is copied. @return 0 or a negative errno, with nothing left.
 * Complains.
 */
int crowd_open(struct crowd *ret, const struct groups *place, const struct crowd_plan *plan, struct interrupt *interrupt);

/* Lets the load work for a turn. @return 0 or a negative errno. Complains. */
int crowd_work(struct crowd *crowd);

/* Lets the library take a step, and notes which weights it has changed. @return 0 or a negative errno. Complains. */
int crowd_step(struct crowd *crowd, struct crowd_step *ret);

/* Lets so much time pass on the context's clock that all who do nothing are asleep. */
void crowd_let_sleep(struct crowd *crowd);

/* Puts everything back and removes it. */
void crowd_close(struct crowd *crowd);

#endif
