/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * folder.h - what the kernel does of itself in a cgroup tree, done for a folder that is laid out like one
 *
 * A new group has its files from the start and loses them with itself. Where the tree is ordinary files somebody has to
 * do that, or a manager could neither make groups there nor remove them.
 */

#include "kernel/tree.h"

/*
 * Adds a controller to the list of those that a group passes on, or takes it from there. @return 0; the errno of the file.
 */
int cgb_folder_change(const struct cgb_tree *tree, const char *path, char sign, const char *controller);

/* Gives a new folder the files of a group that has used nothing yet. @return 0, or the first error. */
int cgb_folder_fill(const struct cgb_tree *tree, const char *path);

/*
 * Takes the group's files out of a folder, so that it can be removed. Files of other names stay, and so does the folder
 * then.
 *
 * @return 0; -EBUSY if it has folders in it, or processes; -ENOENT
 */
int cgb_folder_empty(const struct cgb_tree *tree, const char *path);
