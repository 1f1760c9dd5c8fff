/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a real kernel refuses: each time a fault with file and remedy, nothing left behind, and no other workspace harmed.
 * Root may nearly everything, so some of this is tried as "nobody".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground.h"

#define NOBODY 65534

static int create(struct cgb *cgb, const char *name)
{
        return cgb_create(cgb, &(struct cgb_workspace_options){
                                       .size = sizeof(struct cgb_workspace_options), .name = name, .share_permille = 1000});
}

/* Neither a start nor a workspace is to be had, and trying leaves nothing behind. */
static void expect_refusal(struct ground *ground, int code, const char *file)
{
        char *before = ground_picture(ground);
        struct cgb *cgb = ground_manager(ground);

        assert_int_equal(create(cgb, "alice"), code);
        ground_assert_fault_names(cgb_get_fault(cgb), code, file);
        assert_int_equal(cgb_start(cgb), code);
        ground_assert_fault_names(cgb_get_fault(cgb), code, file);
        ground_end(ground, cgb);
        ground_assert_as_before(ground, before);
}

static void a_parent_with_processes_is_refused(void **state)
{
        struct ground *ground = *state;

        ground_make(ground, ground->top);
        ground_loop(ground, ground->top, 1);
        expect_refusal(ground, -ENOTEMPTY, ground->top);
}

static void a_group_with_processes_above_the_parent_is_refused(void **state)
{
        struct ground *ground = *state;
        char parent[512], file[600];

        ground_make(ground, ground->top);
        ground_loop(ground, ground->top, 1);
        ground->options.parent = ground_below(ground, "inner/deep", parent);
        snprintf(file, sizeof file, "%s/", ground->top);
        expect_refusal(ground, -ENOTEMPTY, file);
        assert_false(ground_exists(ground, parent));
}

/* As in a container whose host keeps the controller: the mount shows a group that has not got it. */
static void a_tree_without_the_cpu_controller_is_of_no_use(void **state)
{
        struct ground *ground = *state;
        char path[512], mount[800];

        ground_make(ground, ground->top);
        ground_make(ground, ground_below(ground, "container", path));
        snprintf(mount, sizeof mount, "%s/%s", ground->mount, path);
        ground->options.mount = mount;
        ground->options.parent = "work";
        expect_refusal(ground, -EOPNOTSUPP, "cgroup.controllers");
}

static void without_permission_nothing_happens(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground);
        struct cgb *cgb;

        assert_int_equal(chown(ground->state, NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
        cgb = ground_manager(ground);
        assert_int_equal(create(cgb, "alice"), -EACCES);
        ground_assert_fault_names(cgb_get_fault(cgb), -EACCES, ground->top);
        assert_int_equal(cgb_start(cgb), -EACCES);
        ground_assert_fault_names(cgb_get_fault(cgb), -EACCES, ground->top);
        ground_end(ground, cgb);
        assert_int_equal(seteuid(0), 0);
        ground_assert_as_before(ground, before);
}

/* The parent is all set up, so a start as "nobody" gets as far as the first write. */
static void weights_that_may_not_be_written_are_reported_once_each(void **state)
{
        struct ground *ground = *state;
        char path[512], *before;
        struct cgb_event event;
        struct cgb *cgb;
        int errors = 0;

        ground_make(ground, ground->top);
        ground_write(ground, "", "cgroup.subtree_control", "+cpu");
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu");
        ground_make(ground, ground_below(ground, "bob", path));
        ground_make(ground, ground_below(ground, "alice", path));
        ground_loop(ground, path, 2 * (int)ground->cpus);
        before = ground_picture(ground);
        assert_int_equal(chown(ground->state, NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
        ground->options.step_usec = 250000;
        cgb = ground_started(ground);
        ground_manage(cgb, 4);
        while (ground_take_event(cgb, CGB_EVENT_ERROR, NULL, &event)) {
                ground_assert_fault_names(event.fault, -EACCES, "cpu.weight");
                errors++;
        }
        assert_in_range(errors, 1, 2);
        assert_int_equal(cgb_stop(cgb), 0);
        ground_end(ground, cgb);
        assert_int_equal(seteuid(0), 0);
        ground_assert_as_before(ground, before);
}

static void names_that_the_kernel_has_taken_are_refused(void **state)
{
        static const char *const names[] = {
                "cpu.weight", "cgroup.procs", "memory.high", "io.stat", "cpuset.cpus", "pids.max"};
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);

        assert_int_equal(create(cgb, "alice"), 0);
        assert_int_equal(create(cgb, "alice"), -EEXIST);
        ground_assert_fault_names(cgb_get_fault(cgb), -EEXIST, "alice");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                assert_int_equal(create(cgb, names[i]), -EINVAL);
                ground_assert_fault_names(cgb_get_fault(cgb), -EINVAL, names[i]);
        }
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

static void at_the_kernels_limit_of_groups_there_is_no_space(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);

        assert_int_equal(create(cgb, "alice"), 0);
        ground_write(ground, ground->top, "cgroup.max.descendants", "1");
        assert_int_equal(create(cgb, "bob"), -ENOSPC);
        ground_assert_fault_names(cgb_get_fault(cgb), -ENOSPC, "bob");
        ground_write(ground, ground->top, "cgroup.max.descendants", "max");
        assert_int_equal(create(cgb, "bob"), 0);
}

static void what_cannot_be_attached_is_said(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        char alice[512], lane[512];

        assert_int_equal(create(cgb, "alice"), 0);
        assert_int_equal(cgb_attach(cgb, "bob", getpid()), -ENOENT);
        ground_assert_fault_names(cgb_get_fault(cgb), -ENOENT, "bob");
        assert_int_equal(cgb_attach(cgb, "alice", 0x3fffffff), -ESRCH);
        assert_non_null(strstr(cgb_get_fault(cgb)->file, "alice"));
        assert_int_equal(cgb_attach(cgb, "alice", 2), -EINVAL); /* kthreadd */
        ground_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "alice");

        /* memory, for cpu may be passed on by groups that have processes */
        ground_below(ground, "alice", alice);
        if (ground_try_write(ground, ground->top, "cgroup.subtree_control", "+memory") < 0 ||
                ground_try_write(ground, alice, "cgroup.subtree_control", "+memory") < 0)
                skip();
        ground_make(ground, ground_below(ground, "alice/lane", lane));
        assert_int_equal(cgb_attach(cgb, "alice", getpid()), -EBUSY);
        ground_assert_fault_names(cgb_get_fault(cgb), -EBUSY, "alice");
}

