/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_BUILD_H
#define BENCH_MEMORY_BUILD_H

/*
 * A build: one large generated C file, mostly a table, whose compiler grows until the end, and small files compiled beside
 * it, two at a time.
 *
 * Where there is no compiler, processes do as one does: read the source, grow with every line of it, walk over what they
 * have, write a file. Which of the two it was is told with the result.
 */

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct build_plan {
        char dir[64];            /* of sources and objects */
        char compiler[PATH_MAX]; /* empty: there is none */
        unsigned table_lines;
        unsigned small_files;
};

/* Shared with the process that builds. */
struct build {
        struct build_plan plan;
        _Atomic uint32_t done;
        _Atomic uint32_t failed; /* jobs whose compiler failed or was killed */
        uint64_t wall_usec;
};

/*
 * Finds the compiler (@compiler; NULL: cc), writes the sources, and compiles a small one, so that the compiler itself is in
 * memory. With
 * @table_lines 0 the large file is so large that its compiler needs some hundred MiB, more than the 256 that a static limit
 * is set below: with a real one a minute on an emulated machine.
 */
int build_prepare(struct build_plan *ret, const char *compiler, unsigned table_lines, unsigned small_files);
void build_remove(struct build_plan *plan);

/* Work for crew_start(). @data is the build. */
void build_all(void *data);

#endif
