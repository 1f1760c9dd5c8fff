/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/complain.h"
#include "../common/files.h"
#include "groups.h"
#include "units.h"

/* Killed processes leave their group within milliseconds; emulated machines take longer. */
#define REMOVE_TRIES 200
#define REMOVE_PAUSE_USEC (10 * USEC_PER_MSEC)

const char *groups_controller_name(size_t controller)
{
        static const char *const names[] = {"cpu", "memory"};

        return names[controller];
}

static int enable(int dir_fd, size_t controller, bool *ret_by_us)
{
        const char *name = groups_controller_name(controller);
        char text[16];
        int error;

        if (file_has_word(dir_fd, "cgroup.subtree_control", name))
                return 0;
        snprintf(text, sizeof(text), "+%s", name);
        error = write_at(dir_fd, "cgroup.subtree_control", text);
        if (error >= 0)
                *ret_by_us = true;
        return error;
}

static int enable_all(const struct groups *groups, int dir_fd, bool *ret_by_us)
{
        int error = 0;

        for (size_t i = 0; i < groups->n_controllers && error >= 0; i++)
                error = enable(dir_fd, i, &ret_by_us[i]);
        return error;
}

static int enable_down_to_parent(struct groups *groups)
{
        for (size_t level = 0; level < groups_count_levels(groups); level++) {
                int error, fd = groups_open_level(groups, level);

                if (fd < 0)
                        return complain(-errno, "%s/%s: the group above it", groups->mount, groups->parent);
                error = enable_all(groups, fd, groups->enabled[level]);
                close(fd);
                if (error < 0)
                        return complain(error, "%s, level %zu on the way to %s: cgroup.subtree_control", groups->mount,
                                level, groups->parent);
        }
        return 0;
}

