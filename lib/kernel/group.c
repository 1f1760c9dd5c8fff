/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * group.c - one group's directory, and its hot files, which stay open
 *
 * No directory is kept open, for that would cost a second fd per group. A file is opened by its path from the mount, and
 * the directory's inode is looked at afterwards. That is safe in this order: an inode that left never comes back in
 * cgroupfs, so if the path leads to the group now, it led there a moment ago.
 *
 * A kept fd goes stale with its group (the kernel says ENODEV), but also when a controller is switched off and on again:
 * the group is there, and has new files. So a stale fd is dropped and the file opened once more, which tells the two
 * cases apart.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/group.h"
#include "kernel/parse.h"
#include "kernel/path.h"

/* The access modes of an fd, as bits: O_RDONLY and its like are none. */
#define MODE_READ 1
#define MODE_WRITE 2

/* A file's name, and all that one may do with it. Which of it this caller may do shows when it is opened. */
static const struct {
        const char *name;
        int modes;
} files[CGB_FILES] = {
        [CGB_FILE_CPU_STAT] = {"cpu.stat", MODE_READ},
        [CGB_FILE_CPU_PRESSURE] = {"cpu.pressure", MODE_READ},
        [CGB_FILE_CPU_WEIGHT] = {"cpu.weight", MODE_READ | MODE_WRITE},
        [CGB_FILE_CGROUP_EVENTS] = {"cgroup.events", MODE_READ},
        [CGB_FILE_MEMORY_CURRENT] = {"memory.current", MODE_READ},
        [CGB_FILE_MEMORY_STAT] = {"memory.stat", MODE_READ},
        [CGB_FILE_MEMORY_EVENTS] = {"memory.events", MODE_READ},
        [CGB_FILE_MEMORY_PRESSURE] = {"memory.pressure", MODE_READ},
        [CGB_FILE_MEMORY_HIGH] = {"memory.high", MODE_READ | MODE_WRITE},
        [CGB_FILE_MEMORY_RECLAIM] = {"memory.reclaim", MODE_WRITE},
        [CGB_FILE_MEMORY_MAX] = {"memory.max", MODE_READ | MODE_WRITE},
        [CGB_FILE_MEMORY_LOW] = {"memory.low", MODE_READ | MODE_WRITE},
        [CGB_FILE_MEMORY_SWAP_MAX] = {"memory.swap.max", MODE_READ},
        [CGB_FILE_MEMORY_SWAP_CURRENT] = {"memory.swap.current", MODE_READ},
        [CGB_FILE_IO_PRESSURE] = {"io.pressure", MODE_READ},
};

const char *cgb_file_to_string(enum cgb_file file)
{
        return files[file].name;
}

int cgb_group_dir_open(struct cgb_group_dir *ret, struct cgb_fd_cache *cache, const struct cgb_tree *tree, const char *path)
{
        struct cgb_group_dir group = {0};
        int r;

        if (!cgb_path_is_valid(path))
                return -EINVAL;
        r = cgb_tree_find(&group.inode, tree, path);
        if (r < 0)
                return r;
        group.path = strdup(path);
        if (group.path == NULL)
                return -ENOMEM;
        group.owner = cgb_fd_cache_new_owner(cache);
        *ret = group;
        return 0;
}

void cgb_group_dir_close(struct cgb_group_dir *group, struct cgb_fd_cache *cache)
{
        if (group->path == NULL)
                return;
        for (uint32_t file = 0; file < CGB_FILES; file++)
                cgb_fd_cache_drop(cache, group->slots[file], group->owner, file);
        free(group->path);
        *group = (struct cgb_group_dir){0};
}

