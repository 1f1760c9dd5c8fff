/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Workspaces as transient scopes. systemd is asked three things: to start the scope and say when that is done, where its
 * group is, and to move processes where the kernel lets only it. What lies below the scope is delegated, so the lanes are
 * made here.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "context.h"
#include "fault.h"
#include "kernel/path.h"
#include "kernel/verbs.h"
#include "memory/floors.h"
#include "scope.h"

/* A call about one scope. */
struct ask {
        const struct cgb_scope_options *options;
        struct cgb_fault *fault;
        char unit[CGB_NAME_SIZE];
        sd_bus *bus;
        const char *job; /* whose end is waited for; the reply owns it */
        char result[32]; /* of it; empty: not yet */
};

static bool is_of_user(const struct ask *ask)
{
        return ask->options->manager == CGB_MANAGER_USER;
}

static int ask_open(struct ask *ret, const struct cgb_scope_options *options, struct cgb_fault *fault)
{
        *ret = (struct ask){.options = options, .fault = fault};
        return cgb_bus_open(&ret->bus, is_of_user(ret), fault);
}

static void ask_close(struct ask *ask)
{
        sd_bus_flush_close_unref(ask->bus);
}

/* --------------------------------------------------------------------------- what the manager says */

/* Errors of the bus by name, since sd-bus knows the errno of few. */
static const struct meaning {
        const char *name;
        int code;
        const char *remedy;
} meanings[] = {
        {CGB_SYSTEMD ".UnitExists", -EEXIST, "choose another name, or join that one"},
        {CGB_SYSTEMD ".NoSuchUnit", -ENOENT, "systemctl list-units --type=scope shows those that there are"},
        {CGB_SYSTEMD ".NoSuchProcess", -ESRCH, NULL},
        {"org.freedesktop.DBus.Error.UnixProcessIdUnknown", -ESRCH, NULL},
        {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", -EACCES, NULL},
        {"org.freedesktop.DBus.Error.AccessDenied", -EACCES, NULL},
        {"org.freedesktop.DBus.Error.ServiceUnknown", -EOPNOTSUPP, "systemd is not running, or not on this bus"},
        {"org.freedesktop.DBus.Error.NoReply", -ETIMEDOUT, "see journalctl for what keeps systemd busy"},
        {"org.freedesktop.DBus.Error.Timeout", -ETIMEDOUT, "see journalctl for what keeps systemd busy"},
};

static const char *remedy_of(const struct ask *ask, int code, const char *remedy)
{
        if (remedy != NULL)
                return remedy;
        if (code == -EACCES)
                return is_of_user(ask) ? "a user's manager takes only processes of the user's own"
                                       : "run as root, or let your own manager do it";
        return code == -ESRCH ? "" : NULL;
}

static int refused(const struct ask *ask, const char *what, int r, const sd_bus_error *error)
{
        char message[sizeof ask->fault->message];
        const char *remedy = NULL;

        for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
                if (sd_bus_error_has_name(error, meanings[i].name)) {
                        r = meanings[i].code;
                        remedy = meanings[i].remedy;
                }
        snprintf(message, sizeof message, "systemd does not %s: %s", what,
                error->message != NULL && *error->message != '\0' ? error->message : strerror(-r));
        return cgb_fault_set(ask->fault, r, ask->unit, message, remedy_of(ask, r, remedy));
}

/* -------------------------------------------------------------------------------- the end of a job */

static int job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct ask *ask = userdata;
        const char *job, *unit, *result;
        uint32_t id;

        (void)error;
        if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) >= 0 &&
                (ask->job == NULL || strcmp(job, ask->job) == 0) && strcmp(unit, ask->unit) == 0)
                snprintf(ask->result, sizeof ask->result, "%s", result);
        return 0;
}

