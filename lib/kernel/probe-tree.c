/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * probe-tree.c - checks of the tree, from the mount down to the parent
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "fault.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "kernel/probe.h"
#include "kernel/verbs.h"
#include "owner/owner.h"

void cgb_check_cgroup2(struct cgb_check *check, const struct cgb_probe *probe)
{
        if (probe->tree.mount == NULL)
                cgb_check_set(check, CGB_CHECK_FAILED, probe->tree_fault.remedy, "%.100s: %.120s", probe->tree_fault.file,
                        probe->tree_fault.message);
        else if (!probe->tree.is_cgroup2)
                cgb_check_set(check, CGB_CHECK_DEGRADED, "to manage real groups, name the mount of cgroup v2 or none",
                        "%.160s is a folder of ordinary files", probe->tree.mount);
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "mounted on %.160s", probe->tree.mount);
}

/* Is there a cpu controller in the tree at all? @return 1, 0, or an error. */
static int has_controller(const struct cgb_probe *probe)
{
        char controllers[CGB_READ_SIZE];
        ssize_t n = cgb_tree_read(&probe->tree, "", "cgroup.controllers", controllers, sizeof(controllers));

        return n < 0 ? (int)n : cgb_list_has_word(controllers, (size_t)n, "cpu");
}

void cgb_check_controller(struct cgb_check *check, const struct cgb_probe *probe)
{
        char name[CGB_SHOWN_SIZE];
        int r = has_controller(probe);

        cgb_probe_show(name, probe, "", "cgroup.controllers");
        if (r < 0)
                cgb_check_set(
                        check, CGB_CHECK_FAILED, "name a folder that is a mount of cgroup v2", "%s: %s", name, strerror(-r));
        else if (r > 0)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "in %s", name);
        else
                cgb_check_set(check, CGB_CHECK_FAILED,
                        "if a cgroup v1 hierarchy has it (see /proc/cgroups), boot with "
                        "systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all; in a container, have it passed down",
                        "not in %s", name);
}

void cgb_check_parent(struct cgb_check *check, const struct cgb_probe *probe)
{
        char name[CGB_SHOWN_SIZE], above[CGB_SHOWN_SIZE], remedy[sizeof(check->remedy)];
        int r;

        if (probe->parent_fault.code != 0) {
                cgb_check_set(check, CGB_CHECK_FAILED, probe->parent_fault.remedy, "%.100s: %.120s",
                        probe->parent_fault.file, probe->parent_fault.message);
                return;
        }
        cgb_probe_show(name, probe, probe->parent, "");
        if (probe->parent_exists) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "%s, with %u groups in it", name, probe->children);
                return;
        }
        cgb_probe_show(above, probe, probe->nearest, "");
        r = cgb_tree_may_write(&probe->tree, probe->nearest, "");
        if (r == 0) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "not there yet; it can be made in %s", above);
                return;
        }
        snprintf(remedy, sizeof(remedy), "as root: mkdir -p %.80s; chown -R %u %.80s", name, (unsigned)geteuid(), name);
        cgb_check_set(check, CGB_CHECK_FAILED, remedy, "it cannot be made in %s: %s", above, strerror(-r));
}

/* Only the machine's real root group may have processes and pass controllers on; it is the one without a type. */
static bool may_have_processes(const struct cgb_probe *probe, const char *path)
{
        char type[64];

        return *path == '\0' && cgb_tree_read(&probe->tree, path, "cgroup.type", type, sizeof(type)) == -ENOENT;
}

static bool has_processes(const struct cgb_probe *probe, const char *path)
{
        char byte[1];

        /* A single byte fills the buffer. */
        return cgb_tree_read(&probe->tree, path, "cgroup.procs", byte, sizeof(byte)) == -EMSGSIZE;
}

/*
 * Does, or can, this group pass the cpu controller on?
 *
 * @return 1 if it does; 0 if it can be made to; otherwise the check is filled in, and the result negative
 */
