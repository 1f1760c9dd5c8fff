/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * verbs.c - what one does to a tree: make a group, pass a controller down, move a process, remove a group
 *
 * The kernel's errno values mean something else in every file here, and sometimes in every way to get there. What they mean
 * was read in kernel/cgroup/cgroup.c and stands in a table beside each verb.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/folder.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "kernel/verbs.h"

/* What an errno of the kernel means for a verb. The last entry of a table has from == 0, and is for all others. */
struct meaning {
        int from; /* as the system call gave it, negative */
        int to;   /* as the caller gets it; 0: the same */
        const char *message;
        const char *remedy; /* NULL: the usual one */
};

/* Sets the fault for @code as the table explains it. */
static int explain(const struct meaning *table, int code, const struct cgb_tree *tree, const char *path, const char *file,
        struct cgb_fault *fault)
{
        char name[sizeof(fault->file)], message[sizeof(fault->message)];

        while (table->from != 0 && table->from != code)
                table++;
        cgb_tree_name(name, sizeof(name), tree, path, file);
        snprintf(message, sizeof(message), "%s%s%s", table->message, table->from == 0 ? ": " : "",
                table->from == 0 ? strerror(-code) : "");
        return cgb_fault_set(fault, table->to != 0 ? table->to : code, name, message, table->remedy);
}

static int refuse_path(const char *path, struct cgb_fault *fault)
{
        return cgb_fault_set(fault, -EINVAL, path != NULL ? path : "", "not a path of a group below the mount",
                "name it relative to the mount, without \".\" or \"..\" and without double slashes");
}

static int errno_of(int r)
{
        return r < 0 ? -errno : 0;
}

/* A file in a group's place is not a group, so there is none. */
static int without_enotdir(int r)
{
        return r == -ENOTDIR ? -ENOENT : r;
}

int cgb_tree_make(const struct cgb_tree *tree, const char *path, struct cgb_fault *fault)
{
        static const struct meaning meanings[] = {
                {-EAGAIN, -ENOSPC, "the kernel's limit of groups is reached: cgroup.max.descendants or cgroup.max.depth",
                        NULL},
                {-ENOENT, 0, "the group above it does not exist", "make that one first"},
                {-ENOSPC, 0, "the kernel has no identifier left for another group", "remove groups that are not used"},
                {0, 0, "cannot make the group", NULL},
        };
        int r;

        if (!cgb_path_is_valid(path) || *path == '\0')
                return refuse_path(path, fault);
        r = errno_of(mkdirat(tree->fd, path, 0755));
        if (r == 0 && !tree->is_cgroup2) {
                r = cgb_folder_fill(tree, path);
                if (r < 0)
                        (void)cgb_tree_remove(tree, path, NULL);
        }
        if (r == 0 || r == -EEXIST)
                return r;
        return explain(meanings, without_enotdir(r), tree, path, "", fault);
}

int cgb_tree_remove(const struct cgb_tree *tree, const char *path, struct cgb_fault *fault)
{
        static const struct meaning meanings[] = {
                {-EBUSY, 0, "the group has processes or child groups",
                        "end or move its processes, and remove its child groups first"},
                {-ENOTEMPTY, -EBUSY, "the folder has files that no group has", "look at them, and remove them by hand"},
                {0, 0, "cannot remove the group", NULL},
        };
        int r = 0;

        if (!cgb_path_is_valid(path) || *path == '\0')
                return refuse_path(path, fault);
        if (!tree->is_cgroup2)
                r = cgb_folder_empty(tree, path);
        if (r == 0)
                r = errno_of(unlinkat(tree->fd, path, AT_REMOVEDIR));
        r = without_enotdir(r);
        if (r == 0 || r == -ENOENT)
                return r;
        return explain(meanings, r, tree, path, "", fault);
}

/* Is @controller in a list file of the group? */
static int has_controller(const struct cgb_tree *tree, const char *path, const char *file, const char *controller)
{
        char buffer[CGB_READ_SIZE];
        ssize_t n = cgb_tree_read(tree, path, file, buffer, sizeof(buffer));

        return n < 0 ? (int)n : cgb_list_has_word(buffer, (size_t)n, controller);
}

/* Writes "+cpu" or "-cpu". */
static int write_change(const struct cgb_tree *tree, const char *path, char sign, const char *controller)
{
        char change[64];
        int n = snprintf(change, sizeof(change), "%c%s", sign, controller);

        if (!tree->is_cgroup2)
                return cgb_folder_change(tree, path, sign, controller);
        if (n < 0 || (size_t)n >= sizeof(change))
                return -EINVAL;
        return cgb_tree_write(tree, path, "cgroup.subtree_control", change, (size_t)n);
}

int cgb_tree_is_enabled(const struct cgb_tree *tree, const char *path, const char *controller)
{
        return has_controller(tree, path, "cgroup.subtree_control", controller);
}

#define REMEDY_PASS_DOWN "have it enabled in the cgroup.subtree_control of the groups above (systemd: Delegate=yes)"
#define REMEDY_NO_V1 "a cgroup v1 hierarchy has it: boot with systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all"

