/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_COMPILE_H
#define BENCH_COMPILE_H

/*
 * Real work for the demo: builds that compile this project's own C again and again, and an editor that has a file's syntax
 * checked whenever its user stops typing.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCES_MAX 64
#define CHECKS_MAX 4096

struct sources {
        size_t n;
        char *files[SOURCES_MAX]; /* smallest first */
        const char *typed;        /* the one that is open in the editor: the smallest */
        const char *root;         /* the top of this project */
        char folder[64];          /* where objects go; removed by sources_free() */
};

/*
 * Finds what there is to compile below @root, the top of this project.
 *
 * @return 0; -ENOENT if there is nothing, or no gcc. Complains.
 */
int sources_find(struct sources *ret, const char *root);
void sources_free(struct sources *sources);

/* One of the jobs of a build: compiles one source after the other until killed. In shared memory. */
struct build_job {
        const struct sources *sources;
        unsigned number;       /* of all jobs, from 0: each begins with another source and has its own object */
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
        const struct sources *sources;
        uint64_t think_min_usec;
        uint64_t think_max_usec;
        uint64_t seed;
        _Atomic uint32_t n; /* checks that are complete */
        _Atomic uint32_t failed;
        struct check checks[CHECKS_MAX];
};

void checker_work(void *checker);

#endif