static int check_passing(struct cgb_check *check, const struct cgb_probe *probe, const char *path)
{
        char name[CGB_SHOWN_SIZE], remedy[sizeof(check->remedy)];
        int r = cgb_tree_is_enabled(&probe->tree, path, "cpu");

        if (r > 0)
                return r;
        cgb_probe_show(name, probe, path, "cgroup.subtree_control");
        if (r == 0)
                r = cgb_tree_may_write(&probe->tree, path, "cgroup.subtree_control");
        if (r < 0) {
                snprintf(remedy, sizeof(remedy), "as root: echo +cpu > %s", name);
                cgb_check_set(check, CGB_CHECK_FAILED, remedy, "%s has not got it: %s", name, strerror(-r));
                return r;
        }
        if (has_processes(probe, path) && !may_have_processes(probe, path)) {
                cgb_probe_show(name, probe, path, "");
                cgb_check_set(check, CGB_CHECK_FAILED, "move them into a child group, or name another parent",
                        "%s has processes of its own, and may not pass controllers on", name);
                return -EBUSY;
        }
        return 0;
}

void cgb_check_passed_down(struct cgb_check *check, const struct cgb_probe *probe)
{
        char path[PATH_MAX], name[CGB_SHOWN_SIZE];
        int missing = 0;

        if (has_controller(probe) <= 0) {
                cgb_check_set(check, CGB_CHECK_FAILED, "get the controller first", "there is none to pass down");
                return;
        }
        strcpy(path, probe->nearest);
        do {
                int r = check_passing(check, probe, path);

                if (r < 0)
                        return;
                missing += r == 0;
        } while (cgb_path_cut(path));

        cgb_probe_show(name, probe, probe->nearest, "");
        if (missing > 0)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "to be enabled down to %s; groups where it is not yet: %d", name,
                        missing);
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "enabled down to %s", name);
}

void cgb_check_type(struct cgb_check *check, const struct cgb_probe *probe)
{
        char type[64], name[CGB_SHOWN_SIZE];
        ssize_t n = cgb_tree_read(&probe->tree, probe->nearest, "cgroup.type", type, sizeof(type) - 1);

        if (n < 0) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "domain, as the top group always is");
                return;
        }
        type[n] = '\0';
        type[strcspn(type, "\n")] = '\0';
        cgb_probe_show(name, probe, probe->nearest, "");
        if (strcmp(type, "domain") == 0)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "domain");
        else
                cgb_check_set(check, CGB_CHECK_FAILED,
                        "use a parent of type \"domain\": processes cannot be moved about here", "%s is \"%s\"", name, type);
}

/* Whose a group is that is made in the parent. Those that are there already are told one by one: cgb_list_owners(). */
void cgb_check_systemd(struct cgb_check *check, const struct cgb_probe *probe)
{
        struct cgb_owner_host host;
        struct cgb_owner owner;
        char path[PATH_MAX];

        if (cgb_path_join(path, sizeof(path), probe->parent, "new") < 0 ||
                cgb_owner_host_open(&host, probe->prefix, &probe->tree) < 0) {
                cgb_check_set(check, CGB_CHECK_DEGRADED, NULL, "there is no telling whose the groups are");
                return;
        }
        cgb_owner_find(&host, path, &owner);
        if (!host.has_systemd)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "not running here: nobody else writes the tree");
        else if (owner.type == CGB_OWNER_INSIDE)
                cgb_check_set(check, CGB_CHECK_DEGRADED, owner.remedy, "new groups are %s", owner.why);
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "new groups are %s", owner.why);
        cgb_owner_host_close(&host);
}

void cgb_check_inotify(struct cgb_check *check, const struct cgb_probe *probe)
{
        static const char *const remedy = "sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536";
        char name[PATH_MAX];
        int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

        if (fd < 0) {
                cgb_check_set(check, CGB_CHECK_FAILED, remedy, "no instance of inotify is left: %s", strerror(errno));
                return;
        }
        cgb_tree_name(name, sizeof(name), &probe->tree, probe->nearest, "");
        if (inotify_add_watch(fd, name, IN_CREATE | IN_ONLYDIR) < 0)
                cgb_check_set(check, CGB_CHECK_DEGRADED, remedy, "new groups are not seen at once: %.160s: %s", name,
                        strerror(errno));
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "new groups are seen at once");
        close(fd);
}
