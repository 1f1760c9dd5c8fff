/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sched.h>

#include "../common/clock.h"
#include "load.h"

/* A look at the clocks costs 1 us natively and some 10 us in an emulated machine; a burst overshoots by half a chunk. */
#define CHUNK_USEC 50

/* Long enough that the two looks at the clock around it do not matter, short enough that nobody waits for it. */
#define CALIBRATION_USEC (20 * USEC_PER_MSEC)
#define CALIBRATION_ROUNDS 20000

/* A loop looks at the wall clock, which costs next to nothing, four times a millisecond. */
#define LOOP_CHUNKS_PER_MSEC 4

/* At its CPU clock it looks after a gap, and after so long at least: what too short gaps sum up to must stay small. */
#define WATCH_USEC (4 * USEC_PER_MSEC)

/* Hosts give their CPU to somebody else for 3 ms and more; interrupts and a slow chunk take less than this. */
#define STALL_MIN_USEC 1500

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
                if (new_cpu - cpu >= CHUNK_USEC + STALL_MIN_USEC)
                        burst.stalled_usec += new_cpu - cpu - CHUNK_USEC;
                note_cpu(&burst, sched_getcpu());
                cpu = new_cpu;
                wall = new_wall;
        }
        burst.cpu_usec = cpu - start;
        *ret = burst;
}

/* What a loop knew when it last looked at its CPU clock. */
struct watch {
        uint64_t cpu_usec;
        uint64_t wall_usec;
};

static void log_stall(struct loops *loops, uint64_t until_usec, uint64_t length_usec)
{
        loops->stalls[atomic_fetch_add(&loops->n, 1) % STALLS_MAX] = (struct stall){
                .until_usec = until_usec,
                .length_usec = (uint32_t)length_usec,
                .cpu = sched_getcpu(),
        };
        atomic_fetch_add(&loops->stalled_usec, length_usec);
}

/*
 * Until its last chunk began, the loop had no gap since the watch was set, so its CPU time grew as the wall clock did. What
 * the CPU clock shows beyond that was booked in the last chunk.
 */
static void look_for_stall(struct loops *loops, struct watch *watch, uint64_t chunk_began_usec, uint64_t wall_usec)
{
        uint64_t cpu = thread_cpu_usec(), booked = cpu - watch->cpu_usec, before = chunk_began_usec - watch->wall_usec;

        if (booked >= before + STALL_MIN_USEC)
                log_stall(loops, wall_usec, booked - before);
        *watch = (struct watch){.cpu_usec = cpu, .wall_usec = wall_usec};
}

void spin_for_ever(void *data)
{
        struct loops *loops = data;
        uint64_t chunk = loops->spinner.rounds_per_msec / LOOP_CHUNKS_PER_MSEC, wall = now_usec();
        struct watch watch = {.cpu_usec = thread_cpu_usec(), .wall_usec = wall};

        for (;;) {
                uint64_t new_wall;

                spin(chunk);
                new_wall = now_usec();
                if (new_wall - wall >= STALL_MIN_USEC || new_wall - watch.wall_usec >= WATCH_USEC)
                        look_for_stall(loops, &watch, wall, new_wall);
                wall = new_wall;
        }
}

uint64_t stalled_between(const struct loops *loops, int cpu, uint64_t from_usec, uint64_t to_usec)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < STALLS_MAX && i < atomic_load(&loops->n); i++) {
                const struct stall *stall = &loops->stalls[i];

                if (stall->cpu == cpu && stall->until_usec > from_usec && stall->until_usec <= to_usec)
                        sum += stall->length_usec;
        }
        return sum;
}
