/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that are shipped, against those that they name: a build of systemd-run's, people who are logged in, and groups
 * as Docker, Podman, Kubernetes and JupyterHub lay them out, with systemd's driver and with cgroupfs. The engines themselves
 * are not here; what they ask of systemd and of the kernel is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground.h"
#include "installed.h"
#include "units.h"

#define TREE "/sys/fs/cgroup/"

/* As long as engines' are. */
#define ID(digit) #digit "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD(digit) #digit "1b2c3d4_e5f6_4a7b_8c9d_0e1f2a3b4c5d"

#define BURSTABLE "kubepods-burstable.slice/kubepods-burstable-pod" POD(a) ".slice/"
#define GUARANTEED "kubepods-pod" POD(b) ".slice/"

enum how {
        SCOPE, /* what container engines ask of systemd: a delegated scope */
        SERVICE,
        GROUP, /* a group that is made by hand, as by the cgroupfs drivers */
        LOGIN, /* a session of pam's */
};

enum what {
        BUSY,
        IDLE,
        UNMANAGED, /* idle, and excluded by the rule */
};

/* "/" in the name: those on the way compete, too. */
static const struct workspace {
        enum how how;
        enum what what;
        const char *parent, *name;
} workspaces[] = {
        {SCOPE, IDLE, "system.slice", "run-r0a1b2c3d4e5f60718293a4b5c6d7e8f9.scope"},
        {SCOPE, IDLE, "system.slice", "docker-" ID(1) ".scope"},
        {SERVICE, IDLE, "system.slice", "jupyter-alice.service"},
        {LOGIN, IDLE, "user.slice", "user-1077.slice"},
        {LOGIN, BUSY, "user.slice", "user-1078.slice"},
        {GROUP, IDLE, "docker", ID(2)},
        {GROUP, BUSY, "docker", ID(3)},
        {SCOPE, IDLE, "machine.slice", "libpod-" ID(4) ".scope"},
        {SCOPE, BUSY, "machine.slice", "libpod-" ID(5) ".scope"},
        {SCOPE, UNMANAGED, "machine.slice", "libpod-conmon-" ID(4) ".scope"},
        {GROUP, IDLE, "libpod_parent", "libpod-" ID(6)},
        {GROUP, BUSY, "libpod_parent", "libpod-" ID(7)},
        {GROUP, UNMANAGED, "libpod_parent", "libpod-conmon-" ID(6)},
        {SCOPE, IDLE, "kubepods.slice", BURSTABLE "cri-containerd-" ID(8) ".scope"},
        {SCOPE, BUSY, "kubepods.slice", BURSTABLE "cri-containerd-" ID(9) ".scope"},
        {SCOPE, IDLE, "kubepods.slice", GUARANTEED "crio-" ID(a) ".scope"},
        {SCOPE, BUSY, "kubepods.slice", GUARANTEED "crio-" ID(b) ".scope"},
        {SCOPE, UNMANAGED, "kubepods.slice", GUARANTEED "crio-conmon-" ID(a) ".scope"},
        {GROUP, IDLE, "kubepods", "burstable/pod" POD(c) "/" ID(c)},
        {GROUP, BUSY, "kubepods", "burstable/pod" POD(c) "/" ID(d)},
        {GROUP, UNMANAGED, "kubepods", "burstable/pod" POD(c) "/crio-conmon-" ID(c)},
};

#define N_WORKSPACES (sizeof workspaces / sizeof workspaces[0])

/* A build of this project's own, beside all of these. Its unit's name is systemd-run's. */
#define BUILD "while gcc -O2 -D_GNU_SOURCE -Iinclude -Ilib -c -o /tmp/cgburst-test.o lib/policy/policy.c; do :; done"

/*
 * How long all of them may take until they have their weights, or have lost them: an emulated machine under load takes its
 * time.
 */
#define PATIENCE_SEC 60
#define LOOK_EVERY_USEC 500000

