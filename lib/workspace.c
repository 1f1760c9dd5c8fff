/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Workspaces that the embedder makes. Nothing here needs a manager: the weight that a new group gets is how its share is
 * told to whoever manages the parent.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "kernel/path.h"
#include "memory/floors.h"
#include "state/setup.h"

static int find_path(struct cgb *cgb, const char *name, char *ret, size_t size)
{
        if (!cgb_name_is_valid(name))
                return cgb_fail(cgb, -EINVAL, name == NULL || *name == '\0' ? "name" : name,
                        "this cannot be the name of a workspace",
                        "use a plain directory name: no \"/\", not \"..\", not like a file of the kernel's (\"cpu.weight\")");
        if (cgb_path_join(ret, size, cgb->options.parent, name) < 0)
                return cgb_fail(cgb, -ENAMETOOLONG, name, "the path is too long", NULL);
        return 0;
}

static int fail_missing(struct cgb *cgb, const char *name)
{
        return cgb_fail(cgb, -ENOENT, name, "there is no workspace of that name", "cgctl status shows those that there are");
}

/* Who makes, fills and removes workspaces. */
static int find_writer(struct cgb *cgb, const char *path, bool *ret_is_unit, struct cgb_backend **ret)
{
        int r = cgb_writer_of_path(cgb, path, ret_is_unit, ret);

        if (r == -EXDEV)
                return cgb_fail(cgb, r, cgb->options.mount, "this backend uses another mount of cgroup v2",
                        "leave the mount out, or choose the backend cgroupfs");
        return r < 0 ? cgb_fail(
                               cgb, r, cgb->backend_type->name, "this backend cannot be used", "choose the backend cgroupfs")
                     : 0;
}

struct first_values {
        struct cgb *cgb;
        struct cgb_backend *writer;
        struct cgb_group_dir dir;
};

static int write_number(struct first_values *values, enum cgb_file file, uint64_t number, const char *message)
{
        int r = cgb_backend_write(values->writer, &values->dir, file, number);
        char name[512];

        if (r >= 0)
                return 0;
        cgb_tree_name(name, sizeof name, &values->cgb->tree, values->dir.path, cgb_file_to_string(file));
        return cgb_fail(values->cgb, r, name, message, NULL);
}

/*
 * How managers learn share and floor; the limit is the operator's, and this is the only time that it is written. By whoever
 * writes the group later.
 */
static int write_first_values(
        struct cgb *cgb, struct cgb_backend *writer, const char *path, const struct cgb_workspace_options *options)
{
        uint32_t per_weight = CGB_SHARE_DEFAULT_PERMILLE / CGB_WEIGHT_DEFAULT;
        struct first_values values = {.cgb = cgb, .writer = writer};
        int r = cgb_group_dir_open(&values.dir, cgb->fds, &cgb->tree, path);

        if (r < 0)
                return cgb_fail(cgb, r, options->name, "the group that was made just now cannot be found", NULL);
        r = write_number(&values, CGB_FILE_CPU_WEIGHT, (options->share_permille + per_weight / 2) / per_weight,
                "the share cannot be written");
        if (r == 0 && options->memory_max_bytes > 0)
                r = write_number(&values, CGB_FILE_MEMORY_MAX, options->memory_max_bytes, "the limit cannot be written");
        if (r == 0 && options->memory_floor_bytes > 0)
                r = write_number(&values, CGB_FILE_MEMORY_LOW, options->memory_floor_bytes, "the floor cannot be written");
        cgb_group_dir_close(&values.dir, cgb->fds);
        return r;
}

static bool wants_memory(const struct cgb_workspace_options *options)
{
        return options->memory_floor_bytes > 0 || options->memory_max_bytes > 0;
}

/* What has to be there first, and is written down. */
static int prepare(struct cgb *cgb, const char *path, const struct cgb_workspace_options *options)
{
        int r = cgb_setup_parent(&cgb->tree, cgb->state_name, cgb->options.parent, &cgb->fault);

        if (r == 0 && wants_memory(options))
                r = cgb_setup_memory(&cgb->tree, cgb->state_name, cgb->options.parent, &cgb->fault);
        if (r == 0)
                r = cgb_setup_note_workspace(cgb->state_name, path, &cgb->fault);
        return r;
}

/* A manager sees the group at once, so all that can fail for other reasons comes before. */
static int fill_workspace(struct cgb *cgb, const char *path, const struct cgb_workspace_options *options)
{
        struct cgb_backend *writer;
        bool is_unit;
        int r = find_writer(cgb, path, &is_unit, &writer);

        if (r == 0 && is_unit)
                return cgb_fail(cgb, -EINVAL, options->name,
                        "this is the name of a unit of systemd's, and a group that is made is none",
                        "let systemd start it: cgb_scope_start(), cgctl run --systemd; or choose a name without its suffix");
        if (r == 0)
                r = cgb_backend_make(writer, path, &cgb->fault);
        if (r == -EEXIST)
                return cgb_fail(cgb, r, options->name, "there is a workspace of that name",
                        wants_memory(options) ? "choose another name: the sizes of one that is there are left as they are"
                                              : "choose another name, or attach to it");
        if (r < 0)
                return r;
        r = write_first_values(cgb, writer, path, options);
        if (r < 0)
                cgb_backend_remove(writer, path, NULL);
        return r;
}

