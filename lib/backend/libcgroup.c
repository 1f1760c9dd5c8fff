/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups and values by way of libcgroup, for hosts that are run with it. The only file that knows libcgroup.
 *
 * Of libcgroup 2.0.2: its codes are positive and the errno is to be had separately; reading a group reads every file of it,
 * so a fresh object with only the value to change is handed over, which costs some 20 us instead of 240. To make a group it
 * writes the cgroup.subtree_control of all above it, which takes root; to delete one it moves the processes up, even if it
 * is told that there may be none. It knows one mount. Its tables are global, so contexts of different threads take turns.
 */
#include <errno.h>
#include <libcgroup.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "fault.h"
#include "kernel/parse.h"
#include "kernel/verbs.h"

#define CPU "cpu"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool has_tables; /* under the lock, as the tables are that libcgroup keeps */

/*
 * Under the lock. libcgroup would read /proc/cgroups and /proc/mounts anew each time, which takes longer than all that is
 * done with it. @return a code of its own
 */
static int init_once(void)
{
        int code = has_tables ? 0 : cgroup_init();

        has_tables = code == 0;
        return code;
}

static int to_errno(int code)
{
        if (code == 0)
                return 0;
        if (code == ECGOTHER)
                return -cgroup_get_last_errno();
        switch (code) {
        case ECGROUPNOTALLOWED:
        case ECGROUPNOTOWNER:
        case ECGCANTSETVALUE:
                return -EACCES;
        case ECGROUPNOTEXIST:
                return -ENODEV;
        case ECGNONEMPTY:
                return -EBUSY;
        default:
                return -EIO;
        }
}

/* A group's name with one controller, and perhaps one value, for one call. @return NULL without memory. */
static struct cgroup *describe(const char *path, const char *controller_name, const char *file, uint64_t value)
{
        struct cgroup *group = cgroup_new_cgroup(path);
        struct cgroup_controller *controller = group != NULL ? cgroup_add_controller(group, controller_name) : NULL;

        if (controller == NULL || (file != NULL && cgroup_add_value_uint64(controller, file, value) != 0))
                cgroup_free(&group); /* which makes it NULL, and takes NULL */
        return group;
}

/* What is done with a described group, under the lock. @return a code of libcgroup's */
typedef int verb(struct cgroup *group, pid_t pid);

static int take_turn(struct cgroup *group, verb *act, pid_t pid)
{
        int code, r;

        if (group == NULL)
                return -ENOMEM;
        pthread_mutex_lock(&lock);
        code = init_once();
        if (code == 0)
                code = act(group, pid);
        r = to_errno(code);
        pthread_mutex_unlock(&lock);
        cgroup_free(&group);
        return r;
}

static int modify(struct cgroup *group, pid_t pid)
{
        (void)pid;
        return cgroup_modify_cgroup(group);
}

static int create(struct cgroup *group, pid_t pid)
{
        (void)pid;
        return cgroup_create_cgroup(group, 0);
}

static int attach(struct cgroup *group, pid_t pid)
{
        return cgroup_attach_task_pid(group, pid);
}

static int delete (struct cgroup *group, pid_t pid)
{
        (void)pid;
        return cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_EMPTY_ONLY);
}

/* libcgroup knows mounts, and not folders. */
static bool knows(const struct cgb_tree *tree)
{
        return tree->is_cgroup2;
}

static int write_value(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        const struct cgb_backend_host *host = backend->host;

        /* "max" is no number to it */
        if (!knows(host->tree) || value == UINT64_MAX)
                return cgb_group_write_u64(host->fds, host->tree, group, file, value);
        return take_turn(
                describe(group->path, file == CGB_FILE_CPU_WEIGHT ? CPU : "memory", cgb_file_to_string(file), value), modify,
                0);
}

/* The verbs of verbs.h, whose faults say what was the matter: so does this, in libcgroup's name. */
static int explain(int r, const struct cgb_tree *tree, const char *path, const char *message, const char *remedy,
        struct cgb_fault *fault)
{
        char name[sizeof fault->file];

