/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

/* What `cgburst-bench kernel` was asked for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run.h"

#define LIST_MAX 16

struct kernel_options {
        const char *json;                 /* NULL: only the table */
        const char *late_trace;           /* NULL: none */
        const char *parent;               /* NULL: groups_find() knows */
        bool units;                       /* groups are scopes of systemd's */
        const char *mount;                /* likewise */
        struct policy policies[LIST_MAX]; /* cgburst once for each step */
        size_t n_policies;
        uint64_t bursts_usec[LIST_MAX];
        size_t n_bursts;
        unsigned repeats;
        unsigned bursts; /* measured per run */
        unsigned hog_groups;
        unsigned hogs_per_group;
        uint64_t warmup_usec;
        uint64_t think_min_usec; /* 0 both: in proportion to the burst */
        uint64_t think_max_usec;
        uint32_t reach_permille; /* 0: the library's default */
        bool converge;
        bool check; /* only see whether it could be done here */
};

/* @return 0; 1 if help was asked for and given; -EINVAL. Complains. */
int options_parse(struct kernel_options *ret, int argc, char **argv);

#endif
