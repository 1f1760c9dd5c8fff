/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * probe.h - what this host offers: the checks behind cgb_probe()
 *
 * A check looks at one thing and says what is there and how to mend it. It changes nothing, and one that cannot be made is a
 * check that failed and not an error. probe.c has the table; probe-host.c looks at the kernel and the process, probe-tree.c
 * at the way from the mount down to the parent, probe-groups.c at the parent and at what is in it.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cgburst/cgburst.h>

#include "kernel/tree.h"

/* What the checks look at. */
struct cgb_probe {
        const char *prefix;                /* before /proc, /sys, /run; "" on a real host */
        const struct cgb_options *options; /* may be NULL */

        struct cgb_tree tree;        /* .mount is NULL if there is none */
        struct cgb_fault tree_fault; /* why */

        char parent[PATH_MAX];
        struct cgb_fault parent_fault; /* .code is not 0 if there is no telling which group it would be */
        bool parent_exists;
        char nearest[PATH_MAX]; /* the parent, or the lowest group above it that exists */
        uint32_t children;      /* groups in the parent */
};

/* Looks at it all as it stands under @prefix: cgb_probe() for tests. */
size_t cgb_probe_in(const char *prefix, const struct cgb_options *options, struct cgb_check *checks, size_t n);

/* Names end up in messages of 256 bytes, beside words of ours; a longer one is cut off. */
#define CGB_SHOWN_SIZE 160

/* "<mount>/<path>/<file>", for a message. */
void cgb_probe_show(char ret[CGB_SHOWN_SIZE], const struct cgb_probe *probe, const char *path, const char *file);

/* Fills in a check. @remedy may be NULL for "nothing to mend". */
void cgb_check_set(struct cgb_check *check, enum cgb_check_result result, const char *remedy, const char *found, ...)
        __attribute__((__format__(__printf__, 4, 5)));

/* Reads the first line of a file under the prefix, without its newline. @return 0; -ENOENT; -EMSGSIZE; ... */
int cgb_probe_read_line(const struct cgb_probe *probe, const char *file, char *ret, size_t size);

typedef void cgb_check_function(struct cgb_check *check, const struct cgb_probe *probe);

/* probe-host.c */
cgb_check_function cgb_check_kernel;
cgb_check_function cgb_check_sched_ext;
cgb_check_function cgb_check_state_dir;
cgb_check_function cgb_check_open_files;
cgb_check_function cgb_check_swap;

/* probe-tree.c */
cgb_check_function cgb_check_cgroup2;
cgb_check_function cgb_check_controller;
cgb_check_function cgb_check_passed_down;
cgb_check_function cgb_check_parent;
cgb_check_function cgb_check_type;
cgb_check_function cgb_check_systemd;
cgb_check_function cgb_check_inotify;

/* probe-groups.c */
cgb_check_function cgb_check_permission;
cgb_check_function cgb_check_cpu_stat;
cgb_check_function cgb_check_pressure;
cgb_check_function cgb_check_cpus;
cgb_check_function cgb_check_idle;
cgb_check_function cgb_check_memory;
cgb_check_function cgb_check_reclaim;
cgb_check_function cgb_check_trigger;
