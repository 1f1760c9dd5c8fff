/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * probe.c - what this host offers: the table of checks, and what they share
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/mount.h"
#include "kernel/path.h"
#include "kernel/probe.h"

/* In the order in which one would mend things: nothing below makes sense before what is above it. */
static const struct {
        const char *name;
        cgb_check_function *check;
        bool needs_tree;   /* left out if there is none */
        bool needs_parent; /* left out if there is no telling which group that is */
} table[] = {
        {"kernel", cgb_check_kernel, false, false},
        {"cgroup v2", cgb_check_cgroup2, false, false},
        {"cpu controller", cgb_check_controller, true, false},
        {"parent group", cgb_check_parent, true, false},
        {"cpu controller on the way down", cgb_check_passed_down, true, true},
        {"group type", cgb_check_type, true, true},
        {"permission to write", cgb_check_permission, true, true},
        {"systemd", cgb_check_systemd, true, true},
        {"state directory", cgb_check_state_dir, false, false},
        {"cpu.stat", cgb_check_cpu_stat, true, true},
        {"pressure stall information", cgb_check_pressure, true, true},
        {"CPUs", cgb_check_cpus, true, true},
        {"cpu.idle", cgb_check_idle, true, true},
        {"sched_ext", cgb_check_sched_ext, false, false},
        {"inotify", cgb_check_inotify, true, true},
        {"open files", cgb_check_open_files, false, false},
        {"memory controller", cgb_check_memory, true, true},
        {"memory.reclaim", cgb_check_reclaim, true, true},
        {"memory.pressure", cgb_check_trigger, true, true},
        {"swap", cgb_check_swap, false, false},
};

_Static_assert(sizeof(table) / sizeof(table[0]) <= CGB_CHECKS_MAX, "the public header promises room for every check");

void cgb_check_set(struct cgb_check *check, enum cgb_check_result result, const char *remedy, const char *found, ...)
{
        va_list arguments;

        va_start(arguments, found);
        vsnprintf(check->found, sizeof(check->found), found, arguments);
        va_end(arguments);
        snprintf(check->remedy, sizeof(check->remedy), "%s", remedy != NULL ? remedy : "");
        check->result = result;
}

void cgb_probe_show(char ret[CGB_SHOWN_SIZE], const struct cgb_probe *probe, const char *path, const char *file)
{
        cgb_tree_name(ret, CGB_SHOWN_SIZE, &probe->tree, path, file);
}

int cgb_probe_read_line(const struct cgb_probe *probe, const char *file, char *ret, size_t size)
{
        char name[PATH_MAX], text[CGB_READ_SIZE];
        ssize_t n;
        int fd;

        snprintf(name, sizeof(name), "%s%s", probe->prefix, file);
        fd = open(name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = cgb_fd_read(fd, text, sizeof(text));
        close(fd);
        if (n < 0)
                return (int)n;
        text[n] = '\0';
        text[strcspn(text, "\n")] = '\0';
        snprintf(ret, size, "%s", text);
        return 0;
}

/* The mount that was named, or the best one there is. */
static int find_tree(struct cgb_probe *probe)
{
        char name[PATH_MAX];
        struct cgb_mount mount;
        char *text;
        size_t n;
        int r;

        if (probe->options != NULL && probe->options->mount != NULL)
                return cgb_tree_open(&probe->tree, probe->options->mount, &probe->tree_fault);

        snprintf(name, sizeof(name), "%s/proc/self/mountinfo", probe->prefix);
        r = cgb_mount_read_text(&text, &n, name);
        if (r == 0) {
                r = cgb_mount_find(&mount, text, n, probe->prefix);
                free(text);
        }
        if (r < 0)
                return cgb_fault_set(&probe->tree_fault, r, name, "cgroup v2 is not mounted",
                        "boot with systemd.unified_cgroup_hierarchy=1, or: mount -t cgroup2 none /sys/fs/cgroup");
        if ((size_t)snprintf(name, sizeof(name), "%s%s", probe->prefix, mount.point) >= sizeof(name))
                return cgb_fault_set(&probe->tree_fault, -ENAMETOOLONG, mount.point, "the path is too long", NULL);
        return cgb_tree_open(&probe->tree, name, &probe->tree_fault);
}

/* As cgb_new() takes it: people type slashes around the name. */
static int take_parent(struct cgb_probe *probe, const char *parent)
{
        size_t n;

        parent += strspn(parent, "/");
        n = strlen(parent);
        while (n > 0 && parent[n - 1] == '/')
                n--;
        if (n >= sizeof(probe->parent))
                return -ENAMETOOLONG;
        memcpy(probe->parent, parent, n);
        probe->parent[n] = '\0';
        return cgb_path_is_valid(probe->parent) ? 0 : -EINVAL;
}

static int find_parent(struct cgb_probe *probe)
{
        const char *named = probe->options != NULL ? probe->options->parent : NULL;
        char *found = NULL;
        int r;

        if (named == NULL) {
                r = cgb_default_parent(probe->tree.mount, &found, &probe->parent_fault);
                if (r < 0)
                        return r;
        }
        r = take_parent(probe, named != NULL ? named : found);
        free(found);
        if (r < 0)
                cgb_fault_set(&probe->parent_fault, r, named != NULL ? named : "parent",
                        "this cannot be the path of a group", "name it relative to the mount, without \".\" and \"..\"");
        return r;
}

static int count_child(void *userdata, const char *name, uint64_t inode)
{
        (void)name;
        (void)inode;
        (*(uint32_t *)userdata)++;
        return 0;
}

static void look_at_parent(struct cgb_probe *probe)
{
        strcpy(probe->nearest, probe->parent);
        while (cgb_tree_find(NULL, &probe->tree, probe->nearest) < 0 && cgb_path_cut(probe->nearest))
                ;
        probe->parent_exists = strcmp(probe->nearest, probe->parent) == 0;
        if (probe->parent_exists)
                (void)cgb_tree_list(&probe->tree, probe->parent, count_child, &probe->children);
}

size_t cgb_probe_in(const char *prefix, const struct cgb_options *options, struct cgb_check *checks, size_t n)
{
        struct cgb_probe probe = {.prefix = prefix, .options = options};
        bool has_tree = find_tree(&probe) == 0;
        bool has_parent = has_tree && find_parent(&probe) == 0;
        size_t filled = 0;

        if (has_parent)
                look_at_parent(&probe);
        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && filled < n; i++) {
                struct cgb_check *check = &checks[filled];

                if ((table[i].needs_tree && !has_tree) || (table[i].needs_parent && !has_parent))
                        continue;
                *check = (struct cgb_check){0};
                snprintf(check->name, sizeof(check->name), "%s", table[i].name);
                table[i].check(check, &probe);
                filled++;
        }
        cgb_tree_close(&probe.tree);
        return filled;
}

size_t cgb_probe(const struct cgb_options *options, struct cgb_check *checks, size_t n)
{
        return cgb_probe_in("", options, checks, n);
}