/* ---------------------------------------------------------------------------------- the neighbours */

static const char *load_of(const struct workspace *workspace)
{
        return workspace->what == BUSY ? "while :; do :; done" : "exec sleep 600";
}

/* Made for this test: when somebody's last session ends, their manager is stopped as well. */
#define USER "cgb$(echo %s | tr -dc 0-9)"

static void start_scope(const struct workspace *workspace)
{
        char slice[512];
        const char *unit = strrchr(workspace->name, '/');

        snprintf(slice, sizeof slice, "%s", workspace->parent);
        if (unit != NULL) {
                const char *from = workspace->name;

                for (const char *at = from; at < unit; at++)
                        if (*at == '/')
                                from = at + 1;
                snprintf(slice, sizeof slice, "%.*s", (int)(unit - from), from);
        }
        assert_int_equal(
                units_sh("systemd-run --quiet --scope --unit=%s --slice=%s -p Delegate=yes sh -c '%s' >/dev/null 2>&1 &",
                        unit != NULL ? unit + 1 : workspace->name, slice, load_of(workspace)),
                0);
}

/* Controllers are passed on from the top down to the group, as runc does it. */
static void start_group(const struct workspace *workspace)
{
        const char *parent = workspace->parent, *name = workspace->name;

        assert_int_equal(
                units_sh("cd " TREE " && mkdir -p %s/%s && echo +cpu >%s/cgroup.subtree_control", parent, name, parent), 0);
        for (const char *at = strchr(name, '/'); at != NULL; at = strchr(at + 1, '/'))
                assert_int_equal(
                        units_sh("echo +cpu >" TREE "%s/%.*s/cgroup.subtree_control", parent, (int)(at - name), name), 0);
        assert_int_equal(
                units_sh("(echo 0 >" TREE "%s/%s/cgroup.procs && %s) >/dev/null 2>&1 &", parent, name, load_of(workspace)),
                0);
}

static void start(const struct workspace *workspace)
{
        switch (workspace->how) {
        case SCOPE:
                start_scope(workspace);
                break;
        case SERVICE:
                assert_int_equal(
                        units_sh("systemd-run --quiet --unit=%s sh -c '%s'", workspace->name, load_of(workspace)), 0);
                break;
        case GROUP:
                start_group(workspace);
                break;
        case LOGIN:
                assert_int_equal(
                        units_sh(
                                "user=" USER
                                "; useradd --create-home --uid ${user#cgb} $user && { su -l $user -c '%s' >/dev/null 2>&1 & }",
                                workspace->name, load_of(workspace)),
                        0);
                break;
        }
}

static int start_all(void **state)
{
        (void)state;
        installed_put("StandardOutput=journal");
        for (size_t i = 0; i < N_WORKSPACES; i++)
                start(&workspaces[i]);
        assert_int_equal(units_sh("systemd-run --quiet --scope sh -c '" BUILD "' >/dev/null 2>&1 &"), 0);
        return 0;
}

static void end(const struct workspace *workspace)
{
        if (workspace->how == LOGIN)
                units_sh("user=" USER "; loginctl terminate-user $user; userdel --force --remove $user 2>/dev/null",
                        workspace->name);
        else
                units_sh("echo 1 >" TREE "%s/%s/cgroup.kill", workspace->parent, workspace->name);
}

static int end_all(void **state)
{
        (void)state;
        installed_remove();
        for (size_t i = 0; i < N_WORKSPACES; i++)
                end(&workspaces[i]);
        units_sh("systemctl stop 'run-*.scope' machine.slice kubepods.slice");
        units_sh("cd " TREE " && for i in 1 2 3 4 5; do "
                 "find docker libpod_parent kubepods -depth -type d -exec rmdir '{}' + 2>/dev/null; sleep 0.2; done; true");
        units_sh("rm -f /tmp/cgburst-test.o");
        return 0;
}

