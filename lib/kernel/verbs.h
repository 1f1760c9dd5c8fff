/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * verbs.h - what one does to a tree: make a group, pass a controller down, move a process, remove a group
 *
 * Whatever fails tells in the fault which file it was, what is the matter and what helps; @fault may be NULL. Paths are
 * relative to the mount.
 */

#include <sys/types.h>

#include "kernel/tree.h"

/*
 * Makes a group; its parent must be there.
 *
 * @return 0; -EEXIST, with no fault set because callers often do not mind; -ENOENT; -EACCES, -EROFS; -ENOSPC at
 *         cgroup.max.descendants or cgroup.max.depth; -EINVAL for a path that is not clean
 */
int cgb_tree_make(const struct cgb_tree *tree, const char *path, struct cgb_fault *fault);

/*
 * Removes a group that has neither processes nor child groups.
 *
 * @return 0; -ENOENT without a fault; -EBUSY; -EACCES, -EROFS
 */
int cgb_tree_remove(const struct cgb_tree *tree, const char *path, struct cgb_fault *fault);

/* Does this group pass @controller on to its children? @return 1, 0, or an error of cgb_tree_read(). */
int cgb_tree_is_enabled(const struct cgb_tree *tree, const char *path, const char *controller);

/*
 * Makes a group pass @controller on to its children.
 *
 * @return 1 if that is new; 0 if it did already; -EOPNOTSUPP if the group has not got the controller itself or cannot
 *         pass it on; -EBUSY if it has processes of its own; -ENOENT; -EACCES, -EROFS
 */
int cgb_tree_enable(const struct cgb_tree *tree, const char *path, const char *controller, struct cgb_fault *fault);

/* Takes that back. @return 0, also if it did not; -EBUSY if a child passes it on; -ENOENT; -EACCES, -EROFS. */
int cgb_tree_disable(const struct cgb_tree *tree, const char *path, const char *controller, struct cgb_fault *fault);

/* Told of a group just before the controller is enabled in it, so that it can be written down first. Negative: stop. */
typedef int cgb_before_enable(void *userdata, const char *path);

/*
 * cgb_tree_enable() from the mount down to @path and in @path itself, so that its children have the controller. All of these
 * groups must be there. Those that the caller need not touch because they pass it on already need not be writable.
 *
 * @before: may be NULL
 * @return how many were changed; else the first error
 */
int cgb_tree_enable_path(const struct cgb_tree *tree, const char *path, const char *controller, cgb_before_enable *before,
        void *userdata, struct cgb_fault *fault);

/*
 * Moves a process into a group; @pid 0 is the caller.
 *
 * @return 0; -EINVAL for a negative pid, or a process that cannot be moved; -ESRCH; -ENOENT if the group is gone; -EBUSY
 *         if it passes controllers on to child groups; -EOPNOTSUPP if it is threaded; -EACCES, -EROFS
 */
int cgb_tree_attach(const struct cgb_tree *tree, const char *path, pid_t pid, struct cgb_fault *fault);