static int open_parent(struct groups *groups)
{
        groups->parent_fd = openat(groups->mount_fd, groups->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (groups->parent_fd < 0)
                return complain(-errno, "%s/%s", groups->mount, groups->parent);
        groups->usage_fd = openat(groups->parent_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);
        if (groups->usage_fd < 0)
                return complain(-errno, "%s/%s/cpu.stat", groups->mount, groups->parent);
        return 0;
}

static int make_parent(struct groups *groups)
{
        bool ours[GROUPS_CPU_AND_MEMORY];
        int error;

        if (mkdirat(groups->mount_fd, groups->parent, 0755) < 0) {
                if (errno == EEXIST)
                        return complain(-EEXIST,
                                "%s/%s: left by a bench that was killed, or in use by another; "
                                "remove it with its children, or give --parent",
                                groups->mount, groups->parent);
                return complain(-errno, "%s/%s", groups->mount, groups->parent);
        }
        error = open_parent(groups);
        if (error < 0)
                return error;
        error = enable_all(groups, groups->parent_fd, ours);
        return error < 0 ? complain(error, "%s/%s/cgroup.subtree_control", groups->mount, groups->parent) : 0;
}

int groups_open(struct groups *groups)
{
        int error;

        groups->mount_fd = open(groups->mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (groups->mount_fd < 0)
                return complain(-errno, "%s", groups->mount);
        if (groups->slice) /* which comes with its first scope */
                return 0;
        error = enable_down_to_parent(groups);
        if (error >= 0)
                error = make_parent(groups);
        if (error < 0)
                groups_close(groups);
        return error;
}

/* Room for one more: the table is full whenever its length is a power of two. */
static struct group *make_room(struct groups *groups)
{
        if ((groups->n & (groups->n - 1)) == 0) {
                struct group *larger = realloc(groups->group, (groups->n ? 2 * groups->n : 1) * sizeof(*larger));

                if (!larger)
                        return NULL;
                groups->group = larger;
        }
        return &groups->group[groups->n];
}

static int make_group(struct groups *groups, const char *name, struct group *group)
{
        if (mkdirat(groups->parent_fd, name, 0755) < 0)
                return complain(-errno, "%s/%s/%s", groups->mount, groups->parent, name);
        snprintf(group->name, sizeof(group->name), "%s", name);
        return 0;
}

static int open_group(const struct groups *groups, struct group *group)
{
        group->dir_fd = openat(groups->parent_fd, group->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (group->dir_fd < 0)
                return complain(-errno, "%s/%s/%s", groups->mount, groups->parent, group->name);
        group->usage_fd = openat(group->dir_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);
        if (group->usage_fd < 0)
                return complain(-errno, "%s/%s/%s/cpu.stat", groups->mount, groups->parent, group->name);
        return 0;
}

static int write_weight(const struct groups *groups, const struct group *group, unsigned weight)
{
        char text[16];
        int error;

        snprintf(text, sizeof(text), "%u", weight);
        error = write_at(group->dir_fd, "cpu.weight", text);
        return error < 0 ? complain(error, "%s/%s/%s/cpu.weight", groups->mount, groups->parent, group->name) : 0;
}

int groups_add(struct groups *groups, const char *name, unsigned weight)
{
        struct group *group = make_room(groups);
        int error;

        if (!group)
                return complain(-ENOMEM, "the table of groups");
        *group = (struct group){.dir_fd = -1, .usage_fd = -1};
        error = groups->slice ? units_start(groups->slice, name, weight, group) : make_group(groups, name, group);
        if (error < 0)
                return error;
        groups->n++;
        if (groups->parent_fd < 0)
                error = open_parent(groups);
        if (error >= 0)
                error = open_group(groups, group);
        if (error >= 0 && !groups->slice) /* systemd has written a scope's */
                error = write_weight(groups, group, weight);
        return error < 0 ? error : (int)groups->n - 1;
}

int groups_attach(struct groups *groups, size_t index, pid_t pid)
{
        char text[16];
        int error;

        snprintf(text, sizeof(text), "%d", (int)pid);
        error = write_at(groups->group[index].dir_fd, "cgroup.procs", text);
        if (error < 0)
                return complain(error, "%s/%s/%s/cgroup.procs", groups->mount, groups->parent, groups->group[index].name);
        return 0;
}

unsigned groups_weight(const struct groups *groups, size_t index)
{
        char text[32];

        if (read_at(groups->group[index].dir_fd, "cpu.weight", text, sizeof(text)) < 0)
                return 0;
        return (unsigned)strtoul(text, NULL, 10);
}

static uint64_t parse_usage(int fd)
{
        char text[1024];
        const char *line;

        if (read_fd(fd, text, sizeof(text)) < 0)
                return 0;
        line = strstr(text, "usage_usec ");
        return line ? strtoull(line + strlen("usage_usec "), NULL, 10) : 0;
}

uint64_t groups_usage_usec(const struct groups *groups, size_t index)
{
        return parse_usage(groups->group[index].usage_fd);
}

uint64_t groups_parent_usage_usec(const struct groups *groups)
{
        return parse_usage(groups->usage_fd);
}

static void close_fd(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

static int remove_patiently(int dir_fd, const char *path)
{
        for (int tries = 0; unlinkat(dir_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT; tries++) {
                if (errno != EBUSY || tries == REMOVE_TRIES)
                        return complain(-errno, "%s: cannot be removed", path);
                sleep_until_usec(now_usec() + REMOVE_PAUSE_USEC);
        }
        return 0;
}

static void remove_group(struct groups *groups, struct group *group)
{
        close_fd(&group->usage_fd);
        close_fd(&group->dir_fd);
        if (groups->slice)
                units_wait_gone(groups, group);
        else
                remove_patiently(groups->parent_fd, group->name);
}

static void disable(struct groups *groups, size_t level, size_t controller)
{
        int fd = groups_open_level(groups, level);
        char text[16];

        snprintf(text, sizeof(text), "-%s", groups_controller_name(controller));
        if (fd >= 0) {
                write_at(fd, "cgroup.subtree_control", text);
                close(fd);
        }
        groups->enabled[level][controller] = false;
}

static void disable_what_was_enabled(struct groups *groups)
{
        for (size_t level = GROUP_LEVELS_MAX; level-- > 0;)
                for (size_t i = 0; i < groups->n_controllers; i++)
                        if (groups->enabled[level][i])
                                disable(groups, level, i);
}

void groups_close(struct groups *groups)
{
        if (groups->parent_fd >= 0)
                write_at(groups->parent_fd, "cgroup.kill", "1");
        for (; groups->n > 0; groups->n--)
                remove_group(groups, &groups->group[groups->n - 1]);
        free(groups->group);
        groups->group = NULL;
        close_fd(&groups->usage_fd);
        if (groups->parent_fd >= 0) {
                close_fd(&groups->parent_fd);
                if (groups->slice)
                        units_stop_slice(groups->slice);
                else
                        remove_patiently(groups->mount_fd, groups->parent);
        }
        if (groups->mount_fd >= 0)
                disable_what_was_enabled(groups);
        close_fd(&groups->mount_fd);
}
