/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_SCENARIO_H
#define BENCH_MEMORY_SCENARIO_H

/*
 * A scenario: what happens, under each policy in turn, and the figures that it ends with. All are plain numbers, so that one
 * report serves all scenarios.
 */

#include <stdbool.h>
#include <stddef.h>

#include "build.h"
#include "options.h"
#include "policies.h"

#define FIGURES_MAX 20

struct figure {
        const char *key;   /* in JSON, with its unit */
        const char *label; /* for people, with its unit */
        int decimals;
        bool ratio; /* shown also against the first policy */
};

/* What the runs of a scenario have in common. */
struct scene {
        const struct memory_options *options;
        const struct groups *place;
        struct interrupt *interrupt;
        struct build_plan build; /* of the sandbox */
        uint64_t limit_bytes;    /* its memory.max */
};

struct scenario {
        const char *name;
        const char *what;
        const char *policies; /* the default, with commas between them; ratios are to the first */
        const struct figure *figures;
        size_t n_figures;
        /* Before the first run; may be NULL. @return 0 or a negative errno. Complains. */
        int (*prepare)(struct scene *scene);
        /* Once under one policy. @return likewise, -EINTR after a signal. */
        int (*run)(struct scene *scene, const struct memory_policy *policy, double *ret);
        /* After the last, also after a failure; may be NULL. */
        void (*finish)(struct scene *scene);
        /* One line on what was run, for people and for JSON. May be NULL. */
        void (*describe)(const struct scene *scene, char *ret, size_t size);
};

extern const struct scenario scenario_sandbox, scenario_crowd, scenario_leak, scenario_wave;

/* How a run goes whose workspaces were planned. Times are after go. */
struct play {
        int (*add_actors)(const struct scene *scene, struct stage *stage); /* @return 0 or negative, after a complaint */
        uint64_t from_usec, until_usec;                                    /* what lies between is counted */
        size_t first_counted, n_counted;                                   /* workspaces */
        /* Once it is over, before it is removed. */
        void (*note)(const struct scene *scene, const struct stage *stage, const struct counted *counted, double *ret);
};

/* What a run begins with under @policy; workspaces are to be added. */
struct stage_plan scene_plan(const struct scene *scene, const struct memory_policy *policy, uint64_t pool_bytes);

/* Adds a workspace without limits of its own. */
struct workspace *scene_add(struct stage_plan *plan, const char *name, size_t number, bool is_session);

/* Plays it to its end. @return 0 or a negative errno, -EINTR after a signal. Complains. */
int scene_play(const struct scene *scene, const struct stage_plan *plan, const struct play *play, double *ret);

/* Adds a step to a script. */
void script_add(struct actor_script *script, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec, uint64_t bytes);

/* Over all actors of a stage: percentiles of how long these touches took. All zero without memory for it. */
struct percentiles stage_took(const struct stage *stage, enum actor_verb verb, uint64_t from_usec, uint64_t until_usec);

static inline double msec_of(uint64_t usec)
{
        return (double)usec / 1e3;
}

static inline double sec_of(uint64_t usec)
{
        return (double)usec / 1e6;
}

static inline double mib_of(uint64_t bytes)
{
        return (double)bytes / (double)MIB;
}

#endif
