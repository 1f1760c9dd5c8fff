/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The sorter: gives the workspaces of rules with patterns for lanes their lanes, and moves processes to the batch lane as
 * they appear.
 *
 * The hard idea: no tree of processes is followed and /proc is never scanned. Who is started in a lane is born in it, by the
 * kernel's doing; so batch lanes need no look at all, and an interactive lane needs one only if it has used the CPU since
 * the last: nobody can be started without. That costs nothing for sleepers, and the usage is read by the policy anyway.
 * (What else there is: cgroup.procs and pids.current notify nobody, cgroup.events only of the first and the last process,
 * and the proc connector tells of every fork of the whole host, to root in the first namespaces alone.)
 *
 * Who moves a process waits in the kernel for a grace period of RCU, some 20 ms, and on a busy machine several times that.
 * So sort.c, in the loop, only chooses what is to be looked at, and a thread looks and moves: sort-batch.c.
 */
#include <stdbool.h>

struct cgb;
struct cgb_group;
struct cgb_fault;
struct cgb_sort_batch;
struct cgb_sorting;

/** Where a group stands. */
enum cgb_lanes_state {
        CGB_LANES_NONE,    /* its rule has none */
        CGB_LANES_WANTED,  /* soon, or just being made */
        CGB_LANES_MADE,    /* its children are lanes */
        CGB_LANES_DRY,     /* they would be: its processes are judged where they are, and told of */
        CGB_LANES_REFUSED, /* it was reported why */
};

struct cgb_sorter {
        bool is_open;
        int proc_fd;
        struct cgb_sort_batch *batch; /* under way; NULL: none */
        size_t next;                  /* the group with which the next one begins */
};

/**
 * Lanes that a dead manager left go: this one starts from what was there before. @return 0, or an error that is in @fault.
 */
int cgb_sort_open(struct cgb *cgb, struct cgb_fault *fault);

/** Takes what a thread has done, and gives it what is to be done. Once a step; never waits. */
void cgb_sort(struct cgb *cgb);

/** Waits for the thread; processes return, and lanes go. @return 0, or the first error, in @fault. */
int cgb_sort_close(struct cgb *cgb, struct cgb_fault *fault);

/** A group joins: does it want lanes? */
enum cgb_lanes_state cgb_sort_wants(const struct cgb_group *group);

/** A group goes. */
void cgb_sort_forget(struct cgb_group *group);