static uint64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int wait_for_job(struct ask *ask)
{
        uint64_t end_usec = now_usec() + CGB_SCOPE_TIMEOUT_USEC, now;
        char message[sizeof ask->fault->message];
        int r = 0;

        while (r >= 0 && ask->result[0] == '\0' && (now = now_usec()) < end_usec) {
                r = sd_bus_process(ask->bus, NULL);
                if (r == 0 && ask->result[0] == '\0')
                        r = sd_bus_wait(ask->bus, end_usec - now);
        }
        if (r < 0)
                return cgb_fault_set(
                        ask->fault, r, ask->unit, "the connection to systemd broke while the scope was being started", NULL);
        if (ask->result[0] == '\0')
                return cgb_fault_set(ask->fault, -ETIMEDOUT, ask->unit, "systemd has not started the scope in time",
                        "see journalctl for what keeps systemd busy");
        if (strcmp(ask->result, "done") == 0)
                return 0;
        snprintf(message, sizeof message, "the scope was not started: the job's result is \"%s\"", ask->result);
        return cgb_fault_set(ask->fault, -EIO, ask->unit, message, "see journalctl, and whether the processes still live");
}

/* ----------------------------------------------------------------------------------- the questions */

static int append_pids(sd_bus_message *call, const pid_t *pids, size_t n)
{
        int r = sd_bus_message_open_container(call, 'r', "sv");

        if (r >= 0)
                r = sd_bus_message_append(call, "s", "PIDs");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "au");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "u");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(call, "u", (uint32_t)pids[i]);
        for (int i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(call);
        return r;
}

static int build_start(struct ask *ask, const pid_t *pids, size_t n, sd_bus_message **ret)
{
        const struct cgb_scope_options *options = ask->options;
        const uint32_t per_weight = CGB_SHARE_DEFAULT_PERMILLE / CGB_WEIGHT_DEFAULT;
        uint64_t weight = (options->share_permille + per_weight / 2) / per_weight;
        sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(
                ask->bus, &call, CGB_SYSTEMD, CGB_SYSTEMD_PATH, CGB_SYSTEMD_MANAGER, "StartTransientUnit");

        if (r >= 0)
                r = sd_bus_message_append(call, "ss", ask->unit, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sv)");
        if (r >= 0)
                r = sd_bus_message_append(call, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
                        options->description != NULL ? options->description : ask->unit, "Slice", "s", options->slice,
                        "Delegate", "b", true, "CPUWeight", "t", weight, "CollectMode", "s", "inactive-or-failed");
        if (r >= 0 && options->memory_floor_bytes != 0)
                r = sd_bus_message_append(call, "(sv)", "MemoryLow", "t", options->memory_floor_bytes);
        if (r >= 0 && options->memory_max_bytes != 0)
                r = sd_bus_message_append(call, "(sv)", "MemoryMax", "t", options->memory_max_bytes);
        if (r >= 0)
                r = append_pids(call, pids, n);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a(sa(sv))", 0);
        if (r < 0)
                call = sd_bus_message_unref(call);
        *ret = call;
        return r;
}

/* The job may end before its name is known: so its end is listened for first, by the unit's name. */
static int start(struct ask *ask, const pid_t *pids, size_t n)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *call = NULL, *reply = NULL;
        sd_bus_slot *slot = NULL;
        int r = sd_bus_match_signal(
                ask->bus, &slot, CGB_SYSTEMD, CGB_SYSTEMD_PATH, CGB_SYSTEMD_MANAGER, "JobRemoved", job_removed, ask);

        if (r >= 0)
                r = build_start(ask, pids, n, &call);
        if (r >= 0)
                r = sd_bus_call(ask->bus, call, CGB_SCOPE_TIMEOUT_USEC, &error, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &ask->job);
        r = r < 0 ? refused(ask, "start the scope", r, &error) : wait_for_job(ask);
        sd_bus_error_free(&error);
        sd_bus_message_unref(call);
        sd_bus_message_unref(reply);
        sd_bus_slot_unref(slot);
        return r;
}

