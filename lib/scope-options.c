/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a scope may be called, and whether there is somebody to ask for one. Refused here, a mistake is told in our words,
 * and not in the bus's.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/path.h"
#include "owner/unit.h"
#include "scope.h"

void cgb_scope_options_init(struct cgb_scope_options *options)
{
        *options = (struct cgb_scope_options){
                .size = sizeof *options,
                .manager = geteuid() == 0 ? CGB_MANAGER_SYSTEM : CGB_MANAGER_USER,
                .slice = CGB_SCOPE_SLICE,
                .share_permille = CGB_SHARE_DEFAULT_PERMILLE,
        };
}

/* @ret: its unit, CGB_NAME_SIZE bytes. */
static bool is_scope(const char *name, char *ret)
{
        return name != NULL && snprintf(ret, CGB_NAME_SIZE, "%s.scope", name) < CGB_NAME_SIZE && cgb_unit_has_group(ret);
}

/* Dashes are levels: each prefix up to one is a slice on the way. */
int cgb_slice_to_path(char *ret, size_t size, const char *slice)
{
        size_t stem = cgb_unit_is(slice, ".slice") ? strlen(slice) - strlen(".slice") : 0;
        char path[PATH_MAX] = "", name[CGB_UNIT_NAME_SIZE];
        int r = 0;

        if (stem == 0 || !cgb_unit_has_group(slice) || slice[0] == '-' || slice[stem - 1] == '-' ||
                strstr(slice, "--") != NULL)
                return -EINVAL;
        for (size_t i = 1; r == 0 && i <= stem; i++) {
                if (i < stem && slice[i] != '-')
                        continue;
                snprintf(name, sizeof name, "%.*s.slice", (int)i, slice);
                r = cgb_path_join(path, sizeof path, path, name);
        }
        return r == 0 ? cgb_path_join(ret, size, path, "") : r;
}

static int check_host(struct cgb_fault *fault)
{
#ifndef HAVE_LIBSYSTEMD
        return cgb_fault_set(fault, -EOPNOTSUPP, "libsystemd", "this build cannot ask systemd for scopes",
                "build it with -Dlibsystemd=enabled");
#else
        if (access("/run/systemd/system", F_OK) < 0)
                return cgb_fault_set(fault, -EOPNOTSUPP, "/run/systemd/system", "systemd does not run this host",
                        "make workspaces without it");
        return 0;
#endif
}

static int check(const struct cgb_scope_options *options, struct cgb_fault *fault)
{
        char path[PATH_MAX];

        if (options == NULL)
                return cgb_fault_set(fault, -EINVAL, "options", "there are none", "call cgb_scope_options_init()");
        if (options->size != sizeof *options)
                return cgb_fault_set(fault, -EINVAL, "size", "the options are of another version of cgburst",
                        "call cgb_scope_options_init()");
        if (options->slice == NULL || cgb_slice_to_path(path, sizeof path, options->slice) < 0)
                return cgb_fault_set(fault, -EINVAL, options->slice != NULL ? options->slice : "slice",
                        "this cannot be the name of a slice",
                        "use letters, digits, \"_\" and single dashes, and \".slice\" at the end");
        if (options->manager != CGB_MANAGER_SYSTEM && options->manager != CGB_MANAGER_USER)
                return cgb_fault_set(fault, -EINVAL, "manager", "scopes are PID 1's or the user's own manager's",
                        "CGB_MANAGER_SYSTEM or CGB_MANAGER_USER");
        return check_host(fault);
}

static int check_lane(const char *lane, struct cgb_fault *fault)
{
        if (cgb_name_is_valid(lane))
                return 0;
        return cgb_fault_set(fault, -EINVAL, *lane != '\0' ? lane : "lane", "this cannot be the name of a lane",
                "use a plain directory name, not like a file of the kernel's");
}

/* All but slice and manager. @ret: the unit, CGB_NAME_SIZE bytes. */
static int check_scope(const struct cgb_scope_options *options, char *ret, struct cgb_fault *fault)
{
        int r = check(options, fault);

        if (r < 0)
                return r;
        if (!is_scope(options->name, ret))
                return cgb_fault_set(fault, -EINVAL,
                        options->name != NULL && *options->name != '\0' ? options->name : "name",
                        "this cannot be the name of a scope", "use letters, digits and \":-_.\\@\", 249 at most");
        if (options->share_permille < CGB_SHARE_MIN_PERMILLE || options->share_permille > CGB_SHARE_MAX_PERMILLE)
                return cgb_fault_set(
                        fault, -EINVAL, "share_permille", "the share is out of range", "10 to 100000, that is 0.01 to 100");
        for (const char *const *lane = options->lanes; r == 0 && lane != NULL && *lane != NULL; lane++)
                r = check_lane(*lane, fault);
        return r;
}

#ifndef HAVE_LIBSYSTEMD
/* Never come to: check_host() has refused. */
int cgb_scope_parent_of(const struct cgb_scope_options *options, char **ret, struct cgb_fault *fault)
{
        (void)options, (void)ret;
        return check_host(fault);
}

int cgb_scope_start_in(const struct cgb_scope_options *options, const char *unit, const pid_t *pids, size_t n,
        struct cgb_scope *ret, struct cgb_fault *fault)
{
        (void)options, (void)unit, (void)pids, (void)n, (void)ret;
        return check_host(fault);
}

int cgb_scope_attach_to(
        const struct cgb_scope_options *options, const char *unit, const char *lane, pid_t pid, struct cgb_fault *fault)
{
        (void)options, (void)unit, (void)lane, (void)pid;
        return check_host(fault);
}
#endif

int cgb_scope_parent(const struct cgb_scope_options *options, char **ret, struct cgb_fault *fault)
{
        int r = check(options, fault);

        return r < 0 ? r : cgb_scope_parent_of(options, ret, fault);
}

int cgb_scope_start(
        const struct cgb_scope_options *options, const pid_t *pids, size_t n, struct cgb_scope *ret, struct cgb_fault *fault)
{
        char unit[CGB_NAME_SIZE];
        int r = check_scope(options, unit, fault);

        if (r < 0)
                return r;
        if (ret->size != sizeof *ret)
                return cgb_fault_set(
                        fault, -EINVAL, "size", "the scope is of another version of cgburst", "set it to sizeof the struct");
        if (n == 0)
                return cgb_fault_set(fault, -EINVAL, unit, "a scope has to have a process",
                        "start one that waits, and hand its number over");
        return cgb_scope_start_in(options, unit, pids, n, ret, fault);
}

int cgb_scope_attach(const struct cgb_scope_options *options, const char *lane, pid_t pid, struct cgb_fault *fault)
{
        char unit[CGB_NAME_SIZE];
        int r = check_scope(options, unit, fault);

        if (r < 0)
                return r;
        if (lane == NULL && options->lanes != NULL)
                lane = options->lanes[0];
        if (lane != NULL)
                r = check_lane(lane, fault);
        return r < 0 ? r : cgb_scope_attach_to(options, unit, lane, pid, fault);
}
