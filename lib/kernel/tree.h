/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * tree.h - a cgroup v2 mount, or a folder laid out like one, and its files one at a time
 *
 * Every path is relative to the mount and as cgb_path_is_valid() wants it; "" is the root group. For files that are read
 * every step there is group.h, which keeps them open.
 *
 * In a folder of ordinary files a write leaves exactly the value, as if the kernel had taken it, and verbs.h does there what
 * the kernel does of itself: a new group has its files, a removed one takes them along.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cgburst/cgburst.h>

/* Room for every file that is read here, memory.stat (about 2 KiB) included. */
#define CGB_READ_SIZE 8192

/* A tree. One may be shared by threads: nothing in it changes after cgb_tree_open(). */
struct cgb_tree {
        int fd;          /* of the mount, O_PATH */
        bool is_cgroup2; /* false: a folder of ordinary files */
        char *mount;     /* for messages and for inotify */
};

/* Opens @mount. @return 0; -ENOENT, -ENOTDIR, -EACCES; -ENOMEM. */
int cgb_tree_open(struct cgb_tree *ret, const char *mount, struct cgb_fault *fault);

/* Closes it. Nothing happens to one that is all zeros, or closed already. */
void cgb_tree_close(struct cgb_tree *tree);

/* Writes "<mount>/<path>/<file>" to @ret, cut off to @size; @file may be "". For messages. */
void cgb_tree_name(char *ret, size_t size, const struct cgb_tree *tree, const char *path, const char *file);

/* @return 0 and the inode in *@ret, which may be NULL; -ENOENT; -ENOTDIR. */
int cgb_tree_find(uint64_t *ret, const struct cgb_tree *tree, const char *path);

/*
 * Reads a file into @buffer, whole, with one system call. (All are of one piece to the kernel but the lists of processes, of
 * which this reads the beginning.)
 *
 * @return its length; -ENOENT, -EACCES; -EMSGSIZE if it fills the buffer
 */
ssize_t cgb_tree_read(const struct cgb_tree *tree, const char *path, const char *file, char *buffer, size_t size);

/* Writes a value in one go. An -EINTR or -EAGAIN is the file's own (memory.reclaim says so for "in part"). */
int cgb_tree_write(const struct cgb_tree *tree, const char *path, const char *file, const char *bytes, size_t n);

/* Told of a child group. A negative value ends the walk and is returned by it. */
typedef int cgb_found_group(void *userdata, const char *name, uint64_t inode);

/* Calls @found for every child group, in no order. @return 0; -ENOENT, also if the group vanishes meanwhile; -EACCES. */
int cgb_tree_list(const struct cgb_tree *tree, const char *path, cgb_found_group *found, void *userdata);

/*
 * May the caller write this file, or with @file "" make groups here? By effective ids.
 *
 * @return 0; -EACCES, -EROFS, -ENOENT
 */
int cgb_tree_may_write(const struct cgb_tree *tree, const char *path, const char *file);

/* Is the file still there? What was removed while it was open has no name any more. */
bool cgb_fd_has_name(int fd);

/* What cgb_tree_read() and cgb_tree_write() do on an fd that is open already. */
ssize_t cgb_fd_read(int fd, char *buffer, size_t size);
int cgb_fd_write(int fd, bool is_cgroup2, const char *bytes, size_t n);
