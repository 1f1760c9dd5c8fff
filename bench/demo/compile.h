/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_COMPILE_H
#define BENCH_COMPILE_H

/*
 * Real work for the demo: builds that compile a source of this project's again and again, and an editor that has its syntax
 * checked whenever its user stops typing. It is one file for all, so that what is compiled can be counted: any two are
 * alike.
 */

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

#define CHECKS_MAX 4096

struct source {
        const char *root; /* the top of this project */
        char file[PATH_MAX];
        char folder[64]; /* where objects go; removed by source_close() */
};

/*
 * Finds the source below @root, the top of this project, and sees that it compiles.
 *
 * @return 0; -ENOENT if it does not, or there is no gcc. Complains.
 */
int source_open(struct source *ret, const char *root);
void source_close(struct source *source);

/* One of the jobs of a build: compiles the source until killed. In shared memory. */
struct build_job {
        const struct source *source;
        unsigned number;       /* of all jobs, from 0: each has its own object */
        _Atomic uint32_t done; /* compilations */
        _Atomic uint32_t failed;
};

void build_work(void *job);

struct check {
        uint64_t due_usec; /* CLOCK_MONOTONIC */
        uint64_t response_usec;
};

/* Somebody who thinks, and then waits for a syntax check. In shared memory. */
struct checker {
        const struct source *source;
        uint64_t think_min_usec;
        uint64_t think_max_usec;
        uint64_t seed;
        _Atomic uint32_t n; /* checks that are complete */
        _Atomic uint32_t failed;
        struct check checks[CHECKS_MAX];
};

void checker_work(void *checker);

#endif
