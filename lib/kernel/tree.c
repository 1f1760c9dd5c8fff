/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * tree.c - a cgroup v2 mount, or a folder laid out like one, and its files one at a time
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/path.h"
#include "kernel/tree.h"

static int open_mount(struct cgb_tree *ret, const char *mount)
{
        struct cgb_tree tree = {.fd = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC)};
        struct statfs fs;

        if (tree.fd < 0)
                return -errno;
        if (fstatfs(tree.fd, &fs) < 0) {
                int r = -errno;

                close(tree.fd);
                return r;
        }
        tree.is_cgroup2 = (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC;
        tree.mount = strdup(mount);
        if (tree.mount == NULL) {
                close(tree.fd);
                return -ENOMEM;
        }
        *ret = tree;
        return 0;
}

int cgb_tree_open(struct cgb_tree *ret, const char *mount, struct cgb_fault *fault)
{
        int r = open_mount(ret, mount);

        if (r < 0)
                return cgb_fault_set(fault, r, mount, "cannot open the cgroup tree",
                        r == -ENOENT ? "mount it: mount -t cgroup2 none /sys/fs/cgroup" : NULL);
        return 0;
}

void cgb_tree_close(struct cgb_tree *tree)
{
        if (tree->mount == NULL)
                return;
        close(tree->fd);
        free(tree->mount);
        *tree = (struct cgb_tree){.fd = -1};
}

void cgb_tree_name(char *ret, size_t size, const struct cgb_tree *tree, const char *path, const char *file)
{
        snprintf(ret, size, "%s%s%s%s%s", tree->mount, *path != '\0' ? "/" : "", path, *file != '\0' ? "/" : "", file);
}

/* A path as the *at() calls want it: the root group is ".". */
static const char *at_path(const char *path)
{
        return *path != '\0' ? path : ".";
}

int cgb_tree_find(uint64_t *ret, const struct cgb_tree *tree, const char *path)
{
        struct stat st;

        if (fstatat(tree->fd, at_path(path), &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode))
                return -ENOTDIR;
        if (ret != NULL)
                *ret = st.st_ino;
        return 0;
}

static int open_file(const struct cgb_tree *tree, const char *path, const char *file, int flags)
{
        char name[PATH_MAX];
        int r = cgb_path_join(name, sizeof(name), path, file);
        int fd;

        if (r < 0)
                return r;
        fd = openat(tree->fd, at_path(name), flags | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}

bool cgb_fd_has_name(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

ssize_t cgb_fd_read(int fd, char *buffer, size_t size)
{
        ssize_t n;

        do
                n = pread(fd, buffer, size, 0);
        while (n < 0 && errno == EINTR);

        if (n < 0)
                return -errno;
        return (size_t)n == size ? -EMSGSIZE : n;
}

int cgb_fd_write(int fd, bool is_cgroup2, const char *bytes, size_t n)
{
        ssize_t put = pwrite(fd, bytes, n, 0);

        if (put < 0)
                return -errno;
        if ((size_t)put != n)
                return -EIO;
        if (!is_cgroup2 && ftruncate(fd, (off_t)n) < 0)
                return -errno;
        return 0;
}

ssize_t cgb_tree_read(const struct cgb_tree *tree, const char *path, const char *file, char *buffer, size_t size)
{
        int fd = open_file(tree, path, file, O_RDONLY);
        ssize_t r;

        if (fd < 0)
                return fd;
        r = cgb_fd_read(fd, buffer, size);
        close(fd);
        return r;
}

int cgb_tree_write(const struct cgb_tree *tree, const char *path, const char *file, const char *bytes, size_t n)
{
        int fd = open_file(tree, path, file, O_WRONLY);
        int r;

        if (fd < 0)
                return fd;
        r = cgb_fd_write(fd, tree->is_cgroup2, bytes, n);
        close(fd);
        return r;
}

/*
 * The inode of an entry that is a group; 0 for any other entry, and for one that has just gone. Only cgroupfs is trusted
 * to say in the entry itself what stat() would say: not every file system does.
 */
static uint64_t group_inode(const struct cgb_tree *tree, DIR *dir, const struct dirent *entry)
{
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                return 0;
        if (tree->is_cgroup2 && entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_DIR ? entry->d_ino : 0;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
                return 0;
        return st.st_ino;
}

static int list_dir(const struct cgb_tree *tree, DIR *dir, cgb_found_group *found, void *userdata)
{
        for (;;) {
                const struct dirent *entry;
                uint64_t inode;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (entry == NULL)
                        return -errno;
                inode = group_inode(tree, dir, entry);
                if (inode == 0)
                        continue;
                r = found(userdata, entry->d_name, inode);
                if (r < 0)
                        return r;
        }
}

int cgb_tree_list(const struct cgb_tree *tree, const char *path, cgb_found_group *found, void *userdata)
{
        int fd = open_file(tree, path, "", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        DIR *dir;
        int r;

        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (dir == NULL) {
                r = -errno;
                close(fd);
                return r;
        }
        r = list_dir(tree, dir, found, userdata);
        closedir(dir);
        return r;
}

int cgb_tree_may_write(const struct cgb_tree *tree, const char *path, const char *file)
{
        char name[PATH_MAX];
        int r = cgb_path_join(name, sizeof(name), path, file);

        if (r < 0)
                return r;
        /* To make an entry in a directory takes w and x. */
        if (faccessat(tree->fd, at_path(name), *file != '\0' ? W_OK : W_OK | X_OK, AT_EACCESS) < 0)
                return -errno;
        return 0;
}
