/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What has to be there before a workspace can be: the parent group, and the cpu controller on the way down to it; for who
 * has sizes of memory, and for the memory law, that controller as well. What is made or switched on for that is written down
 * in "<state_name>.setup" before it is done, by whoever does it:
 *
 *     boot 5d0c...
 *     made cgburst                 a group, path below the mount
 *     enabled a/b                  the cpu controller in this group's cgroup.subtree_control; empty: the top of the tree
 *     memory a/b                   the same of the memory controller
 *     workspace cgburst/alice      made by cgb_create(): what is above is used while this is there
 *
 * and undone when nobody uses it any more: a group is used while it has children, a controller while such a workspace is
 * below, or a child passes it on, or has another weight (or limit of memory) than the default. Manager and makers of
 * workspaces are different processes, so all of this happens under a lock of its own.
 */
#include <cgburst/cgburst.h>

#include "kernel/tree.h"

/**
 * Held by whoever makes a workspace or removes the last one, for some milliseconds. @return an fd for cgb_lock_release(), or
 * a negative errno.
 */
int cgb_setup_lock(const char *state_name, struct cgb_fault *fault);

/** Makes and enables what is missing. Under the lock. */
int cgb_setup_parent(const struct cgb_tree *tree, const char *state_name, const char *parent, struct cgb_fault *fault);

/** The same for the memory controller. @return -EOPNOTSUPP where there is none to pass on. */
int cgb_setup_memory(const struct cgb_tree *tree, const char *state_name, const char *parent, struct cgb_fault *fault);

/** Did we make this group? */
bool cgb_setup_has_made(const char *state_name, const char *path);

/** Writes down that a workspace is being made, if there is anything here that it will use. Under the lock. */
int cgb_setup_note_workspace(const char *state_name, const char *path, struct cgb_fault *fault);

/** Undoes what nobody uses. Under the lock. @return 0, also if all is in use; a negative errno if the kernel refused. */
int cgb_setup_undo(const struct cgb_tree *tree, const char *state_name, struct cgb_fault *fault);
