/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The libcgroup backend on a real kernel: it finds the mount, makes, fills and removes workspaces, and what it writes is
 * what the others write.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"
#include "units.h"

/* From the command line; read only. */
static const char *program;

static int setup(void **state)
{
        int r = ground_setup(state);
        struct ground *ground = *state;

        ground->options.backend = "libcgroup";
        ground->options.mount = NULL;
        ground->options.step_usec = 250000;
        return r;
}

static void the_mount_is_the_one_that_libcgroup_finds(void **state)
{
        struct ground *ground = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb = ground_manager(ground);

        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_string_equal(overview.mount, ground->mount);
        ground_end(ground, cgb);
}

static pid_t start_sleeping(void)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                for (;;)
                        pause();
        return pid;
}

static void a_workspace_is_made_filled_and_removed(void **state)
{
        struct ground *ground = *state;
        struct cgb_workspace_options again = {.size = sizeof again, .name = "alice", .share_permille = 1000};
        char *before = ground_picture(ground), alice[512], procs[64], wanted[64];
        struct cgb *cgb = ground_manager(ground);
        pid_t pid = start_sleeping();

        ground_create(cgb, "alice", 2500);
        assert_int_equal(ground_weight(ground, ground_below(ground, "alice", alice)), 250);
        assert_int_equal(cgb_create(cgb, &again), -EEXIST);
        assert_int_equal(ground_weight(ground, alice), 250);
        assert_int_equal(cgb_attach(cgb, "alice", pid), 0);
        ground_read(ground, alice, "cgroup.procs", procs, sizeof procs);
        snprintf(wanted, sizeof wanted, "%d\n", (int)pid);
        assert_string_equal(procs, wanted);

        /* not as libcgroup would by itself: the processes are not moved away */
        assert_int_equal(cgb_remove(cgb, "alice"), -EBUSY);
        ground_assert_fault_names(cgb_get_fault(cgb), -EBUSY, "alice");
        ground_read(ground, alice, "cgroup.procs", procs, sizeof procs);
        assert_string_equal(procs, wanted);

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        for (int i = 0; i < 100 && cgb_remove(cgb, "alice") == -EBUSY; i++)
                usleep(10000);
        assert_int_equal(cgb_remove(cgb, "alice"), -ENOENT);
        ground_end(ground, cgb);
        ground_assert_as_before(ground, before);
}

static void what_fails_has_an_errno_and_a_remedy(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_manager(ground);
        pid_t gone = start_sleeping();

        kill(gone, SIGKILL);
        assert_int_equal(waitpid(gone, NULL, 0), gone);
        assert_int_equal(cgb_attach(cgb, "alice", getpid()), -ENOENT);
        ground_assert_fault_names(cgb_get_fault(cgb), -ENOENT, "alice");
        ground_create(cgb, "alice", 1000);
        assert_int_equal(cgb_attach(cgb, "alice", gone), -ESRCH);
        ground_assert_fault_names(cgb_get_fault(cgb), -ESRCH, "alice");
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
        ground_end(ground, cgb);
}

static void weights_are_written_and_put_back(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_manager(ground);
        char alice[512], bob[512];

        ground_create(cgb, "alice", 1000);
        ground_create(cgb, "bob", 3000);
        ground_loop(ground, ground_below(ground, "alice", alice), 2 * (int)ground->cpus);
        ground_below(ground, "bob", bob);
        assert_int_equal(cgb_start(cgb), 0);
        ground_manage(cgb, 4);
        assert_true(ground_weight(ground, bob) > 6 * ground_weight(ground, alice));
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(ground_weight(ground, alice), 100);
        assert_int_equal(ground_weight(ground, bob), 300);
        ground_end_loops(ground);
        ground_end(ground, cgb);
}

static void cgctl_runs_a_command_by_way_of_libcgroup(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground), text[4096], wanted[512];

        if (program == NULL)
                skip();
        assert_int_equal(units_read(text, sizeof text,
                                 "%s run --backend libcgroup --parent %s --state-dir %s --name alice --shares 2.5 -- "
                                 "sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/%s/alice/cpu.weight; exit 37'",
                                 program, ground->top, ground->state, ground->top),
                37);
        snprintf(wanted, sizeof wanted, "0::/%s/alice\n250\n", ground->top);
        assert_string_equal(text, wanted);
        ground_assert_as_before(ground, before);
}

static void without_root_the_remedy_is_said(void **state)
{
        char text[4096];

        (void)state;
        if (program == NULL || units_are_missing())
                skip();
        assert_int_equal(
                units_read_as_user(text, sizeof text,
                        "systemd-run --user --quiet --scope -p Delegate=yes -- %s run --backend libcgroup -- true", program),
                125);
        units_assert_text(text, "--backend cgroupfs");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_mount_is_the_one_that_libcgroup_finds, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_workspace_is_made_filled_and_removed, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(what_fails_has_an_errno_and_a_remedy, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(weights_are_written_and_put_back, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(cgctl_runs_a_command_by_way_of_libcgroup, setup, ground_teardown),
                cmocka_unit_test(without_root_the_remedy_is_said),
        };

        program = ground_cgctl(argc, argv);
        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("libcgroup", tests, NULL, NULL);
}
