/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * probe-groups.c - checks of the parent and of the groups in it
 *
 * Where the parent is not made yet, the group that it would be made in answers for it.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/exactness.h"
#include "kernel/mount.h"
#include "kernel/parse.h"
#include "kernel/path.h"
#include "kernel/probe.h"

/* What a walk over the groups of the parent counts. */
struct census {
        const struct cgb_probe *probe;
        uint32_t weighted;          /* have cpu.weight */
        uint32_t locked;            /* of these, the caller may not write it */
        uint32_t idle;              /* have cpu.idle set */
        uint32_t reclaimable;       /* have memory.reclaim */
        char example[NAME_MAX + 1]; /* the first that is locked, or idle */
};

static bool is_set(const struct cgb_tree *tree, const char *path, const char *file)
{
        char text[8];
        uint64_t value;
        ssize_t n = cgb_tree_read(tree, path, file, text, sizeof(text));

        return n > 0 && cgb_parse_u64(&value, text, (size_t)n) == 0 && value == 1;
}

static bool has_file(const struct cgb_tree *tree, const char *path, const char *file)
{
        int r = cgb_tree_may_write(tree, path, file);

        return r == 0 || r == -EACCES || r == -EROFS || r == -EPERM;
}

static void note(struct census *census, uint32_t *count, const char *name)
{
        (*count)++;
        if (census->example[0] == '\0')
                snprintf(census->example, sizeof(census->example), "%s", name);
}

static int count_permission(void *userdata, const char *name, uint64_t inode)
{
        struct census *census = userdata;
        const struct cgb_tree *tree = &census->probe->tree;
        char path[PATH_MAX];

        (void)inode;
        if (cgb_path_join(path, sizeof(path), census->probe->parent, name) < 0 || !has_file(tree, path, "cpu.weight"))
                return 0;
        census->weighted++;
        if (cgb_tree_may_write(tree, path, "cpu.weight") < 0)
                note(census, &census->locked, name);
        return 0;
}

static int count_idle(void *userdata, const char *name, uint64_t inode)
{
        struct census *census = userdata;
        char path[PATH_MAX];

        (void)inode;
        if (cgb_path_join(path, sizeof(path), census->probe->parent, name) == 0 &&
                is_set(&census->probe->tree, path, "cpu.idle"))
                note(census, &census->idle, name);
        return 0;
}

static int count_reclaim(void *userdata, const char *name, uint64_t inode)
{
        struct census *census = userdata;
        char path[PATH_MAX];

        (void)inode;
        if (cgb_path_join(path, sizeof(path), census->probe->parent, name) == 0 &&
                has_file(&census->probe->tree, path, "memory.reclaim"))
                census->reclaimable++;
        return 0;
}

/* Walks over the groups of the parent, if it is there; one that vanishes meanwhile is not counted. */
static struct census take_census(const struct cgb_probe *probe, cgb_found_group *count)
{
        struct census census = {.probe = probe};

        if (probe->parent_exists)
                (void)cgb_tree_list(&probe->tree, probe->parent, count, &census);
        return census;
}

void cgb_check_permission(struct cgb_check *check, const struct cgb_probe *probe)
{
        static const char *const remedy = "run as root, or have the whole subtree delegated: as root, chown -R it to you";
        struct census census = take_census(probe, count_permission);
        char name[CGB_SHOWN_SIZE];
        int r;

        if (census.locked > 0) {
                cgb_check_set(check, census.locked == census.weighted ? CGB_CHECK_FAILED : CGB_CHECK_DEGRADED, remedy,
                        "cpu.weight is not writable in %u of %u groups, such as %.80s", census.locked, census.weighted,
                        census.example);
                return;
        }
        r = cgb_tree_may_write(&probe->tree, probe->nearest, "");
        cgb_probe_show(name, probe, probe->nearest, "");
        if (r < 0 && census.weighted == 0) {
                cgb_check_set(check, CGB_CHECK_FAILED, remedy, "no group can be made in %s: %s", name, strerror(-r));
                return;
        }
        r = cgb_tree_may_write(&probe->tree, probe->nearest, "cgroup.procs");
        cgb_probe_show(name, probe, probe->nearest, "cgroup.procs");
        if (r < 0)
                cgb_check_set(check, CGB_CHECK_DEGRADED, remedy, "no process can be moved here: %s: %s", name, strerror(-r));
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "granted for %s, and for the cpu.weight of all %u groups", name,
                        census.weighted);
}

void cgb_check_cpu_stat(struct cgb_check *check, const struct cgb_probe *probe)
{
        char text[CGB_READ_SIZE], name[CGB_SHOWN_SIZE];
        struct cgb_cpu_stat stat;
        ssize_t n = cgb_tree_read(&probe->tree, probe->nearest, "cpu.stat", text, sizeof(text));

        cgb_probe_show(name, probe, probe->nearest, "cpu.stat");
        if (n >= 0)
                n = cgb_parse_cpu_stat(&stat, text, (size_t)n) < 0 ? -EBADMSG : 0;
        if (n == -EBADMSG)
                cgb_check_set(check, CGB_CHECK_FAILED, "this is not what Linux writes there: is it a mount of cgroup v2?",
                        "%s has no usage_usec that can be read", name);
        else if (n < 0)
                cgb_check_set(check, CGB_CHECK_FAILED, "boot Linux 4.15 or newer; a folder needs the file too", "%s: %s",
                        name, strerror((int)-n));
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "usage_usec is %llu", (unsigned long long)stat.usage_usec);
}

