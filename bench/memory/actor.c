/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/clock.h"
#include "actor.h"

#define PAGE_BYTES UINT64_C(4096)
#define PROBE_PERIOD_USEC (50 * USEC_PER_MSEC)

/* What the process knows of itself. */
struct life {
        struct actor *actor;
        struct random random;
        uint8_t *heap;
        uint8_t *growth;
        uint64_t growth_bytes; /* reserved */
};

void actor_say_go(_Atomic uint32_t *go)
{
        atomic_store(go, 1);
        syscall(SYS_futex, go, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void wait_for_go(const struct actor *actor)
{
        while (!atomic_load(actor->go))
                syscall(SYS_futex, actor->go, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static uint8_t *reserve(uint64_t bytes)
{
        void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (memory == MAP_FAILED)
                _exit(1);
        return memory;
}

/* Half of each page is random, the other half zero. */
static void fill(struct life *life, uint8_t *memory, uint64_t bytes)
{
        for (uint64_t page = 0; page < bytes; page += PAGE_BYTES) {
                uint64_t *words = (uint64_t *)(memory + page);

                for (size_t i = 0; i < PAGE_BYTES / sizeof(*words) / 2; i++)
                        words[i] = random_between(&life->random, 0, UINT64_MAX - 1);
        }
}

struct stopwatch {
        uint64_t wall_usec;
        uint64_t cpu_usec;
        long waits;
};

/* How often it gave its CPU up itself. */
static long count_waits(void)
{
        struct rusage usage;

        return getrusage(RUSAGE_THREAD, &usage) < 0 ? 0 : usage.ru_nvcsw;
}

static struct stopwatch stopwatch_start(void)
{
        long waits = count_waits();

        return (struct stopwatch){.wall_usec = now_usec(), .cpu_usec = thread_cpu_usec(), .waits = waits};
}

static void note(struct actor *actor, enum actor_verb verb, const struct stopwatch *begin)
{
        uint64_t cpu = thread_cpu_usec() - begin->cpu_usec, wall = now_usec() - begin->wall_usec;
        uint32_t n = atomic_load(&actor->n), slept = wall > cpu ? (uint32_t)(wall - cpu) : 0;

        if (n == ACTOR_SAMPLES_MAX)
                return;
        actor->samples[n] = (struct actor_sample){
                .verb = verb,
                .took_usec = wall < UINT32_MAX ? (uint32_t)wall : UINT32_MAX,
                .slept_usec = slept,
                .waited_usec = count_waits() > begin->waits ? slept : 0,
                .at_usec = begin->wall_usec - *actor->go_usec,
        };
        atomic_store(&actor->n, n + 1);
}

static void touch_all(struct life *life)
{
        struct stopwatch begin = stopwatch_start();

        for (uint64_t page = 0; page < life->actor->script.heap_bytes; page += PAGE_BYTES)
                (*(volatile uint8_t *)(life->heap + page))++;
        note(life->actor, ACTOR_TOUCH, &begin);
}

static void touch_some(struct life *life, uint64_t bytes)
{
        uint64_t pages = life->actor->script.heap_bytes / PAGE_BYTES;

        for (uint64_t done = 0; done < bytes; done += PAGE_BYTES)
                (*(volatile uint8_t *)(life->heap + random_between(&life->random, 0, pages - 1) * PAGE_BYTES))++;
}

static void probe(struct life *life, const struct actor_step *step)
{
        uint64_t due = step->from_usec;

        while (due < step->until_usec) {
                struct stopwatch begin;

                sleep_until_usec(*life->actor->go_usec + due);
                begin = stopwatch_start();
                touch_some(life, step->bytes);
                note(life->actor, ACTOR_PROBE, &begin);
                while (due <= now_usec() - *life->actor->go_usec) /* what was missed is not made up for */
                        due += PROBE_PERIOD_USEC;
        }
}

static void drop(struct life *life)
{
        if (life->growth)
                munmap(life->growth, life->growth_bytes);
        life->growth = NULL;
        atomic_store(&life->actor->grown_bytes, 0);
}

static void grow(struct life *life, const struct actor_step *step)
{
        uint64_t length = step->until_usec - step->from_usec;

        drop(life);
        life->growth_bytes = step->bytes;
        life->growth = reserve(step->bytes);
        for (uint64_t done = 0; done < step->bytes; done += ACTOR_CHUNK_BYTES) {
                uint64_t due = step->from_usec + (uint64_t)((double)length * (double)done / (double)step->bytes);
                struct stopwatch begin;

                sleep_until_usec(*life->actor->go_usec + due);
                begin = stopwatch_start();
                fill(life, life->growth + done, ACTOR_CHUNK_BYTES);
                note(life->actor, ACTOR_GROW, &begin);
                atomic_store(&life->actor->grown_bytes, done + ACTOR_CHUNK_BYTES);
        }
}

static void act(struct life *life, const struct actor_step *step)
{
        sleep_until_usec(*life->actor->go_usec + step->from_usec);
        if (step->verb == ACTOR_TOUCH)
                touch_all(life);
        else if (step->verb == ACTOR_PROBE)
                probe(life, step);
        else if (step->verb == ACTOR_GROW)
                grow(life, step);
        else
                drop(life);
}

void actor_work(void *data)
{
        struct life life = {.actor = data};
        const struct actor_script *script = &life.actor->script;

        random_seed(&life.random, script->seed);
        if (script->heap_bytes) {
                life.heap = reserve(script->heap_bytes);
                fill(&life, life.heap, script->heap_bytes);
        }
        atomic_store(&life.actor->filled, 1);
        wait_for_go(life.actor);
        for (size_t i = 0; i < script->n_steps; i++)
                act(&life, &script->steps[i]);
        for (;;)
                pause();
}

static bool is_asked_for(const struct actor_sample *sample, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec)
{
        return sample->verb == verb && sample->at_usec >= from_usec && sample->at_usec < until_usec;
}

size_t actor_took(const struct actor *actor, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec, uint64_t *ret)
{
        size_t count = 0;

        for (uint32_t i = 0; i < atomic_load(&actor->n); i++)
                if (is_asked_for(&actor->samples[i], verb, from_usec, until_usec))
                        ret[count++] = actor->samples[i].took_usec;
        return count;
}

struct actor_waits actor_waits_most(const struct actor *actor, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec)
{
        struct actor_waits most = {0};

        for (uint32_t i = 0; i < atomic_load(&actor->n); i++) {
                const struct actor_sample *sample = &actor->samples[i];

                if (!is_asked_for(sample, verb, from_usec, until_usec))
                        continue;
                if (sample->slept_usec > most.slept_usec)
                        most.slept_usec = sample->slept_usec;
                if (sample->waited_usec > most.waited_usec)
                        most.waited_usec = sample->waited_usec;
        }
        return most;
}
