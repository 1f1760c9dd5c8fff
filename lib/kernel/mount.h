/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * mount.h - where the tree is, where the caller sits in it, what of it is the caller's, and how many CPUs that has
 *
 * The texts of /proc/self/mountinfo and /proc/self/cgroup are arguments, so that every kind of host can be tested on any.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/tree.h"

/* Where cgroup v2 is mounted. */
struct cgb_mount {
        char point[PATH_MAX]; /* the folder */
        char root[PATH_MAX];  /* the group that is its top: "/", or another in a container without namespace */
        bool has_cpu;         /* the cpu controller is this tree's, not a v1 hierarchy's */
};

/*
 * Finds the best cgroup v2 mount: one that has the cpu controller, or else one that shows the whole tree, or else the first.
 *
 * @mountinfo: as in /proc/self/mountinfo
 * @prefix: put before the mount points when their cgroup.controllers are read; "" on a real host
 * @return 0; -ENOENT if there is none; -EBADMSG if that is no mountinfo
 */
int cgb_mount_find(struct cgb_mount *ret, const char *mountinfo, size_t n, const char *prefix);

/*
 * The caller's own group, relative to the mount.
 *
 * @text: as in /proc/self/cgroup
 * @root: as in struct cgb_mount
 * @ret: of PATH_MAX bytes
 * @return 0; -ENOENT if it is in no cgroup v2 group, or in one that this mount does not show
 */
int cgb_mount_own_group(char *ret, const char *text, size_t n, const char *root);

/*
 * The highest group, from @own upwards, that the caller may divide: the directory, cgroup.procs and
 * cgroup.subtree_control are writable.
 *
 * @own: a path below the mount
 * @ret: of PATH_MAX bytes
 * @return 0; -EACCES if there is none; -ENAMETOOLONG
 */
int cgb_mount_delegated(char *ret, const struct cgb_tree *tree, const char *own);

/*
 * The CPUs a group may use, in thousandths: those of its cpuset or its nearest ancestor's, or else those that are online;
 * and no more than the cpu.max of it and its ancestors. The group need not exist: then it is what its ancestors allow.
 *
 * @return 0 and 1..8192000; -EBADMSG if one of the files is not what the kernel writes; another error of reading them
 */
int cgb_mount_cpus_permille(uint32_t *ret, const struct cgb_tree *tree, const char *path);

/*
 * Reads a file of any length, as those of /proc are.
 *
 * @return 0 and bytes for free(), one NUL behind them; -ENOENT; -ENOMEM
 */
int cgb_mount_read_text(char **ret, size_t *ret_n, const char *file);
