/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Traces made up: mixes that hosts know, and people who play the system. The same name, seed and CPUs make the same trace
 * on every machine.
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/complain.h"
#include "../common/stats.h"
#include "trace.h"

#define SPAN_SEC 3600.0

/* A completion of a warm language server, and opening a file: as in the traces of real developers. */
#define EDIT_SEC 0.030
#define OPEN_SEC 0.150
#define OPENS_OF_EVENTS 0.17

/* The spread of work around its mean: half of it lies within a factor of 1.4. */
#define WORK_SIGMA 0.5

struct generator {
        struct trace *trace;
        struct random random;
        unsigned cpus;
        int error;
};

/* Evenly in (0, 1]. */
static double random_part(struct generator *generator)
{
        return (double)random_between(&generator->random, 1, UINT64_C(1) << 53) * 0x1p-53;
}

static double random_exponential(struct generator *generator, double mean)
{
        return -mean * log(random_part(generator));
}

/* Log-normal with that mean. The normal is by Box and Muller. */
static double random_work(struct generator *generator, double mean)
{
        double radius = sqrt(-2 * log(random_part(generator)));
        double normal = radius * cos(2 * M_PI * random_part(generator));

        return mean * exp(WORK_SIGMA * normal - WORK_SIGMA * WORK_SIGMA / 2);
}

static uint32_t workspace(struct generator *generator, const char *prefix, unsigned number)
{
        char name[64];
        int index;

        snprintf(name, sizeof(name), "%s%02u", prefix, number);
        index = trace_workspace(generator->trace, name);
        if (index < 0)
                generator->error = index;
        return index < 0 ? 0 : (uint32_t)index;
}

static void add(struct generator *generator, uint32_t owner, const char *kind, double at_sec, double cpu_sec,
        double parallelism, double stop_sec)
{
        int number = trace_kind(generator->trace, kind);
        struct trace_job job = {
                .arrival_sec = at_sec,
                .cpu_sec = cpu_sec,
                .parallelism = parallelism,
                .stop_sec = stop_sec,
                .workspace = owner,
                .kind = (uint32_t)number,
        };

        if (generator->error < 0)
                return;
        generator->error = number < 0 ? number : trace_add(generator->trace, &job);
}

/* Somebody who types, with pauses of @think_sec on average. */
static void add_typist(struct generator *generator, uint32_t owner, double think_sec)
{
        for (double at = random_exponential(generator, think_sec); at < SPAN_SEC;
                at += random_exponential(generator, think_sec)) {
                bool opens = random_part(generator) < OPENS_OF_EVENTS;

                add(generator, owner, opens ? "open" : "edit", at, random_work(generator, opens ? OPEN_SEC : EDIT_SEC), 1,
                        INFINITY);
        }
}

/* Somebody who builds: @work_sec of CPU on average, then a pause. */
static void add_builder(struct generator *generator, uint32_t owner, double think_sec, double work_sec, double parallelism)
{
        for (double at = random_exponential(generator, think_sec); at < SPAN_SEC;
                at += random_exponential(generator, think_sec))
                add(generator, owner, "build", at, random_work(generator, work_sec), parallelism, INFINITY);
}

static void add_hog(struct generator *generator, uint32_t owner)
{
        add(generator, owner, "hog", 0, INFINITY, generator->cpus, INFINITY);
}

/* Typists who want 0.6 of the CPUs: 50 ms for an event, one in 2 s each. */
#define TYPISTS_PER_CPU 24

static void generate_interactive(struct generator *generator)
{
        for (unsigned i = 0; i < TYPISTS_PER_CPU * generator->cpus; i++)
                add_typist(generator, workspace(generator, "typist", i + 1), 2);
}

static void generate_hogs(struct generator *generator)
{
        for (unsigned i = 0; i < 4 * generator->cpus; i++)
                add_hog(generator, workspace(generator, "hog-of-trace", i + 1));
}

/* One types, all others build: four for each CPU, who want 0.9 of the CPUs. */
static void generate_one_against_many(struct generator *generator)
{
        add_typist(generator, workspace(generator, "typist", 1), 3);
        for (unsigned i = 0; i < 4 * generator->cpus; i++)
                add_builder(generator, workspace(generator, "builder", i + 1), 267, 60, generator->cpus);
}

/* One tenant with a typist alone, one of developers, whose builds want 0.6 of the CPUs, one with hogs. */
static void generate_tenants(struct generator *generator)
{
        add_typist(generator, workspace(generator, "small/typist", 1), 3);
        for (unsigned i = 0; i < 3 * generator->cpus; i++) {
                uint32_t owner = workspace(generator, "large/dev", i + 1);

                add_typist(generator, owner, 5);
                add_builder(generator, owner, 300, 60, generator->cpus);
        }
        for (unsigned i = 0; i < generator->cpus; i++)
                add_hog(generator, workspace(generator, "miners/hog", i + 1));
}

/* Spins on all CPUs for @duty of each period and sleeps for the rest, whatever it got. */
static void add_gamer(struct generator *generator, uint32_t owner, double period_sec, double duty)
{
        double phase = period_sec * random_part(generator);

        for (double at = phase - period_sec; at < SPAN_SEC; at += period_sec) {
                double begin = fmax(at, 0), stop = fmin(at + duty * period_sec, SPAN_SEC);

                if (stop > begin)
                        add(generator, owner, "game", begin, INFINITY, generator->cpus, stop);
        }
}

