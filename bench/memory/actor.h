/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_ACTOR_H
#define BENCH_MEMORY_ACTOR_H

/*
 * A process that has a heap and does with it what its script says: touches all of it, touches some of it again and again,
 * grows, gives back. It fills the heap, waits without using the CPU until the bench says go, and then acts at times that
 * were fixed before, so that every policy meets the same work. Each touch is timed.
 *
 * Half of each page is random, so that compressed swap holds it in about half of its size, as it does with ordinary heaps.
 * Huge pages are as the host has set them.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/stats.h"

#define ACTOR_STEPS_MAX 32
#define ACTOR_SAMPLES_MAX 65536

enum actor_verb {
        ACTOR_TOUCH, /* the whole heap, once, as fast as it goes: somebody is back */
        ACTOR_PROBE, /* .bytes at random places of the heap, every 50 ms: somebody works */
        ACTOR_GROW,  /* by .bytes more, evenly over the time: a compiler starts */
        ACTOR_DROP,  /* all growth: it ends */
};

struct actor_step {
        enum actor_verb verb;
        uint64_t from_usec; /* since go */
        uint64_t until_usec;
        uint64_t bytes; /* whole ACTOR_CHUNK_BYTES for growth */
};

struct actor_script {
        uint64_t heap_bytes;
        uint64_t seed;
        size_t n_steps;
        struct actor_step steps[ACTOR_STEPS_MAX]; /* one after another, by time */
};

struct actor_sample {
        enum actor_verb verb;
        uint32_t took_usec;
        uint32_t slept_usec;  /* of it, not on a CPU: waiting for memory, or for a CPU */
        uint32_t waited_usec; /* the same if it gave its CPU up itself, as who waits for memory does; otherwise 0 */
        uint64_t at_usec;     /* since go, when it began */
};

/* Shared with the process. */
struct actor {
        struct actor_script script;
        _Atomic uint32_t *go; /* shared too: 0, and then 1 */
        const uint64_t *go_usec;
        _Atomic uint32_t filled;
        _Atomic uint64_t grown_bytes; /* just now */
        _Atomic uint32_t n;
        struct actor_sample samples[ACTOR_SAMPLES_MAX];
};

/* What all actors of a run wait for. In shared memory. */
void actor_say_go(_Atomic uint32_t *go);

/* Work for crew_start(). @data is the actor. */
void actor_work(void *data);

/* Bytes of one touch of growth: 16 pages. */
#define ACTOR_CHUNK_BYTES (UINT64_C(64) << 10)

/* Copies how long touches of this kind took that began in that time. @return how many. @ret has room for all samples. */
size_t actor_took(const struct actor *actor, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec, uint64_t *ret);

/* The longest that one of them was not on a CPU, and of those who gave it up themselves. */
struct actor_waits {
        uint64_t slept_usec, waited_usec;
};

struct actor_waits actor_waits_most(
        const struct actor *actor, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec);

#endif
