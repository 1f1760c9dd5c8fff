/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * group.h - one group's directory, and its hot files, which stay open
 *
 * Reading a file that is kept open costs one system call and about a microsecond; finding, opening and closing it costs
 * seven times that. So every group would keep eight files open; ten thousand groups share what RLIMIT_NOFILE leaves
 * (fdcache.h).
 *
 * A group is its inode and not its name. A directory that was removed and made again under the same name is another group,
 * and to the one that was known before it is -ENODEV, whether the file was kept open or is opened just now.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/fdcache.h"
#include "kernel/tree.h"

/* The files that are read or written again and again. */
enum cgb_file {
        CGB_FILE_CPU_STAT,
        CGB_FILE_CPU_PRESSURE,
        CGB_FILE_CPU_WEIGHT,
        CGB_FILE_CGROUP_EVENTS,
        CGB_FILE_MEMORY_CURRENT,
        CGB_FILE_MEMORY_STAT,
        CGB_FILE_MEMORY_EVENTS,
        CGB_FILE_MEMORY_PRESSURE,
        CGB_FILE_MEMORY_HIGH,
        CGB_FILE_MEMORY_RECLAIM, /* write only */
        CGB_FILE_MEMORY_MAX,     /* written of a new group alone */
        CGB_FILE_MEMORY_LOW,
        CGB_FILE_MEMORY_SWAP_MAX,
        CGB_FILE_MEMORY_SWAP_CURRENT,
        CGB_FILE_IO_PRESSURE,
        CGB_FILES,
};

/* A group. May be moved in memory. All calls about it must name the cache and the tree that it was opened with. */
struct cgb_group_dir {
        char *path; /* below the mount */
        uint64_t inode;
        uint64_t owner; /* towards the cache */
        cgb_fd_slot slots[CGB_FILES];
};

/* "cpu.stat", ... */
const char *cgb_file_to_string(enum cgb_file file);

/* Finds the group that has this path now. @return 0; -ENOENT, -ENOTDIR; -EINVAL for a path that is not clean; -ENOMEM. */
int cgb_group_dir_open(struct cgb_group_dir *ret, struct cgb_fd_cache *cache, const struct cgb_tree *tree, const char *path);

/* Closes what is kept and frees the path. Nothing happens to one that is all zeros, or closed already. */
void cgb_group_dir_close(struct cgb_group_dir *group, struct cgb_fd_cache *cache);

/* Is @name, below @parent_fd, still the group with that inode? */
bool cgb_group_dir_is_same(int parent_fd, const char *name, uint64_t inode);

/*
 * Reads a file into @buffer, whole.
 *
 * @return its length; -ENODEV if the group is gone; -ENOENT if it is there without this file, as while a controller is
 *         off; -EOPNOTSUPP for a pressure file that is switched off; -EMSGSIZE if the file fills the buffer; -EACCES and
 *         other errors
 */
ssize_t cgb_group_read(struct cgb_fd_cache *cache, const struct cgb_tree *tree, struct cgb_group_dir *group,
        enum cgb_file file, char *buffer, size_t size);

/* Writes a value. @return 0; errors as of cgb_group_read(), and those of the file: -ERANGE, -EINVAL, -EAGAIN, -EINTR. */
int cgb_group_write(struct cgb_fd_cache *cache, const struct cgb_tree *tree, struct cgb_group_dir *group, enum cgb_file file,
        const char *bytes, size_t n);

/* Writes a number; CGB_NO_LIMIT is "max". */
int cgb_group_write_u64(struct cgb_fd_cache *cache, const struct cgb_tree *tree, struct cgb_group_dir *group,
        enum cgb_file file, uint64_t value);