/* The controller is not in the group's own cgroup.controllers. */
static int fault_no_controller(
        const struct cgb_tree *tree, const char *path, const char *controller, struct cgb_fault *fault)
{
        char name[sizeof(fault->file)], message[sizeof(fault->message)];

        cgb_tree_name(name, sizeof(name), tree, path, "cgroup.controllers");
        snprintf(message, sizeof(message), "the %s controller is not available here", controller);
        return cgb_fault_set(fault, -EOPNOTSUPP, name, message, *path != '\0' ? REMEDY_PASS_DOWN : REMEDY_NO_V1);
}

int cgb_tree_enable(const struct cgb_tree *tree, const char *path, const char *controller, struct cgb_fault *fault)
{
        static const struct meaning meanings[] = {
                {-EBUSY, 0, "the group has processes of its own, and may not pass controllers on", NULL},
                {-EOPNOTSUPP, 0, "the group is threaded, and may not pass this controller on", NULL},
                {-EINVAL, -EOPNOTSUPP,
                        "the kernel refuses: real-time processes outside the root group keep the controller away",
                        "end them or move them to the root group, or use a kernel without CONFIG_RT_GROUP_SCHED"},
                {0, 0, "cannot enable the controller", NULL},
        };
        int r;

        if (!cgb_path_is_valid(path))
                return refuse_path(path, fault);
        r = cgb_tree_is_enabled(tree, path, controller);
        if (r > 0)
                return 0;
        if (r == 0) {
                r = has_controller(tree, path, "cgroup.controllers", controller);
                if (r == 0)
                        return fault_no_controller(tree, path, controller, fault);
        }
        if (r > 0)
                r = write_change(tree, path, '+', controller);
        if (r < 0)
                return explain(meanings, without_enotdir(r), tree, path, "cgroup.subtree_control", fault);
        return 1;
}

int cgb_tree_disable(const struct cgb_tree *tree, const char *path, const char *controller, struct cgb_fault *fault)
{
        static const struct meaning meanings[] = {
                {-EBUSY, 0, "a child group passes the controller on", "disable it there first"},
                {0, 0, "cannot disable the controller", NULL},
        };
        int r;

        if (!cgb_path_is_valid(path))
                return refuse_path(path, fault);
        r = cgb_tree_is_enabled(tree, path, controller);
        if (r > 0)
                r = write_change(tree, path, '-', controller);
        if (r < 0)
                return explain(meanings, without_enotdir(r), tree, path, "cgroup.subtree_control", fault);
        return 0;
}

/* One step on the way down. @return as cgb_tree_enable(). */
static int enable_told(const struct cgb_tree *tree, const char *path, const char *controller, cgb_before_enable *before,
        void *userdata, struct cgb_fault *fault)
{
        if (before != NULL && cgb_tree_is_enabled(tree, path, controller) == 0) {
                int r = before(userdata, path);

                if (r < 0)
                        return r;
        }
        return cgb_tree_enable(tree, path, controller, fault);
}

int cgb_tree_enable_path(const struct cgb_tree *tree, const char *path, const char *controller, cgb_before_enable *before,
        void *userdata, struct cgb_fault *fault)
{
        char group[PATH_MAX] = "";
        int changed = 0;

        if (!cgb_path_is_valid(path))
                return refuse_path(path, fault);
        for (;;) {
                size_t n = strlen(group);
                int r = enable_told(tree, group, controller, before, userdata, fault);

                if (r < 0)
                        return r;
                changed += r;
                if (path[n] == '\0')
                        return changed;
                /* Take one more name of the path. */
                n += strcspn(path + n + 1, "/") + 1;
                snprintf(group, sizeof(group), "%.*s", (int)n, path);
        }
}

int cgb_tree_attach(const struct cgb_tree *tree, const char *path, pid_t pid, struct cgb_fault *fault)
{
        static const struct meaning meanings[] = {
                {-ESRCH, 0, "there is no such process", ""},
                {-EBUSY, 0, "the group passes controllers on to child groups, and cannot have processes of its own",
                        "attach to one of its child groups"},
                {-EACCES, 0,
                        "moving a process takes write access to cgroup.procs here and in the common parent of both groups",
                        "run as root, or start the process inside the delegated tree"},
                {-EINVAL, 0, "this process cannot be moved: a kernel thread, or real-time without a budget there",
                        "leave it where it is"},
                {-ENODEV, -ENOENT, "the group was removed meanwhile", ""},
                {0, 0, "cannot move the process", NULL},
        };
        char text[16];
        int n, r;

        if (!cgb_path_is_valid(path))
                return refuse_path(path, fault);
        if (pid < 0)
                return cgb_fault_set(fault, -EINVAL, "pid", "a process has a positive number", "");
        n = snprintf(text, sizeof(text), "%d", (int)pid);
        r = cgb_tree_write(tree, path, "cgroup.procs", text, (size_t)n);
        if (r < 0)
                return explain(meanings, without_enotdir(r), tree, path, "cgroup.procs", fault);
        return 0;
}
