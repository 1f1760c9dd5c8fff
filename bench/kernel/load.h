/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

/*
 * CPU work: loops for ever, and bursts of an exact amount of CPU time.
 *
 * A burst ends when the kernel has accounted so much CPU time to the thread, whatever the speed of the machine: the time it
 * takes on the wall beyond that is waiting. It is spun in short chunks with a look at the clocks after each, and a chunk
 * that took longer on the wall than on the CPU had a wait in it.
 *
 * A virtual machine whose host is busy stands still now and then, and its kernel books that time as CPU time of whoever was
 * running. Whoever spins can tell: a short chunk was booked with much CPU time. So the loops watch for it.
 */

#include <stdatomic.h>
#include <stdint.h>

/* How many rounds of the empty loop take a millisecond of CPU time here. */
struct spinner {
        uint64_t rounds_per_msec;
};

void spinner_calibrate(struct spinner *ret);

struct burst {
        uint64_t cpu_usec;    /* what it really got: a little more than asked for */
        uint64_t waited_usec; /* wall time that was not CPU time, once it had begun */
        uint64_t longest_wait_usec;
        uint64_t stalled_usec; /* CPU time in which the machine stood still */
        uint32_t waits;        /* of WAIT_MIN_USEC or more */
        uint32_t migrations;   /* changes of CPU that were seen between chunks */
        int first_cpu;
        int last_cpu;
};

/* Shorter gaps are interrupts and clock reading, not turns of other tasks: the shortest time slice is 0.75 ms or more. */
#define WAIT_MIN_USEC 500

void spin_burst(const struct spinner *spinner, uint64_t cpu_usec, struct burst *ret);

#define STALLS_MAX 65536 /* older ones are overwritten */

struct stall {
        uint64_t until_usec; /* CLOCK_MONOTONIC */
        uint32_t length_usec;
        int cpu;
};

/* Shared by all loops of a run. */
struct loops {
        struct spinner spinner;
        _Atomic uint32_t n;
        _Atomic uint64_t stalled_usec; /* the sum of all */
        struct stall stalls[STALLS_MAX];
};

/* Work for crew_start(): spins until killed. @data is a struct loops in shared memory. */
void spin_for_ever(void *data);

/* For how long this CPU stood still under the loops, between these times. */
uint64_t stalled_between(const struct loops *loops, int cpu, uint64_t from_usec, uint64_t to_usec);

#endif