/* A group as systemd names it, from the top of the tree: "/a/b". @ret: of @size bytes, below the mount. */
static int take_group(const struct ask *ask, const char *object, const char *interface, char *ret, size_t size)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        char *group = NULL;
        int r = sd_bus_get_property_string(ask->bus, CGB_SYSTEMD, object, interface, "ControlGroup", &error, &group);

        if (r < 0)
                r = refused(ask, "say where its group is", r, &error);
        else if (!cgb_path_is_valid(group + strspn(group, "/")) ||
                 (size_t)snprintf(ret, size, "%s", group + strspn(group, "/")) >= size)
                r = cgb_fault_set(ask->fault, -EINVAL, group, "this cannot be the path of a group", "please report it");
        free(group);
        sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}

static int find_scope(const struct ask *ask, char *ret, size_t size)
{
        char *object = NULL;
        int r = sd_bus_path_encode(CGB_SYSTEMD_PATH "/unit", ask->unit, &object);

        if (r >= 0)
                r = take_group(ask, object, CGB_SYSTEMD ".Scope", ret, size);
        free(object);
        if (r == 0 && *ret == '\0')
                return cgb_fault_set(
                        ask->fault, -ENOENT, ask->unit, "there is no such scope, or it has ended", "start it first");
        return r;
}

static int attach(struct ask *ask, const char *lane, pid_t pid)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        char below[CGB_NAME_SIZE + 1] = "";
        int r;

        if (lane != NULL)
                snprintf(below, sizeof below, "/%s", lane);
        r = sd_bus_call_method(ask->bus, CGB_SYSTEMD, CGB_SYSTEMD_PATH, CGB_SYSTEMD_MANAGER, "AttachProcessesToUnit", &error,
                NULL, "ssau", ask->unit, below, 1, (uint32_t)pid);
        if (r < 0)
                r = refused(ask, "move the process", r, &error);
        sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}

/* --------------------------------------------------------------------------------------- the lanes */

static int make_lanes_in(const struct ask *ask, const struct cgb_tree *tree, const char *scope, const pid_t *pids, size_t n)
{
        const char *const *lanes = ask->options->lanes;
        char path[PATH_MAX];
        int r = 0;

        for (size_t i = 0; r == 0 && lanes[i] != NULL; i++) {
                r = cgb_path_join(path, sizeof path, scope, lanes[i]);
                if (r == 0)
                        r = cgb_tree_make(tree, path, ask->fault);
        }
        cgb_path_join(path, sizeof path, scope, lanes[0]);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = cgb_tree_attach(tree, path, pids[i], ask->fault);
        /* only now has the scope no processes of its own, as the kernel wants it */
        if (r == 0)
                r = cgb_tree_enable(tree, scope, "cpu", ask->fault);
        return r < 0 ? r : 0;
}

static int make_lanes(const struct ask *ask, const char *scope, const pid_t *pids, size_t n)
{
        struct cgb_options options;
        struct cgb *cgb;
        int r;

        if (ask->options->lanes == NULL || ask->options->lanes[0] == NULL)
                return 0;
        cgb_options_init(&options);
        options.parent = scope;
        r = cgb_new(&cgb, &options, ask->fault);
        if (r < 0)
                return r;
        r = make_lanes_in(ask, &cgb->tree, scope, pids, n);
        cgb_free(cgb);
        return r;
}

/* --------------------------------------------------------------------------------------- the floor */

/* What a slice will protect that is not there yet. */
static int ask_low(const struct ask *ask, const char *slice, uint64_t *ret)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        char *object = NULL;
        int r = sd_bus_path_encode(CGB_SYSTEMD_PATH "/unit", slice, &object);

        if (r >= 0)
                r = sd_bus_get_property_trivial(
                        ask->bus, CGB_SYSTEMD, object, CGB_SYSTEMD ".Slice", "MemoryLow", &error, 't', ret);
        if (r < 0)
                r = refused(ask, "say what the slice protects", r, &error);
        free(object);
        sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}