bool cgb_group_dir_is_same(int parent_fd, const char *name, uint64_t inode)
{
        struct stat st;

        return fstatat(parent_fd, *name != '\0' ? name : ".", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
               st.st_ino == inode;
}

static int open_flags(int modes)
{
        int access = modes == (MODE_READ | MODE_WRITE) ? O_RDWR : modes == MODE_WRITE ? O_WRONLY : O_RDONLY;

        return access | O_CLOEXEC | O_NOCTTY;
}

/* What is wanted: to read a file of a group, or to write it. */
struct wish {
        struct cgb_fd_cache *cache;
        const struct cgb_tree *tree;
        struct cgb_group_dir *group;
        enum cgb_file file;
        int mode;
};

/* Opens a file; when fds have run out, at the price of one that was not used for long. */
static int open_at_any_price(const struct wish *wish, const char *name, int modes)
{
        for (;;) {
                int fd = openat(wish->tree->fd, name, open_flags(modes));

                if (fd >= 0)
                        return fd;
                if (errno != EINTR && !((errno == EMFILE || errno == ENFILE) && cgb_fd_cache_shrink(wish->cache)))
                        return -errno;
        }
}

/* Opens a file for all that can be done with it, or if that is too much for what is wished. Says in *ret_modes which. */
static int open_modes(int *ret_modes, const struct wish *wish, const char *name)
{
        int all = files[wish->file].modes;
        int fd = open_at_any_price(wish, name, all);

        *ret_modes = all;
        if ((fd == -EACCES || fd == -EPERM || fd == -EROFS) && all != wish->mode) {
                *ret_modes = wish->mode;
                fd = open_at_any_price(wish, name, wish->mode);
        }
        return fd;
}

static int open_hot_file(int *ret_modes, const struct wish *wish)
{
        const struct cgb_group_dir *group = wish->group;
        char name[PATH_MAX];
        int r = cgb_path_join(name, sizeof(name), group->path, files[wish->file].name);
        int fd;

        if (r < 0)
                return r;
        fd = open_modes(ret_modes, wish, name);
        if (fd < 0 && fd != -ENOENT && fd != -ENODEV && fd != -ENOTDIR)
                return fd;
        if (cgb_group_dir_is_same(wish->tree->fd, group->path, group->inode))
                return fd;
        if (fd >= 0)
                close(fd);
        return -ENODEV;
}

/* The fd that is kept; -ENODEV if none is, or it is stale, or it was opened for less. */
static int kept_fd(struct cgb_fd_cache *cache, const struct cgb_tree *tree, const struct cgb_group_dir *group,
        enum cgb_file file, int mode)
{
        int fd = cgb_fd_cache_get(cache, group->slots[file], group->owner, file, mode);

        /* in a folder of ordinary files the kernel does not say ENODEV */
        return fd >= 0 && (tree->is_cgroup2 || cgb_fd_has_name(fd)) ? fd : -ENODEV;
}

/* One that is kept from now on, in place of any other. */
static int opened_fd(const struct wish *wish)
{
        struct cgb_group_dir *group = wish->group;
        int modes, fd;

        cgb_fd_cache_drop(wish->cache, group->slots[wish->file], group->owner, wish->file);
        fd = open_hot_file(&modes, wish);
        if (fd >= 0)
                group->slots[wish->file] = cgb_fd_cache_put(wish->cache, group->owner, wish->file, fd, modes);
        return fd;
}

ssize_t cgb_group_read(struct cgb_fd_cache *cache, const struct cgb_tree *tree, struct cgb_group_dir *group,
        enum cgb_file file, char *buffer, size_t size)
{
        int fd = kept_fd(cache, tree, group, file, MODE_READ);
        ssize_t n = fd < 0 ? fd : cgb_fd_read(fd, buffer, size);

        if (n != -ENODEV)
                return n;
        fd = opened_fd(&(struct wish){cache, tree, group, file, MODE_READ});
        return fd < 0 ? fd : cgb_fd_read(fd, buffer, size);
}

int cgb_group_write(struct cgb_fd_cache *cache, const struct cgb_tree *tree, struct cgb_group_dir *group, enum cgb_file file,
        const char *bytes, size_t n)
{
        int fd = kept_fd(cache, tree, group, file, MODE_WRITE);
        int r = fd < 0 ? fd : cgb_fd_write(fd, tree->is_cgroup2, bytes, n);

        if (r != -ENODEV)
                return r;
        fd = opened_fd(&(struct wish){cache, tree, group, file, MODE_WRITE});
        return fd < 0 ? fd : cgb_fd_write(fd, tree->is_cgroup2, bytes, n);
}

int cgb_group_write_u64(struct cgb_fd_cache *cache, const struct cgb_tree *tree, struct cgb_group_dir *group,
        enum cgb_file file, uint64_t value)
{
        char text[20], *first = text + sizeof(text); /* 2^64 has 20 digits; printf takes as long as the write itself */

        if (value == CGB_NO_LIMIT)
                return cgb_group_write(cache, tree, group, file, "max", 3);
        do
                *--first = (char)('0' + value % 10);
        while ((value /= 10) > 0);
        return cgb_group_write(cache, tree, group, file, first, (size_t)(text + sizeof(text) - first));
}