        if (r == 0)
                return 0;
        cgb_tree_name(name, sizeof name, tree, path, "");
        return cgb_fault_set(fault, r, name, message, remedy);
}

static int make(struct cgb_backend *backend, const char *path, struct cgb_fault *fault)
{
        const struct cgb_tree *tree = backend->host->tree;
        int r;

        if (!knows(tree))
                return cgb_tree_make(tree, path, fault);
        if (cgb_tree_find(NULL, tree, path) == 0)
                return -EEXIST;
        r = cgb_tree_may_write(tree, "", "cgroup.subtree_control"); /* where it fails it says only that it did */
        if (r < 0)
                return explain(r, tree, path, "libcgroup cannot make the group, for it writes in the groups above as well",
                        "run as root, or: --backend cgroupfs", fault);
        r = take_turn(describe(path, CPU, NULL, 0), create, 0);
        return explain(r == -ENODEV ? -ENOENT : r, tree, path, "libcgroup cannot make the group", NULL, fault);
}

static int attach_process(struct cgb_backend *backend, const char *path, pid_t pid, struct cgb_fault *fault)
{
        const struct cgb_tree *tree = backend->host->tree;
        int r;

        if (!knows(tree) || pid <= 0)
                return cgb_tree_attach(tree, path, pid, fault);
        r = cgb_tree_find(NULL, tree, path); /* it would say no more than that it failed */
        if (r == 0)
                r = take_turn(describe(path, CPU, NULL, 0), attach, pid);
        return explain(r == -ENODEV ? -ENOENT : r, tree, path, "libcgroup cannot move the process here", NULL, fault);
}

/* Only what is empty is to be deleted; the kernel tells it of all that is below as well. */
static bool has_processes(const struct cgb_tree *tree, const char *path)
{
        struct cgb_cgroup_events events;
        char text[CGB_READ_SIZE];
        ssize_t n = cgb_tree_read(tree, path, "cgroup.events", text, sizeof text);

        return n >= 0 && cgb_parse_cgroup_events(&events, text, (size_t)n) == 0 && events.populated != 0;
}

static int remove_group(struct cgb_backend *backend, const char *path, struct cgb_fault *fault)
{
        const struct cgb_tree *tree = backend->host->tree;
        int r;

        if (!knows(tree))
                return cgb_tree_remove(tree, path, fault);
        r = cgb_tree_find(NULL, tree, path);
        if (r < 0)
                return r;
        r = has_processes(tree, path) ? -EBUSY : take_turn(describe(path, CPU, NULL, 0), delete, 0);
        return explain(r == -ENODEV ? -ENOENT : r, tree, path, "libcgroup cannot remove the group",
                r == -EBUSY ? "end or move its processes, and remove its child groups first" : NULL, fault);
}

static int find_mount(char **ret)
{
        char *point = NULL;
        int code;

        pthread_mutex_lock(&lock);
        code = init_once();
        if (code == 0)
                code = cgroup_get_subsys_mount_point(CPU, &point);
        pthread_mutex_unlock(&lock);
        if (code != 0)
                return code == ECGROUPNOTEXIST ? -ENOENT : to_errno(code);
        *ret = point;
        return 0;
}

/* Another mount than libcgroup's would be another tree. */
static int check_mount(struct cgb_backend *backend)
{
        char *point, *theirs, *ours;
        int r;

        if (!knows(backend->host->tree))
                return 0;
        r = find_mount(&point);
        if (r < 0)
                return r;
        theirs = realpath(point, NULL);
        ours = realpath(backend->host->tree->mount, NULL);
        if (theirs == NULL || ours == NULL || strcmp(theirs, ours) != 0)
                r = -EXDEV;
        free(point);
        free(theirs);
        free(ours);
        return r;
}

const struct cgb_backend_type cgb_backend_libcgroup = {
        .name = "libcgroup",
        .open = check_mount,
        .write = write_value,
        .find_mount = find_mount,
        .make = make,
        .attach = attach_process,
        .remove = remove_group,
};
