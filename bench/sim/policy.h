/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_POLICY_H
#define BENCH_SIM_POLICY_H

/*
 * What a policy of the simulated node is: something that reads of every group what a kernel would tell, and sets what a
 * kernel would let it set. It has no other senses. A policy is one constant of type struct sim_policy in a file of its own,
 * and one line in the table of registry.c; see policy-equal.c for the smallest.
 *
 * The node calls, in simulated time:
 *
 *     open()                      once, before anything runs
 *     added() for every group     parents before their children, the root first; later again for groups that come later
 *     step()                      every step, first at step_usec: facts are as of machine->now_usec; knobs may be set, and
 * hold from then on gone()                      before a group goes, its children first close()
 *
 * Knobs are set by plain assignment, in added() or step(), on any group that is there; what is out of the kernel's range is
 * the policy's own mistake, and ends the run. The same machine, trace and policy give the same result always: no clock, no
 * random numbers without a fixed seed. Nothing should be allocated in step(): there may be millions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* groups[0] is the managed parent: it has facts, and its knobs are the operator's. */
#define SIM_ROOT 0u

/* "max" in cpu.max, memory.high and memory.max. */
#define SIM_MAX UINT64_MAX

/* The kernel's default period of cpu.max. */
#define SIM_PERIOD_USEC UINT64_C(100000)

/* What a group is for, as whoever makes workspaces knows it without asking what runs inside. */
enum sim_role {
        SIM_PARENT,           /* has groups below it: the root, a tenant, a workspace whose lanes are nested */
        SIM_WORKSPACE,        /* a workspace of one group: no children; jobs run in it */
        SIM_LANE_INTERACTIVE, /* the editor's part of a workspace; jobs run in it */
        SIM_LANE_BATCH,       /* the compilers' part; jobs run in it */
};

/* What truly runs in a group: the most urgent kind of all its jobs. Nobody on a real host knows. FOR THE ORACLE ALONE. */
enum sim_truth {
        SIM_TRUTH_INTERACTIVE, /* somebody waits at a key: edit, open */
        SIM_TRUTH_BATCH,       /* work that ends: build, run, rate */
        SIM_TRUTH_HOG,         /* never ends */
};

/* What the files of a group say. Counters only grow. */
struct sim_facts {
        uint64_t usage_usec;     /* cpu.stat */
        uint64_t nr_periods;     /* cpu.stat: periods of cpu.max in which it ran or wanted to; 0 while there is no quota */
        uint64_t nr_throttled;   /* cpu.stat: those in which it ran out */
        uint64_t throttled_usec; /* cpu.stat: summed over the CPUs on which it was held back, as the kernel does */
        uint64_t nr_bursts;      /* cpu.stat: periods that used more than the quota */
        uint64_t burst_usec;     /* cpu.stat: and by how much */
        uint64_t cpu_some_usec;  /* cpu.pressure: some total */
        uint64_t memory_current_bytes; /* memory.current: what its unfinished jobs have resident */
};

/*
 * What may be written to them. They start as the kernel's defaults, but for the weight: that is the share.
 *
 * The node is about CPUs and has memory enough for everybody: limits of memory are taken, and change nothing.
 */
struct sim_knobs {
        uint32_t weight;            /* cpu.weight, 1..10000 */
        uint64_t quota_usec;        /* cpu.max, per period; at least 1000, or SIM_MAX */
        uint64_t period_usec;       /* cpu.max, 1000..1000000 */
        uint64_t burst_usec;        /* cpu.max.burst, at most the quota */
        uint64_t memory_high_bytes; /* memory.high, or SIM_MAX */
        uint64_t memory_low_bytes;  /* memory.low */
        uint64_t memory_max_bytes;  /* memory.max, or SIM_MAX */
};

struct sim_group {
        const char *name;   /* of the group; lanes of a workspace have names of their own */
        uint32_t parent;    /* index; of the root: itself */
        uint32_t workspace; /* a number that the lanes of one workspace have in common; a parent of several: UINT32_MAX */
        enum sim_role role;
        bool present;            /* false: not there yet, or gone. Its index is never given out again */
        uint32_t share_permille; /* 1000 is what cpu.weight 100 stands for; lanes as siblings have a part of it each */
        enum sim_truth truth;    /* FOR THE ORACLE ALONE */
        struct sim_facts facts;
        struct sim_knobs knobs;
};

struct sim_machine {
        uint64_t now_usec;
        uint32_t cpus;
        uint32_t n_groups;        /* all that there will ever be, present or not: an array of that size lasts for the run */
        struct sim_group *groups; /* parents before their children */
};

/* What the user wrote behind the policy's name: "cgburst:fast=15,reach=32". */
struct sim_arguments;

/*
 * Takes the argument @key. One that nobody takes ends the program with a message that names it.
 *
 * @return true if it was given: its number is in *@value. False if it was not: *@value is as it was. A number outside of
 *         @min..@max ends the program with a message, after open() has returned.
 */
bool sim_argument(struct sim_arguments *arguments, const char *key, double min, double max, double *value);

/*
 * What a policy counts for a group, as a part of the most that it counts: -1 full debt, 1 full credit. NAN: it does not
 * count.
 */
struct sim_credit {
        double slow;
        double fast;
};

struct sim_policy {
        const char *name;    /* as in --policy */
        const char *summary; /* one line, no full stop */
        uint64_t step_usec;  /* the step that it prefers; 0: it is never called after added() */
        bool step_is_free;   /* --step may set another one. False: the published step is a part of the policy */

        /*
         * @step_usec: the step there will be. Groups are not there yet, but their number is known.
         *
         * @return 0 and something of the policy's own in *@ret_state (NULL will do); or a negative errno
         */
        int (*open)(
                void **ret_state, const struct sim_machine *machine, uint64_t step_usec, struct sim_arguments *arguments);

        /* Any of these may be NULL. */
        void (*added)(void *state, struct sim_machine *machine, uint32_t group);
        void (*gone)(void *state, struct sim_machine *machine, uint32_t group);
        void (*step)(void *state, struct sim_machine *machine, uint64_t now_usec);
        void (*close)(void *state);

        /* For those who watch. *@ret is as it was where there is nothing to tell. */
        void (*credit)(void *state, uint32_t group, struct sim_credit *ret);
};

#endif
