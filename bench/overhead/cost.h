/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_COST_H
#define BENCH_COST_H

/*
 * The library's step beside the bare system calls, by turns in one run, each after the same work of the load. Medians.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../common/interrupt.h"
#include "../kernel/groups.h"
#include "crowd.h"

struct cost {
        struct crowd_plan plan;
        size_t repeats;
        double step_nsec;
        double bare_nsec;                       /* reads and changed writes */
        double bare_look_nsec;                  /* the same, and each weight read before it is written */
        double step_to_bare, step_to_bare_look; /* of each round, and of these the median */
        double reads, writes;                   /* system calls of the library a step, the mean */
};

/* @return 0 or a negative errno; -EINTR after a signal. All is put back in any case. Complains. */
int cost_measure(struct cost *ret, const struct groups *place, const struct crowd_plan *plan, size_t repeats,
        struct interrupt *interrupt);

/* What both verbs are told on the command line. */
struct cost_options {
        uint64_t workspaces[8];
        size_t n_workspaces;
        unsigned registered; /* scale alone */
        unsigned repeats;
        const char *parent, *mount;
        const char *json;
        bool law, step; /* overhead: which part */
        bool check;
};

/* @is_scale: which of the two verbs. @return 0; 1 if --help was answered; a negative errno. Complains. */
int cost_options_parse(struct cost_options *ret, int argc, char **argv, bool is_scale, const char *help);

void cost_print_header(FILE *file);
void cost_print(FILE *file, const struct cost *cost);
void cost_write_json(FILE *file, const struct cost *cost);

#endif
