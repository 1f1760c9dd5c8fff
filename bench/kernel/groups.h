/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BENCH_GROUPS_H
#define BENCH_GROUPS_H

/*
 * The control groups of a measurement: one parent with a few children, made for one run and removed after it, so that no
 * run inherits the kernel's load averages of the one before. Written without the library on purpose: policies that do not
 * use it are measured without it.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GROUPS_MAX 64       /* children in a run beside loops, which uses eight; groups_add() has no limit of its own */
#define GROUP_LEVELS_MAX 16 /* from the mount down to the parent */

/* Which controllers the groups have: the first so many of cpu, memory. */
#define GROUPS_CPU 1
#define GROUPS_CPU_AND_MEMORY 2

struct group {
        char name[64];
        pid_t sleeper; /* that a unit has from its beginning; 0 without units */
        int dir_fd;
        int usage_fd; /* cpu.stat */
};

struct groups {
        char mount[PATH_MAX];
        char parent[PATH_MAX]; /* relative to the mount */
        int mount_fd;
        int parent_fd;
        int usage_fd;      /* the parent's cpu.stat */
        const char *slice; /* NULL: groups are made by mkdir; else they are scopes of systemd's in it, see units.h */
        size_t n_controllers;
        bool enabled[GROUP_LEVELS_MAX][GROUPS_CPU_AND_MEMORY]; /* was it enabled by us on this level? 0 = the mount itself */
        size_t n;
        struct group *group;
};

/*
 * Finds out where groups can be made, and makes nothing.
 *
 * @mount: NULL = where cgroup v2 is mounted. @parent: relative to it; NULL = "cgburst-bench" at the top of what may be
 * managed. @n_controllers: GROUPS_CPU or GROUPS_CPU_AND_MEMORY.
 * @return 0; -ENOENT without cgroup v2; -EACCES without write access; -EOPNOTSUPP without a controller. Complains.
 */
int groups_find(struct groups *ret, const char *mount, const char *parent, size_t n_controllers);

/*
 * Makes scopes of systemd's of groups that were found but not opened. @slice: NULL = a name of ours. @return 0 or a negative
 * errno. Complains.
 */
int groups_use_units(struct groups *groups, const char *slice);

/* "cpu", "memory" */
const char *groups_controller_name(size_t controller);

/* How many directories there are from the mount, included, down to the parent, excluded. */
size_t groups_count_levels(const struct groups *groups);

/* Opens the @level-th of them, 0 = the mount. @return -1 past the last one. */
int groups_open_level(const struct groups *groups, size_t level);

/* Makes the parent and enables the controllers down to it. @return 0 or a negative errno. Complains. */
int groups_open(struct groups *groups);

/* Makes one child with this weight. @return its index, or a negative errno. Complains. */
int groups_add(struct groups *groups, const char *name, unsigned weight);

/* Moves a process into a child. @return 0 or a negative errno. Complains. */
int groups_attach(struct groups *groups, size_t index, pid_t pid);

/* @return the weight that the kernel holds; 0 if it cannot be read. */
unsigned groups_weight(const struct groups *groups, size_t index);

/* CPU time used so far by one child, or by the parent and everything in it. */
uint64_t groups_usage_usec(const struct groups *groups, size_t index);
uint64_t groups_parent_usage_usec(const struct groups *groups);

/*
 * Kills what is left in them, all at once, removes all children and the parent, and leaves controllers as they were found.
 */
void groups_close(struct groups *groups);

#endif
