/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing through libcgroup, for hosts that are run with it. The only file that knows libcgroup.
 *
 * Of libcgroup 2.0.2: its codes are positive and the errno is to be had separately; reading a group reads every file of it, so a
 * fresh object with only the value to change is handed over, which costs some 20 us instead of 240. Its tables are
 * global: one thread at a time.
 */
#include <errno.h>
#include <libcgroup.h>

#include "backend/backend.h"

static int to_errno(int code)
{
        if (code == 0)
                return 0;
        if (code == ECGOTHER)
                return -cgroup_get_last_errno();
        switch (code) {
        case ECGROUPNOTALLOWED:
                return -EACCES;
        case ECGROUPNOTEXIST:
                return -ENODEV;
        default:
                return -EIO;
        }
}

/* Hands over one value of one group, "cpu" being the part of the file's name before the dot. */
static int modify(const char *path, const char *controller_name, const char *file, uint64_t value)
{
        struct cgroup *group = cgroup_new_cgroup(path);
        struct cgroup_controller *controller;
        int code = ECGFAIL;

        if (group == NULL)
                return -ENOMEM;
        controller = cgroup_add_controller(group, controller_name);
        if (controller != NULL && cgroup_add_value_uint64(controller, file, value) == 0)
                code = cgroup_modify_cgroup(group);
        cgroup_free(&group);
        return to_errno(code);
}

static int write_value(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        const struct cgb_backend_host *host = backend->host;
        int code;

        /* libcgroup knows mounts, and not folders; "max" is no number to it; and a group is its inode and not its name */
        if (!host->tree->is_cgroup2 || value == UINT64_MAX)
                return cgb_group_write_u64(host->fds, host->tree, group, file, value);
        code = cgroup_init(); /* does nothing but the first time */
        if (code != 0)
                return to_errno(code);
        return modify(group->path, file == CGB_FILE_CPU_WEIGHT ? "cpu" : "memory", cgb_file_to_string(file), value);
}

const struct cgb_backend_type cgb_backend_libcgroup = {
        .name = "libcgroup",
        .write = write_value,
};
