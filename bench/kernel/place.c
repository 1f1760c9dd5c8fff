/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where groups can be made. Nothing is changed here. */

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cgburst/cgburst.h>

#include "../common/complain.h"
#include "../common/files.h"
#include "groups.h"
#include "units.h"

#define DEFAULT_PARENT "cgburst-bench"

/* Several are possible (a hybrid layout has one without controllers), so one with the cpu controller is preferred. */
static int find_mount(char *ret, size_t size)
{
        struct mntent *entry;
        bool found = false, controlled = false;
        FILE *mounts;

        mounts = setmntent("/proc/self/mounts", "re");
        if (!mounts)
                return complain(-errno, "/proc/self/mounts");
        while (!controlled && (entry = getmntent(mounts))) {
                int fd;

                if (strcmp(entry->mnt_type, "cgroup2"))
                        continue;
                fd = open(entry->mnt_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
                controlled = fd >= 0 && file_has_word(fd, "cgroup.controllers", "cpu");
                if (fd >= 0)
                        close(fd);
                if (!found || controlled)
                        snprintf(ret, size, "%s", entry->mnt_dir);
                found = true;
        }
        endmntent(mounts);
        return found ? 0
                     : complain(-ENOENT,
                               "no cgroup v2 mount: start with systemd.unified_cgroup_hierarchy=1, or give --mount");
}

/* For an ordinary user, beside the group that cgburst itself would manage: that is where he has the right to. */
static int find_parent(const char *mount, char *ret, size_t size)
{
        char *managed, *slash;
        struct cgb_fault fault = {0};
        int error;

        if (geteuid() == 0) {
                snprintf(ret, size, DEFAULT_PARENT);
                return 0;
        }
        error = cgb_default_parent(mount, &managed, &fault);
        if (error < 0)
                return complain(error, "%s: %s; %s", fault.file, fault.message, fault.remedy);
        slash = strrchr(managed, '/');
        snprintf(ret, size, "%.*s" DEFAULT_PARENT, slash ? (int)(slash - managed + 1) : 0, managed);
        free(managed);
        return 0;
}

int groups_open_level(const struct groups *groups, size_t level)
{
        const char *end = groups->parent;
        char path[PATH_MAX];

        for (size_t i = 0; i < level; i++) {
                end = strchr(*end == '/' ? end + 1 : end, '/');
                if (!end)
                        return -1;
        }
        snprintf(path, sizeof(path), "./%.*s", (int)(end - groups->parent), groups->parent);
        return openat(groups->mount_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

size_t groups_count_levels(const struct groups *groups)
{
        size_t levels = 1;

        for (const char *at = groups->parent; *at; at++)
                levels += *at == '/';
        return levels;
}

static int check_controllers(const struct groups *groups, int top)
{
        for (size_t i = 0; i < groups->n_controllers; i++)
                if (!file_has_word(top, "cgroup.controllers", groups_controller_name(i)))
                        return complain(-EOPNOTSUPP, "%s/%s: no %s controller in the group above it", groups->mount,
                                groups->parent, groups_controller_name(i));
        return 0;
}

static int check_access(const struct groups *groups)
{
        int top = groups_open_level(groups, groups_count_levels(groups) - 1), error;

        if (top < 0)
                return complain(-errno, "%s/%s: the group above it", groups->mount, groups->parent);
        error = check_controllers(groups, top);
        if (error >= 0 && faccessat(top, ".", W_OK, AT_EACCESS) < 0)
                error = complain(-errno, "%s/%s: no right to make it", groups->mount, groups->parent);
        close(top);
        return error;
}

static int take_mount(struct groups *groups, const char *mount)
{
        if (!mount)
                return find_mount(groups->mount, sizeof(groups->mount));
        snprintf(groups->mount, sizeof(groups->mount), "%s", mount);
        return 0;
}

static int take_parent(struct groups *groups, const char *parent)
{
        if (!parent)
                return find_parent(groups->mount, groups->parent, sizeof(groups->parent));
        snprintf(groups->parent, sizeof(groups->parent), "%s", parent + strspn(parent, "/"));
        if (!*groups->parent || groups_count_levels(groups) > GROUP_LEVELS_MAX)
                return complain(
                        -EINVAL, "--parent %s: wants a path of 1 to %d groups below the mount", parent, GROUP_LEVELS_MAX);
        return 0;
}

int groups_find(struct groups *ret, const char *mount, const char *parent, size_t n_controllers)
{
        struct groups groups = {.mount_fd = -1, .parent_fd = -1, .usage_fd = -1, .n_controllers = n_controllers};
        int error;

        error = take_mount(&groups, mount);
        if (error >= 0)
                error = take_parent(&groups, parent);
        if (error < 0)
                return error;
        groups.mount_fd = open(groups.mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (groups.mount_fd < 0)
                return complain(-errno, "%s", groups.mount);
        error = check_access(&groups);
        close(groups.mount_fd);
        groups.mount_fd = -1;
        if (error >= 0)
                *ret = groups;
        return error;
}

int groups_use_units(struct groups *groups, const char *slice)
{
        groups->slice = slice ? slice : UNITS_DEFAULT_SLICE;
        return units_find(groups->slice, groups->parent, sizeof(groups->parent));
}
