/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_NODE_H
#define BENCH_SIM_NODE_H

/*
 * The node: who runs how fast, and what that adds up to.
 *
 * A fluid model. Between two events every group runs at a constant rate, in CPUs, which weighted max-min sharing gives it
 * (share.c); so the time to the next event is found by division, and there is no error of a time step. Whoever makes an
 * event calls, in this order: node_advance() to its time, what happens, node_share().
 *
 * All unfinished jobs of a group run side by side, and divide what it has by max-min as well: evenly, but none has more CPUs
 * than it has threads. A kernel divides by threads; but what a build's many threads do while one of them waits is not in a
 * trace.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bandwidth.h"
#include "policy.h"

#define NODE_NONE UINT32_MAX

/* What a job is to the node. */
struct node_work {
        double cpu_sec; /* INFINITY: endless */
        double threads;
        double stop_sec; /* when it is given up; INFINITY: never */
        uint64_t memory_bytes;
};

/* A job while it runs. */
struct node_job {
        uint32_t group;
        uint32_t next; /* in its group, in the order of arrival */
        struct node_work work;
        double remaining_sec; /* of CPU time, at .since_sec */
        double since_sec;     /* when its rate was set */
        double rate;
        double finish_sec; /* if the rate stays */
        bool paid;         /* while a group's CPUs are divided: it has all it can use */
};

struct node_group {
        uint32_t parent;
        bool is_leaf;      /* jobs run in it */
        bool jobs_changed; /* since its CPUs were divided */
        uint32_t first_job, last_job;
        double divided_rate; /* the rate that its jobs have been given */
        double finish_sec;   /* when the first of its jobs finishes */
        uint32_t weight;
        double threads;      /* in it and below it, that run or want to */
        double demand_below; /* the sum over its children, or the threads of its jobs */
        double demand;       /* CPUs that it could use now: 0 while throttled, at most all there are */
        double rate;         /* CPUs that it has */
        double usage_sec;
        double some_sec;                    /* cpu.pressure */
        uint64_t memory_bytes;              /* resident, in it and below it */
        uint32_t first_active, next_active; /* children with demand, in order */
        struct bandwidth bandwidth;
};

struct node {
        struct sim_machine *machine;
        struct node_group *groups; /* as machine->groups */
        struct node_job *jobs;     /* by numbers that are the caller's */
        double now_sec;
        double next_sec;   /* a job finishes or is given up, or a quota changes something; INFINITY: never */
        double used_sec;   /* CPU time given */
        double wanted_sec; /* CPU time that could have been given: to as many threads as there are CPUs */
};

/* @n_jobs: their numbers are below it. @return 0 or -ENOMEM */
int node_init(struct node *ret, struct sim_machine *machine, size_t n_jobs);
void node_free(struct node *node);

/* Job @number begins in @group. */
void node_start(struct node *node, uint32_t number, uint32_t group, const struct node_work *work);

/* @to_sec is not beyond node->next_sec. @return true if node_share() is due, whatever else happens now */
bool node_advance(struct node *node, double to_sec);

/* A job that is done or given up by now; it has left its group then. @return false if there is none */
bool node_take_finished(struct node *node, uint32_t *ret_job);

/* Rates from weights, demands and quotas; then the time of what comes next. */
void node_share(struct node *node);

/* Counters -> machine->groups[].facts */
void node_tell_facts(const struct node *node);

/*
 * machine->groups[].knobs -> the node.
 *
 * @return how many files that would have written; or -ERANGE and the group in *@ret_group
 */
int node_take_knobs(struct node *node, uint32_t *ret_group);

#endif
