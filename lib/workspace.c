/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Workspaces that the embedder makes. Nothing here needs a manager: the weight that a new group gets is how its share is told to whoever
 * manages the parent.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "kernel/path.h"
#include "kernel/verbs.h"
#include "setup.h"

static int find_path(struct cgb *cgb, const char *name, char *ret, size_t size)
{
        if (name == NULL || !cgb_name_is_valid(name))
                return cgb_fail(cgb, -EINVAL, name == NULL ? "name" : name, "this cannot be the name of a workspace",
                        "use a plain directory name: no \"/\", not \"..\", not like a file of the kernel's (\"cpu.weight\")");
        if (cgb_path_join(ret, size, cgb->options.parent, name) < 0)
                return cgb_fail(cgb, -ENAMETOOLONG, name, "the path is too long", NULL);
        return 0;
}

static int write_first_weight(struct cgb *cgb, const char *path, uint32_t share_permille)
{
        uint32_t per_weight = CGB_SHARE_DEFAULT_PERMILLE / CGB_WEIGHT_DEFAULT;
        char value[16], file[512];
        int r;

        snprintf(value, sizeof value, "%u", (share_permille + per_weight / 2) / per_weight);
        r = cgb_tree_write(&cgb->tree, path, "cpu.weight", value, strlen(value));
        if (r == 0)
                return 0;
        cgb_tree_name(file, sizeof file, &cgb->tree, path, "cpu.weight");
        return cgb_fail(cgb, r, file, "the share cannot be written", NULL);
}

/* Under the lock of the setup: nobody removes the parent while a workspace is being made in it. */
static int make_workspace(struct cgb *cgb, const char *path, const struct cgb_workspace_options *options)
{
        int r = cgb_setup_parent(&cgb->tree, cgb->state_name, cgb->options.parent, &cgb->fault);

        if (r == 0)
                r = cgb_setup_note_workspace(cgb->state_name, path, &cgb->fault);
        if (r < 0)
                return r;
        r = cgb_tree_make(&cgb->tree, path, &cgb->fault);
        if (r == -EEXIST)
                return cgb_fail(cgb, r, options->name, "there is a workspace of that name", "choose another name, or attach to it");
        if (r < 0)
                return r;
        r = write_first_weight(cgb, path, options->share_permille);
        if (r < 0)
                cgb_tree_remove(&cgb->tree, path, NULL);
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

int cgb_create(struct cgb *cgb, const struct cgb_workspace_options *options)
{
        char path[PATH_MAX];
        int fd, r;

        if (options->size != sizeof *options)
                return cgb_fail(cgb, -EINVAL, "size", "the options are of another version of cgburst", "set it to sizeof the struct");
        if (options->share_permille < CGB_SHARE_MIN_PERMILLE || options->share_permille > CGB_SHARE_MAX_PERMILLE)
                return cgb_fail(cgb, -EINVAL, "share_permille", "the share is out of range", "10 to 100000, that is 0.01 to 100");
        r = find_path(cgb, options->name, path, sizeof path);
        if (r < 0)
                return r;
        fd = cgb_setup_lock(cgb->state_name, &cgb->fault);
        if (fd < 0)
                return fd;
        r = make_workspace(cgb, path, options);
        if (r < 0 && r != -EEXIST)
                undo_if_unmanaged(cgb, NULL);
        cgb_lock_release(fd);
        return r;
}

int cgb_attach(struct cgb *cgb, const char *name, pid_t pid)
{
        char path[PATH_MAX];
        int r = find_path(cgb, name, path, sizeof path);

        return r < 0 ? r : cgb_tree_attach(&cgb->tree, path, pid, &cgb->fault);
}

/* Under the lock of the setup. */
static int remove_workspace(struct cgb *cgb, const char *path, const char *name)
{
        int r = cgb_tree_remove(&cgb->tree, path, &cgb->fault);

        if (r == -ENOENT)
                return cgb_fail(cgb, r, name, "there is no workspace of that name", "cgctl status shows those that there are");
        if (r < 0)
                return r;
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
