/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_MEMORY_OPTIONS_H
#define BENCH_MEMORY_OPTIONS_H

/* What `cgburst-bench memory` was asked for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_options {
        bool json;
        bool check;          /* only see whether it could be done here */
        char scenarios[128]; /* with commas between them */
        char policies[128];  /* likewise; empty: what each scenario has */
        unsigned repeats;
        uint64_t step_usec;    /* of cgburst */
        uint64_t settle_usec;  /* until it is measured, of crowd and wave */
        uint64_t measure_usec; /* of crowd; half of it, 15 s at most, of leak before it leaks */
        uint64_t leak_usec;
        uint64_t wave_usec;     /* all five of them */
        uint64_t patience_usec; /* with one build */
        uint64_t pool_bytes;    /* of crowd, leak and wave */
        const char *compiler;   /* NULL: cc; "none": the stand-in */
        unsigned table_lines;   /* 0: as many as its compiler needs for some hundred MiB */
        unsigned small_files;
        const char *parent;
        const char *mount;
};

/* @return 0; 1 if help was asked for and given; -EINVAL. Complains. */
int memory_options_parse(struct memory_options *ret, int argc, char **argv);

#endif