static void a_workspace_with_processes_is_not_removed(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        char alice[512];

        assert_int_equal(create(cgb, "alice"), 0);
        ground_loop(ground, ground_below(ground, "alice", alice), 1);
        assert_int_equal(cgb_remove(cgb, "alice"), -EBUSY);
        ground_assert_fault_names(cgb_get_fault(cgb), -EBUSY, "alice");
        assert_true(ground_exists(ground, alice));
}

/* Two of them busy and one idle, managed until weights have moved. */
static struct cgb *start_three(struct ground *ground)
{
        struct cgb *cgb;
        char path[512];

        ground->options.step_usec = 250000;
        cgb = ground_started(ground);
        assert_int_equal(create(cgb, "alice"), 0);
        assert_int_equal(create(cgb, "bob"), 0);
        assert_int_equal(create(cgb, "carol"), 0);
        ground_loop(ground, ground_below(ground, "alice", path), 2 * (int)ground->cpus);
        ground_manage(cgb, 3);
        assert_true(ground_weight(ground, ground_below(ground, "bob", path)) > 200);
        assert_true(ground_weight(ground, ground_below(ground, "carol", path)) > 200);
        return cgb;
}

static void a_group_that_is_removed_meanwhile_harms_nobody(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start_three(ground);
        char bob[512], path[512];

        ground_remove(ground, ground_below(ground, "bob", bob));
        ground_manage(cgb, 2);
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(ground_weight(ground, ground_below(ground, "alice", path)), 100);
        assert_int_equal(ground_weight(ground, ground_below(ground, "carol", path)), 100);
}

/* An idle group has no weight, and takes none: what somebody did to it is theirs. */
static void a_group_that_is_made_idle_harms_nobody(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start_three(ground);
        char bob[512], path[512];

        ground_write(ground, ground_below(ground, "bob", bob), "cpu.idle", "1");
        ground_manage(cgb, 3);
        assert_true(ground_weight(ground, ground_below(ground, "carol", path)) > 200);
        assert_true(ground_count_events(cgb, CGB_EVENT_ERROR, "bob") <= 1);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(ground_weight(ground, ground_below(ground, "alice", path)), 100);
        assert_int_equal(ground_weight(ground, ground_below(ground, "carol", path)), 100);
        assert_int_equal(cgb_start(cgb), 0);
        ground_manage(cgb, 1);
        assert_int_equal(cgb_stop(cgb), 0);
}

/* systemd does so when no unit asks for it any more, and passes it on again later. */
static void a_controller_that_goes_and_comes_back_loses_no_group(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start_three(ground);
        struct cgb_workspace workspace;
        char path[512];

        ground_write(ground, ground->top, "cgroup.subtree_control", "-cpu");
        ground_manage(cgb, 2);
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu");
        ground_manage(cgb, 15);
        assert_true(ground_find(cgb, "alice", &workspace));
        assert_true(ground_find(cgb, "bob", &workspace));
        assert_true(ground_find(cgb, "carol", &workspace));
        assert_true(workspace.foreign || ground_weight(ground, ground_below(ground, "carol", path)) > 200);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(ground_weight(ground, ground_below(ground, "carol", path)), 100);
}

static void when_the_parent_is_removed_nothing_can_go_on(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb;
        int r = 0;

        ground->options.step_usec = 50000;
        cgb = ground_started(ground);
        assert_int_equal(cgb_dispatch(cgb), 0);
        ground_remove(ground, ground->top);
        for (int i = 0; i < 100 && r == 0; i++) {
                usleep(50000);
                r = cgb_dispatch(cgb);
        }
        assert_int_equal(r, -ENODEV);
        ground_assert_fault_names(cgb_get_fault(cgb), -ENODEV, ground->top);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_start(cgb), 0);
        assert_int_equal(cgb_dispatch(cgb), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_parent_with_processes_is_refused, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_with_processes_above_the_parent_is_refused, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_tree_without_the_cpu_controller_is_of_no_use, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(without_permission_nothing_happens, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        weights_that_may_not_be_written_are_reported_once_each, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(names_that_the_kernel_has_taken_are_refused, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        at_the_kernels_limit_of_groups_there_is_no_space, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(what_cannot_be_attached_is_said, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_workspace_with_processes_is_not_removed, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_that_is_removed_meanwhile_harms_nobody, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_group_that_is_made_idle_harms_nobody, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_controller_that_goes_and_comes_back_loses_no_group, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(when_the_parent_is_removed_nothing_can_go_on, ground_setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