/*
 * For each duty an honest one, who wants as much in the mean, evenly; and three who game with periods below, at and beyond
 * the fast credit's depth. Hogs take what is left.
 */
static void generate_gamers(struct generator *generator)
{
        static const unsigned duties_percent[] = {12, 50, 90};
        static const unsigned periods_sec[] = {2, 10, 60};

        for (size_t i = 0; i < 3; i++) {
                double duty = duties_percent[i] / 100.0;
                char name[32];

                snprintf(name, sizeof(name), "honest%u-", duties_percent[i]);
                add(generator, workspace(generator, name, 0), "honest", 0, INFINITY, duty * generator->cpus, SPAN_SEC);
                for (size_t k = 0; k < 3; k++) {
                        snprintf(name, sizeof(name), "gamer%u-", duties_percent[i]);
                        add_gamer(generator, workspace(generator, name, periods_sec[k]), periods_sec[k], duty);
                }
        }
        for (unsigned i = 0; i < 4; i++)
                add_hog(generator, workspace(generator, "hog-of-trace", i + 1));
}

/* Every five minutes all wake at once: half of them build, half of them open a file and type. */
static void generate_herd(struct generator *generator)
{
        for (unsigned i = 0; i < TYPISTS_PER_CPU * generator->cpus; i++) {
                uint32_t owner = workspace(generator, "ws", i + 1);

                for (double at = 300; at < SPAN_SEC; at += 300) {
                        if (i % 2)
                                add(generator, owner, "build", at, random_work(generator, 4), 2, INFINITY);
                        else
                                add(generator, owner, "open", at, random_work(generator, OPEN_SEC), 1, INFINITY);
                        for (int edit = 0; edit < 10 && i % 2 == 0; edit++)
                                add(generator, owner, "edit", at + 2 * edit + 2 * random_part(generator),
                                        random_work(generator, EDIT_SEC), 1, INFINITY);
                }
        }
}

/* Workspaces that are only there: they start, and sleep ever after. */
#define ASLEEP 1000
#define START_SEC 0.001

/* Few are awake among many. */
static void generate_asleep(struct generator *generator)
{
        for (unsigned i = 0; i < 6; i++)
                add_typist(generator, workspace(generator, "typist", i + 1), 2.5);
        for (unsigned i = 0; i < 4; i++)
                add_builder(generator, workspace(generator, "builder", i + 1), 240, 75, generator->cpus);
        for (unsigned i = 0; i < ASLEEP; i++)
                add(generator, workspace(generator, "asleep", i + 1), "start", 0, START_SEC, 1, INFINITY);
}

static const struct {
        const char *name;
        void (*generate)(struct generator *generator);
        const char *summary;
} generators[] = {
        {"interactive", generate_interactive, "all type: 24 for each CPU, none builds"},
        {"hogs", generate_hogs, "none types: 4 endless ones for each CPU"},
        {"one-against-many", generate_one_against_many, "one types beside many who build"},
        {"tenants", generate_tenants, "three tenants: one that types, one of developers, one of hogs"},
        {"gamers", generate_gamers, "duty cycles of 12, 50 and 90 % beside honest demand of the same size, and hogs"},
        {"asleep", generate_asleep, "six type and four build, among a thousand who sleep"},
        {"herd", generate_herd, "all wake at once, every five minutes"},
};

#define N_GENERATORS (sizeof(generators) / sizeof(generators[0]))

void trace_describe_generators(void (*tell)(void *context, const char *name, const char *summary), void *context)
{
        for (size_t i = 0; i < N_GENERATORS; i++)
                tell(context, generators[i].name, generators[i].summary);
}

static int parse_seed(const char *text, uint64_t *ret)
{
        int end = 0;

        *ret = 1;
        return !*text || (sscanf(text, ":%" SCNu64 "%n", ret, &end) == 1 && !text[end]) ? 0 : -EINVAL;
}

static int generate(struct trace *ret, size_t which, const char *name, uint64_t seed, unsigned cpus)
{
        struct trace trace = {.name = strdup(name), .span_sec = SPAN_SEC};
        struct generator generator = {.trace = &trace, .cpus = cpus};

        random_seed(&generator.random, seed);
        generators[which].generate(&generator);
        if (generator.error == 0)
                generator.error = trace.name ? trace_sort(&trace) : -ENOMEM;
        if (generator.error < 0) {
                trace_free(&trace);
                return complain(generator.error, "gen:%s", name);
        }
        *ret = trace;
        return 0;
}

int trace_generate(struct trace *ret, const char *name, unsigned cpus)
{
        size_t n = strcspn(name, ":");
        uint64_t seed;

        if (parse_seed(name + n, &seed) < 0)
                return complain(-EINVAL, "gen:%s: wants a whole number behind the colon", name);
        for (size_t i = 0; i < N_GENERATORS; i++)
                if (strlen(generators[i].name) == n && !strncmp(generators[i].name, name, n))
                        return generate(ret, i, name, seed, cpus);
        return complain(-EINVAL, "gen:%s: there is no such generator; sim --help names them", name);
}

#define GENERATOR_PREFIX "gen:"

int trace_load(struct trace *ret, const char *name, unsigned cpus)
{
        size_t prefix = strlen(GENERATOR_PREFIX);

        if (!strncmp(name, GENERATOR_PREFIX, prefix))
                return trace_generate(ret, name + prefix, cpus);
        return trace_read(ret, name);
}