/* --------------------------------------------------------------------------------------- the tests */

/* Where no unit has a weight, systemd takes the cpu controller away, and the file: all are alike then. */
static unsigned weight_of(const struct workspace *workspace)
{
        char text[64];

        if (units_read(text, sizeof text, "cd " TREE "%s/%s && { cat cpu.weight 2>/dev/null || echo 100; }",
                    workspace->parent, workspace->name) != 0)
                return 0;
        return (unsigned)strtoul(text, NULL, 10);
}

/* Looks again and again until all are so; those that never are get named. */
static void assert_all_become(bool (*is_so)(const struct workspace *workspace), const char *what)
{
        uint64_t end_usec = ground_now_usec() + PATIENCE_SEC * 1000000ull;
        size_t n_missing;

        do {
                bool is_last = ground_now_usec() > end_usec;

                n_missing = 0;
                for (size_t i = 0; i < N_WORKSPACES; i++)
                        if (!is_so(&workspaces[i])) {
                                n_missing++;
                                if (is_last)
                                        print_message("%s: %s/%s, weight %u\n", what, workspaces[i].parent,
                                                workspaces[i].name, weight_of(&workspaces[i]));
                        }
                if (is_last)
                        break;
                if (n_missing > 0)
                        usleep(LOOK_EVERY_USEC);
        } while (n_missing > 0);
        if (n_missing > 0) {
                units_sh("journalctl --quiet --output=cat --unit cgburst >&2; exit 1");
                fail_msg("%s: %zu", what, n_missing);
        }
}

static bool is_there(const struct workspace *workspace)
{
        char text[64];

        return units_read(text, sizeof text, "grep -q 1 " TREE "%s/%s/cgroup.events", workspace->parent, workspace->name) ==
               0;
}

static bool is_in_status(const struct workspace *workspace)
{
        const char *writer = workspace->how == GROUP ? "cgroupfs" : "systemd";
        char text[64];
        bool listed = units_read(text, sizeof text, "cgctl status --parent %s | grep -q -E '^%s .* %s  '", workspace->parent,
                              workspace->name, writer) == 0;

        return listed == (workspace->what != UNMANAGED);
}

static bool has_weight(const struct workspace *workspace)
{
        switch (workspace->what) {
        case IDLE:
                return weight_of(workspace) > 100;
        case UNMANAGED:
                return weight_of(workspace) == 100;
        default:
                return true;
        }
}

static bool is_as_before(const struct workspace *workspace)
{
        return weight_of(workspace) == 100;
}

static void each_is_found_and_has_the_writer_that_it_should(void **state)
{
        (void)state;
        installed_start();
        assert_all_become(is_in_status, "not in the status as it should be");
        /* the build, too */
        assert_true(
                units_come_true("test $(cgctl status --parent system.slice | grep -c -E '^run-[^ ]+ .* systemd  ') = 2"));
}

static void each_that_sleeps_beside_others_gets_a_weight(void **state)
{
        (void)state;
        assert_all_become(has_weight, "has not the weight that it should");
}

static void each_is_given_back_at_the_end(void **state)
{
        (void)state;
        assert_int_equal(units_sh("systemctl stop cgburst && test $(systemctl show -P Result cgburst) = success"), 0);
        assert_all_become(is_as_before, "is not as before");
}

static void all_are_there_to_begin_with(void **state)
{
        (void)state;
        assert_all_become(is_there, "did not start");
}

int main(void)
{
        /* One after the other: they are the stages of one day. */
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_are_there_to_begin_with),
                cmocka_unit_test(each_is_found_and_has_the_writer_that_it_should),
                cmocka_unit_test(each_that_sleeps_beside_others_gets_a_weight),
                cmocka_unit_test(each_is_given_back_at_the_end),
        };

        if (units_are_missing() || installed_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("neighbours", tests, start_all, end_all);
}
