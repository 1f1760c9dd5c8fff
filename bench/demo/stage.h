/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

/* Who plays in the demo: an editor and three builds, each in a group of its own, and cgburst. They come on in this order. */

#include <stddef.h>
#include <stdint.h>

#include "../kernel/crew.h"
#include "../kernel/groups.h"
#include "../kernel/manager.h"
#include "../kernel/probe.h"
#include "compile.h"
#include "summary.h"

struct stage {
        struct groups groups; /* found by groups_find() before stage_set() */
        struct source source;
        struct spinner spinner;
        struct crew crew;
        struct manager manager; /* .pid 0 until it runs */
        struct probe *probes[TASK_CHECK];
        struct checker *checker;
        struct build_job *jobs;
        unsigned n_jobs; /* of all builds together */
};

#define N_BUILDS 3

/* Makes groups and memory; stage_clear() removes them, even after a failure. @return 0 or a negative errno. Complains. */
int stage_set(struct stage *stage);

/* @return 0 or a negative errno. Complain. */
int stage_start_editor(struct stage *stage);
int stage_start_builds(struct stage *stage);
int stage_start_cgburst(struct stage *stage);

/* Ends everybody and removes everything. */
void stage_clear(struct stage *stage);

/* So far. */
unsigned stage_count_compiles(const struct stage *stage);
unsigned stage_count_failures(const struct stage *stage);

/* Responses to what was due at @from_usec or later, oldest first; @ret has room for PROBE_BURSTS_MAX. @return how many. */
size_t stage_responses(const struct stage *stage, enum demo_task task, uint64_t from_usec, uint64_t *ret);

/* 0 before the first. */
uint64_t stage_last_response_usec(const struct stage *stage, enum demo_task task);

#endif
