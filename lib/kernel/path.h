/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * path.h - which names and paths of groups are taken
 *
 * A path is relative to the mount and clean: names parted by single slashes, none of them "." or "..", so that it can never
 * lead out of the tree. The empty path is the mount's own root group.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* May a workspace be called so? Not if the kernel's own files beside it are called alike: "cpu.weight", "cgroup.x". */
bool cgb_name_is_valid(const char *name);

/* Is it called like the files that the kernel puts into every group? */
bool cgb_name_is_kernel_file(const char *name);

/* Is this a clean relative path, or empty? Stays below PATH_MAX with the longest file name behind it. */
bool cgb_path_is_valid(const char *path);

/* Joins two parts with a slash; an empty part brings none. @return 0; -ENAMETOOLONG if it does not fit in @size bytes. */
int cgb_path_join(char *ret, size_t size, const char *path, const char *name);

/* Cuts the last name off: "a/b" -> "a" -> "". @return false if there was nothing to cut. */
bool cgb_path_cut(char *path);
