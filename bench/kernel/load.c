/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sched.h>

#include "clock.h"
#include "load.h"

/* A look at the clocks costs 1 us natively and some 10 us in an emulated machine; a burst overshoots by half a chunk. */
#define CHUNK_USEC 50

/* Long enough that the two looks at the clock around it do not matter, short enough that nobody waits for it. */
#define CALIBRATION_USEC (20 * USEC_PER_MSEC)
#define CALIBRATION_ROUNDS 20000

static void spin(uint64_t rounds)
{
        for (volatile uint64_t i = 0; i < rounds; i = i + 1)
                ;
}

void spinner_calibrate(struct spinner *ret)
{
        uint64_t start = thread_cpu_usec(), took, rounds = 0;

        do {
                spin(CALIBRATION_ROUNDS);
                rounds += CALIBRATION_ROUNDS;
                took = thread_cpu_usec() - start;
        } while (took < CALIBRATION_USEC);
        ret->rounds_per_msec = rounds * USEC_PER_MSEC / took + 1;
}

static void note_gap(struct burst *burst, uint64_t gap_usec)
{
        burst->waited_usec += gap_usec;
        if (gap_usec < WAIT_MIN_USEC)
                return;
        burst->waits++;
        if (gap_usec > burst->longest_wait_usec)
                burst->longest_wait_usec = gap_usec;
}

static void note_cpu(struct burst *burst, int cpu)
{
        burst->migrations += cpu != burst->last_cpu;
        burst->last_cpu = cpu;
}

void spin_burst(const struct spinner *spinner, uint64_t cpu_usec, struct burst *ret)
{
        uint64_t start = thread_cpu_usec(), cpu = start, wall = now_usec();
        struct burst burst = {.first_cpu = sched_getcpu()};

        burst.last_cpu = burst.first_cpu;
        while (cpu - start < cpu_usec) {
                uint64_t left = cpu_usec - (cpu - start), new_cpu, new_wall;

                spin((left < CHUNK_USEC ? left : CHUNK_USEC) * spinner->rounds_per_msec / USEC_PER_MSEC);
                new_wall = now_usec();
                new_cpu = thread_cpu_usec();
                note_gap(&burst, new_wall - wall > new_cpu - cpu ? new_wall - wall - (new_cpu - cpu) : 0);
                note_cpu(&burst, sched_getcpu());
                cpu = new_cpu;
                wall = new_wall;
        }
        burst.cpu_usec = cpu - start;
        *ret = burst;
}

void spin_for_ever(void *unused)
{
        (void)unused;
        for (;;)
                spin(UINT64_MAX);
}
