/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * folder.c - what the kernel does of itself in a cgroup tree, done for a folder that is laid out like one
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/folder.h"
#include "kernel/parse.h"
#include "kernel/path.h"

#define NO_PRESSURE "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

/*
 * A group that has used nothing, with the cpu controller, the memory controller if the group above passes it on, and all
 * defaults, as the kernel would show it.
 *
 * The order matters to who is killed on the way: a folder with cgroup.procs is a group and can be removed as one, a group
 * with cpu.weight is complete.
 */
static const struct {
        const char *name;
        const char *text;
        bool of_memory; /* only with that controller */
} files[] = {
        {"cgroup.procs", "", false},
        {"cgroup.controllers", "cpu\n", false},
        {"cgroup.controllers", "cpu memory\n", true},
        {"cgroup.events", "populated 0\nfrozen 0\n", false},
        {"cgroup.subtree_control", "\n", false},
        {"cpu.pressure", NO_PRESSURE, false},
        {"cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n", false},
        {"memory.current", "0\n", true},
        {"memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n", true},
        {"memory.high", "max\n", true},
        {"memory.low", "0\n", true},
        {"memory.max", "max\n", true},
        {"memory.pressure", NO_PRESSURE, true},
        {"memory.stat",
                "anon 0\nfile 0\nshmem 0\ninactive_anon 0\nactive_anon 0\ninactive_file 0\nactive_file 0\nunevictable 0\n",
                true},
        {"cpu.weight", "100\n", false},
};

#define N_FILES (sizeof(files) / sizeof(files[0]))

/* What a file is called until all of its text is in it. */
#define UNFINISHED "cgroup.unfinished"

/* Makes a file that is there with its text or not at all. */
static int make_file(int dir_fd, const char *name, const char *text)
{
        /* The first one has no text: it is finished as soon as it is there. */
        const char *draft = *text != '\0' ? UNFINISHED : name;
        int fd = openat(dir_fd, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        int r;

        if (fd < 0)
                return -errno;
        r = cgb_fd_write(fd, false, text, strlen(text));
        close(fd);
        if (r == 0 && draft != name && renameat(dir_fd, draft, dir_fd, name) < 0)
                r = -errno;
        return r;
}

static int open_folder(const struct cgb_tree *tree, const char *path)
{
        int fd = openat(tree->fd, *path != '\0' ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static bool has_memory(const struct cgb_tree *tree, const char *path, const char *file)
{
        char list[CGB_READ_SIZE];
        ssize_t n = cgb_tree_read(tree, path, file, list, sizeof(list));

        return n > 0 && cgb_list_has_word(list, (size_t)n, "memory");
}

/* Does the group above pass the memory controller on? */
static bool gets_memory(const struct cgb_tree *tree, const char *path)
{
        char above[PATH_MAX];

        snprintf(above, sizeof(above), "%s", path);
        cgb_path_cut(above);
        return has_memory(tree, above, "cgroup.subtree_control");
}

int cgb_folder_fill(const struct cgb_tree *tree, const char *path)
{
        bool with_memory = gets_memory(tree, path);
        int fd = open_folder(tree, path);
        int r = fd < 0 ? fd : 0;

        for (size_t i = 0; i < N_FILES && r == 0; i++)
                if (with_memory || !files[i].of_memory)
                        r = make_file(fd, files[i].name, files[i].text);
        if (fd >= 0)
                close(fd);
        return r;
}

static int refuse(void *userdata, const char *name, uint64_t inode)
{
        (void)userdata;
        (void)name;
        (void)inode;
        return -EBUSY;
}

/* @return 1 if it looks like a group that nobody uses; 0 if it does not look like a group; -EBUSY. */
static int check_unused(const struct cgb_tree *tree, const char *path)
{
        char byte[1];
        ssize_t n;
        int r = cgb_tree_list(tree, path, refuse, NULL);

        if (r < 0)
                return r;
        n = cgb_tree_read(tree, path, "cgroup.procs", byte, sizeof(byte));
        return n == 0 ? 1 : n == -ENOENT ? 0 : -EBUSY;
}

/*
 * The files that were made, in the opposite order, and before the very last those that somebody added. Only what is
 * called as the kernel's files are: somebody may have named a folder here by mistake.
 */
static void unlink_files(DIR *dir)
{
        const struct dirent *entry;

        for (size_t i = N_FILES - 1; i > 0; i--)
                (void)unlinkat(dirfd(dir), files[i].name, 0);
        while ((entry = readdir(dir)) != NULL)
                if (cgb_name_is_kernel_file(entry->d_name) && strcmp(entry->d_name, files[0].name) != 0)
                        (void)unlinkat(dirfd(dir), entry->d_name, 0);
        (void)unlinkat(dirfd(dir), files[0].name, 0);
}

int cgb_folder_empty(const struct cgb_tree *tree, const char *path)
{
        int r = check_unused(tree, path);
        DIR *dir;
        int fd;

        if (r <= 0)
                return r;
        fd = open_folder(tree, path);
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (dir == NULL) {
                close(fd);
                return -ENOMEM;
        }
        unlink_files(dir);
        closedir(dir);
        return 0;
}

/* Whoever is told about children. */
struct giving {
        const struct cgb_tree *tree;
        const char *path;
};

/* The group above begins to pass the memory controller on. */
static int give_memory(void *userdata, const char *name, uint64_t inode)
{
        const struct giving *giving = userdata;
        char path[PATH_MAX];
        int fd, r = cgb_path_join(path, sizeof(path), giving->path, name);

        (void)inode;
        if (r < 0 || has_memory(giving->tree, path, "cgroup.controllers"))
                return r;
        fd = open_folder(giving->tree, path);
        if (fd < 0)
                return fd;
        for (size_t i = 0; i < N_FILES && r == 0; i++)
                if (files[i].of_memory)
                        r = make_file(fd, files[i].name, files[i].text);
        close(fd);
        return r;
}

int cgb_folder_change(const struct cgb_tree *tree, const char *path, char sign, const char *controller)
{
        char list[CGB_READ_SIZE], text[CGB_READ_SIZE + 64], *at = list, *word;
        ssize_t n = cgb_tree_read(tree, path, "cgroup.subtree_control", list, sizeof(list) - 1);
        int length = 0, r;

        if (n < 0)
                return (int)n;
        list[n] = '\0';
        while ((word = strsep(&at, " \n")) != NULL)
                if (*word != '\0' && strcmp(word, controller) != 0)
                        length += snprintf(text + length, sizeof(text) - (size_t)length, "%s ", word);
        if (sign == '+')
                length += snprintf(text + length, sizeof(text) - (size_t)length, "%s ", controller);
        length -= length > 0; /* the last space */
        text[length++] = '\n';
        r = cgb_tree_write(tree, path, "cgroup.subtree_control", text, (size_t)length);
        if (r < 0 || sign != '+' || strcmp(controller, "memory") != 0)
                return r;
        return cgb_tree_list(tree, path, give_memory, &(struct giving){tree, path});
}
