/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_SIM_TRACE_H
#define BENCH_SIM_TRACE_H

/* What is replayed: jobs in the order of their arrival. From a CSV file (read.c) or made up (generate.c). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_KINDS_MAX 16
#define TRACE_KIND_SIZE 16

struct trace_job {
        double arrival_sec;
        double cpu_sec;        /* INFINITY: never ends by itself */
        double parallelism;    /* CPUs that it may use at once */
        double stop_sec;       /* when it is given up, done or not; INFINITY: never */
        uint64_t memory_bytes; /* resident while it is unfinished; 0: not known */
        uint32_t workspace;
        uint32_t kind;
};

struct trace {
        char *name; /* as in the report: of a file, without folder and endings */
        struct trace_job *jobs;
        size_t n_jobs;
        size_t jobs_room;
        char **workspaces; /* names; "tenant/workspace" lies one level deeper */
        size_t n_workspaces;
        size_t workspaces_room;
        void *workspaces_by_name; /* a tree of tsearch(3) */
        char kinds[TRACE_KINDS_MAX][TRACE_KIND_SIZE];
        size_t n_kinds;
        double span_sec; /* when the last one arrives, or the generator ends; totals are taken then */
};

/* What somebody waits for at a key. All else is work that runs beside. */
bool trace_kind_is_interactive(const char *kind);

/* @return the number of the workspace or kind of that name, made if new; or -ENOMEM, -E2BIG, -ENAMETOOLONG */
int trace_workspace(struct trace *trace, const char *name);
int trace_kind(struct trace *trace, const char *name);

/* @return 0 or -ENOMEM */
int trace_add(struct trace *trace, const struct trace_job *job);

/* Puts jobs in the order of arrival; those of one instant stay as they are. @return 0 or -ENOMEM */
int trace_sort(struct trace *trace);

void trace_free(struct trace *trace);

/* Reads CSV, plain or compressed by xz. @return 0 or a negative errno. Complains. */
int trace_read(struct trace *ret, const char *path);

/*
 * Makes up "NAME" or "NAME:SEED" for a machine of @cpus.
 *
 * @return 0 or a negative errno. Complains.
 */
int trace_generate(struct trace *ret, const char *name, unsigned cpus);

/*
 * "gen:NAME[:SEED]" is made up for a machine of @cpus, anything else is a file to read. @return 0 or a negative errno.
 * Complains.
 */
int trace_load(struct trace *ret, const char *name, unsigned cpus);

/* One generator a line, for --help. */
void trace_describe_generators(void (*tell)(void *context, const char *name, const char *summary), void *context);

#endif