/* Is the whole of PSI there, and only this group's switched off? */
static bool is_pressure_switched_off(const struct cgb_probe *probe)
{
        char text[8];

        return cgb_tree_read(&probe->tree, probe->nearest, "cgroup.pressure", text, sizeof(text)) > 0 && text[0] == '0';
}

void cgb_check_pressure(struct cgb_check *check, const struct cgb_probe *probe)
{
        char text[CGB_READ_SIZE], name[CGB_SHOWN_SIZE], remedy[sizeof(check->remedy)];
        struct cgb_pressure pressure;
        ssize_t n = cgb_tree_read(&probe->tree, probe->nearest, "cpu.pressure", text, sizeof(text));

        if (n >= 0 && cgb_parse_pressure(&pressure, text, (size_t)n) == 0) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "cpu.pressure: some total is %llu us",
                        (unsigned long long)pressure.some.total_usec);
                return;
        }
        if (is_pressure_switched_off(probe)) {
                cgb_probe_show(name, probe, probe->nearest, "cgroup.pressure");
                snprintf(remedy, sizeof(remedy), "as root: echo 1 > %s", name);
                cgb_check_set(check, CGB_CHECK_DEGRADED, remedy,
                        "switched off for this group; how full the CPUs are is taken for how long tasks waited");
                return;
        }
        cgb_check_set(check, CGB_CHECK_DEGRADED, "boot with psi=1 on a kernel with CONFIG_PSI=y",
                "off in this kernel (%s); how full the CPUs are is taken for how long tasks waited",
                n < 0 ? strerror((int)-n) : "it cannot be understood");
}

void cgb_check_cpus(struct cgb_check *check, const struct cgb_probe *probe)
{
        uint32_t permille;
        int r = cgb_mount_cpus_permille(&permille, &probe->tree, probe->nearest);

        if (r < 0)
                cgb_check_set(check, CGB_CHECK_FAILED, "look at cpuset.cpus.effective and cpu.max of the parent and above",
                        "how many the parent may use cannot be told: %s", strerror(-r));
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL, "the parent may use %u.%03u", permille / 1000, permille % 1000);
}

void cgb_check_idle(struct cgb_check *check, const struct cgb_probe *probe)
{
        struct census census = take_census(probe, count_idle);
        char name[CGB_SHOWN_SIZE], remedy[sizeof(check->remedy)];

        if (census.idle == 0) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "set in none of the groups");
                return;
        }
        cgb_probe_show(name, probe, probe->nearest, census.example);
        snprintf(remedy, sizeof(remedy), "if that is not meant: echo 0 > %s/cpu.idle", name);
        cgb_check_set(check, CGB_CHECK_DEGRADED, remedy, "set in %u of %u groups, such as %.80s: these have no weight",
                census.idle, probe->children, census.example);
}

void cgb_check_memory(struct cgb_check *check, const struct cgb_probe *probe)
{
        char text[CGB_READ_SIZE];
        ssize_t n = cgb_tree_read(&probe->tree, probe->nearest, "cgroup.controllers", text, sizeof(text));

        if (n <= 0 || !cgb_list_has_word(text, (size_t)n, "memory")) {
                cgb_check_set(check, CGB_CHECK_OK, NULL,
                        "not available here: memory is left alone; weights of CPU time do not need it");
                return;
        }
        n = cgb_tree_read(&probe->tree, probe->nearest, "cgroup.subtree_control", text, sizeof(text));
        if (!probe->parent_exists || (n > 0 && cgb_list_has_word(text, (size_t)n, "memory"))) {
                cgb_check_set(check, CGB_CHECK_OK, NULL, "available");
                return;
        }
        cgb_check_set(check, CGB_CHECK_OK, NULL,
                "available, and passed on to the groups when it is wanted: cgctl daemon --memory, cgctl run --memory-floor, --memory-max");
}

void cgb_check_reclaim(struct cgb_check *check, const struct cgb_probe *probe)
{
        struct census census = take_census(probe, count_reclaim);

        if (census.reclaimable == 0 && !has_file(&probe->tree, probe->nearest, "memory.reclaim"))
                cgb_check_set(check, CGB_CHECK_OK, NULL,
                        "not seen (Linux 5.19, with the memory controller on): memory is only watched; weights of CPU time do not need it");
        else if (cgb_reclaims_exactly(probe->prefix))
                cgb_check_set(check, CGB_CHECK_OK, NULL, "available, and takes what it is asked for");
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL,
                        "available, but takes up to 60 %% more than it is asked for, and what is in use: at most 16 MiB are asked for at once, and nobody awake is; y in "
                        "/sys/kernel/mm/lru_gen/enabled (Linux 6.1) makes it exact");
}

void cgb_check_trigger(struct cgb_check *check, const struct cgb_probe *probe)
{
        char name[CGB_SHOWN_SIZE];
        int r = cgb_tree_may_write(&probe->tree, probe->nearest, "memory.pressure");

        cgb_probe_show(name, probe, probe->nearest, "memory.pressure");
        if (r == 0)
                cgb_check_set(check, CGB_CHECK_OK, NULL, "can have a trigger: memory that runs short is answered at once");
        else
                cgb_check_set(check, CGB_CHECK_OK, NULL,
                        "no trigger can be set in %s (%s): memory that runs short is answered in the next step", name,
                        strerror(-r));
}