/* @path: of the slice; cut until there is such a group. */
static int check_floor_in(const struct ask *ask, const struct cgb_tree *tree, char *path)
{
        uint64_t bytes = ask->options->memory_floor_bytes;

        for (; *path != '\0' && cgb_tree_find(NULL, tree, path) < 0; cgb_path_cut(path)) {
                const char *slash = strrchr(path, '/'), *slice = slash != NULL ? slash + 1 : path;
                uint64_t low_bytes;
                int r = ask_low(ask, slice, &low_bytes);

                if (r == 0)
                        r = cgb_floors_fit(slice, bytes, low_bytes, ask->fault);
                if (r < 0)
                        return r;
                bytes = low_bytes;
        }
        return cgb_floors_check(tree, path, bytes, ask->fault);
}

/* To the kernel a floor that the slice does not cover is none; and the slice's is not ours to give. */
static int check_floor(const struct ask *ask)
{
        struct cgb_fault *fault = ask->fault;
        struct cgb_options options;
        struct cgb *cgb;
        char *parent;
        size_t n;
        int r = cgb_scope_parent_of(ask->options, &parent, fault);

        if (r < 0)
                return r;
        cgb_options_init(&options);
        options.parent = parent;
        r = cgb_new(&cgb, &options, fault);
        if (r == 0) {
                r = check_floor_in(ask, &cgb->tree, parent);
                cgb_free(cgb);
        }
        free(parent);
        if (r == -ENOSPC && fault != NULL) {
                n = strlen(fault->remedy);
                snprintf(fault->remedy + n, sizeof fault->remedy - n, "; systemctl %sset-property sets it",
                        is_of_user(ask) ? "--user " : "");
        }
        return r;
}

/* -------------------------------------------------------------------------------- the public calls */

int cgb_scope_parent_of(const struct cgb_scope_options *options, char **ret, struct cgb_fault *fault)
{
        char top[PATH_MAX], slice[PATH_MAX], parent[PATH_MAX];
        struct ask ask;
        int r = ask_open(&ask, options, fault);

        if (r < 0)
                return r;
        snprintf(ask.unit, sizeof ask.unit, "%s", options->slice);
        r = take_group(&ask, CGB_SYSTEMD_PATH, CGB_SYSTEMD_MANAGER, top, sizeof top);
        ask_close(&ask);
        if (r < 0)
                return r;
        r = cgb_slice_to_path(slice, sizeof slice, options->slice);
        if (r == 0)
                r = cgb_path_join(parent, sizeof parent, top, slice);
        if (r == 0 && (*ret = strdup(parent)) == NULL)
                r = -ENOMEM;
        return r < 0 ? cgb_fault_set(fault, r, options->slice, strerror(-r), NULL) : 0;
}

int cgb_scope_start_in(const struct cgb_scope_options *options, const char *unit, const pid_t *pids, size_t n,
        struct cgb_scope *ret, struct cgb_fault *fault)
{
        struct cgb_scope scope = {.size = sizeof scope};
        struct ask ask;
        int r = ask_open(&ask, options, fault);

        if (r < 0)
                return r;
        snprintf(ask.unit, sizeof ask.unit, "%s", unit);
        snprintf(scope.unit, sizeof scope.unit, "%s", unit);
        r = options->memory_floor_bytes != 0 ? check_floor(&ask) : 0;
        if (r == 0)
                r = start(&ask, pids, n);
        if (r == 0)
                r = find_scope(&ask, scope.path, sizeof scope.path);
        if (r == 0)
                r = make_lanes(&ask, scope.path, pids, n);
        ask_close(&ask);
        if (r == 0)
                *ret = scope;
        return r;
}

int cgb_scope_attach_to(
        const struct cgb_scope_options *options, const char *unit, const char *lane, pid_t pid, struct cgb_fault *fault)
{
        char path[PATH_MAX];
        struct ask ask;
        int r = ask_open(&ask, options, fault);

        if (r < 0)
                return r;
        snprintf(ask.unit, sizeof ask.unit, "%s", unit);
        r = find_scope(&ask, path, sizeof path);
        if (r == 0)
                r = attach(&ask, lane, pid);
        ask_close(&ask);
        return r;
}