/* Under the lock of the setup: nobody removes the parent while a workspace is being made in it. */
static int make_workspace(struct cgb *cgb, const char *path, const struct cgb_workspace_options *options)
{
        int r = prepare(cgb, path, options);

        if (r == 0 && options->memory_floor_bytes > 0)
                r = cgb_floors_reserve(
                        &cgb->tree, cgb->state_name, cgb->options.parent, options->memory_floor_bytes, &cgb->fault);
        if (r == 0)
                r = fill_workspace(cgb, path, options);
        if (r < 0)
                cgb_floors_settle(&cgb->tree, cgb->state_name, cgb->options.parent);
        return r;
}

/* What nobody uses any more is undone, unless there is a manager: then that is who ends last. */
static int undo_if_unmanaged(struct cgb *cgb, struct cgb_fault *fault)
{
        int lock_fd, r;

        if (cgb->started)
                return 0;
        lock_fd = cgb_lock_take(cgb->state_name, NULL);
        if (lock_fd < 0)
                return 0;
        r = cgb_setup_undo(&cgb->tree, cgb->state_name, fault);
        cgb_lock_release(lock_fd);
        return r;
}

/* Sizes of memory came later: who does not know them asks for none. */
static int take_options(struct cgb *cgb, struct cgb_workspace_options *ret, const struct cgb_workspace_options *options)
{
        if (options == NULL)
                return cgb_fail(cgb, -EINVAL, "options", "there are none", "say at least name and share");
        if (options->size != sizeof *options && options->size != offsetof(struct cgb_workspace_options, memory_floor_bytes))
                return cgb_fail(cgb, -EINVAL, "size", "the options are of another version of cgburst",
                        "set it to sizeof the struct");
        *ret = (struct cgb_workspace_options){0};
        memcpy(ret, options, options->size);
        return 0;
}

static int check_options(struct cgb *cgb, const struct cgb_workspace_options *options)
{
        char message[128];

        if (options->share_permille < CGB_SHARE_MIN_PERMILLE || options->share_permille > CGB_SHARE_MAX_PERMILLE)
                return cgb_fail(
                        cgb, -EINVAL, "share_permille", "the share is out of range", "10 to 100000, that is 0.01 to 100");
        if (options->memory_max_bytes == 0 || options->memory_floor_bytes <= options->memory_max_bytes)
                return 0;
        snprintf(message, sizeof message, "the floor, %" PRIu64 " bytes, is above the limit, %" PRIu64,
                options->memory_floor_bytes, options->memory_max_bytes);
        return cgb_fail(cgb, -EINVAL, "memory_floor_bytes", message,
                "the floor is what a workspace is sure of, of what it may have");
}

int cgb_create(struct cgb *cgb, const struct cgb_workspace_options *given)
{
        struct cgb_workspace_options options;
        char path[PATH_MAX];
        int fd, r = take_options(cgb, &options, given);

        if (r == 0)
                r = check_options(cgb, &options);
        if (r == 0)
                r = find_path(cgb, options.name, path, sizeof path);
        if (r < 0)
                return r;
        fd = cgb_setup_lock(cgb->state_name, &cgb->fault);
        if (fd < 0)
                return fd;
        r = make_workspace(cgb, path, &options);
        if (r < 0 && r != -EEXIST)
                undo_if_unmanaged(cgb, NULL);
        cgb_lock_release(fd);
        return r;
}

int cgb_attach(struct cgb *cgb, const char *name, pid_t pid)
{
        char path[PATH_MAX];
        struct cgb_backend *writer;
        bool is_unit;
        int r = find_path(cgb, name, path, sizeof path);

        if (r == 0)
                r = find_writer(cgb, path, &is_unit, &writer);
        if (r < 0)
                return r;
        r = cgb_backend_attach(writer, path, pid, &cgb->fault);
        return r == -ENOENT ? fail_missing(cgb, name) : r;
}

/* Under the lock of the setup. */
static int remove_workspace(struct cgb *cgb, const char *path, const char *name)
{
        struct cgb_backend *writer;
        bool is_unit;
        int r = find_writer(cgb, path, &is_unit, &writer);

        if (r == 0)
                r = cgb_backend_remove(writer, path, &cgb->fault);
        if (r == -ENOENT)
                return fail_missing(cgb, name);
        if (r < 0)
                return r;
        cgb_floors_settle(&cgb->tree, cgb->state_name, cgb->options.parent);
        if (cgb->started)
                cgb_discover_changes(cgb);
        return undo_if_unmanaged(cgb, &cgb->fault);
}

int cgb_remove(struct cgb *cgb, const char *name)
{
        char path[PATH_MAX];
        int fd, r = find_path(cgb, name, path, sizeof path);

        if (r < 0)
                return r;
        fd = cgb_setup_lock(cgb->state_name, &cgb->fault);
        if (fd < 0)
                return fd;
        r = remove_workspace(cgb, path, name);
        cgb_lock_release(fd);
        return r;
}
