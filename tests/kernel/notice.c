/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel tells a manager by itself: groups that are made and removed, without a look in vain. Steps are a minute
 * here, so whatever is noticed is noticed because the fd became readable.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "ground.h"

/* An emulated machine may take its time; nothing here waits that long if all is well. */
#define PATIENCE_MSEC 5000

static bool is_readable(struct cgb *cgb, int timeout_msec)
{
        struct pollfd poll_fd = {.fd = cgb_get_fd(cgb), .events = POLLIN};

        return poll(&poll_fd, 1, timeout_msec) == 1;
}

static struct cgb *start(struct ground *ground)
{
        struct cgb *cgb;

        ground->options.step_usec = 60000000;
        cgb = ground_started(ground);
        assert_true(is_readable(cgb, PATIENCE_MSEC)); /* the first step is due at once */
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_false(is_readable(cgb, 200));
        return cgb;
}

static void take_news(struct cgb *cgb)
{
        assert_true(is_readable(cgb, PATIENCE_MSEC));
        assert_int_equal(cgb_dispatch(cgb), 0);
}

static void assert_no_step(struct cgb *cgb)
{
        struct cgb_overview overview = {.size = sizeof overview};

        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.steps, 1);
}

static void a_group_that_comes_or_goes_wakes_the_manager(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start(ground);
        struct cgb_workspace workspace;
        char path[512];

        ground_make(ground, ground_below(ground, "alice", path));
        take_news(cgb);
        assert_true(ground_find(cgb, "alice", &workspace));
        assert_int_equal(workspace.account.share_permille, 1000);
        ground_remove(ground, path);
        take_news(cgb);
        assert_false(ground_find(cgb, "alice", &workspace));
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_GONE, "alice"), 1);
        assert_no_step(cgb);
}

static void a_group_made_anew_is_another_one(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = start(ground);
        struct cgb_workspace workspace;
        char path[512];

        ground_make(ground, ground_below(ground, "alice", path));
        take_news(cgb);
        ground_remove(ground, path);
        ground_make(ground, path);
        ground_write(ground, path, "cpu.weight", "700");
        take_news(cgb);
        assert_true(ground_find(cgb, "alice", &workspace));
        assert_int_equal(workspace.account.share_permille, 7000);
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ADDED, "alice"), 2);
}

static void lanes_wake_the_manager_as_well(void **state)
{
        struct ground *ground = *state;
        struct cgb_workspace workspace;
        char path[512], lane[512];
        struct cgb *cgb;

        ground->options.depth = 2;
        cgb = start(ground);
        ground_make(ground, ground_below(ground, "alice", path));
        take_news(cgb);
        ground_write(ground, path, "cgroup.subtree_control", "+cpu");
        ground_make(ground, ground_below(ground, "alice/shell", lane));
        take_news(cgb);
        assert_true(ground_find(cgb, "alice/shell", &workspace));
        assert_int_equal(workspace.depth, 2);
        ground_remove(ground, lane);
        take_news(cgb);
        assert_false(ground_find(cgb, "alice/shell", &workspace));
        assert_no_step(cgb);
}

/* The order in which most container managers work. Nothing tells us of the second half, so it takes until the next look. */
static void a_lane_whose_controller_comes_late_is_adopted_in_the_end(void **state)
{
        struct ground *ground = *state;
        struct cgb_workspace workspace;
        char path[512], lane[512];
        struct cgb *cgb;

        ground->options.depth = 2;
        ground->options.step_usec = 250000;
        cgb = ground_started(ground);
        ground_make(ground, ground_below(ground, "alice", path));
        ground_make(ground, ground_below(ground, "alice/shell", lane));
        ground_manage(cgb, 2);
        assert_false(ground_find(cgb, "alice/shell", &workspace));
        ground_write(ground, path, "cgroup.subtree_control", "+cpu");
        for (int i = 0; i < 30 && !ground_find(cgb, "alice/shell", &workspace); i++)
                ground_manage(cgb, 1);
        assert_true(ground_find(cgb, "alice/shell", &workspace));
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

static void a_hundred_groups_that_come_and_go_at_once_leave_no_trace(void **state)
{
        struct ground *ground = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb = start(ground);
        char name[16], path[512];

        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 100; i++) {
                        snprintf(name, sizeof name, "g%d", i);
                        ground_make(ground, ground_below(ground, name, path));
                }
                take_news(cgb);
                assert_int_equal(cgb_get_overview(cgb, &overview), 0);
                assert_int_equal(overview.workspaces, 100);
                for (int i = 0; i < 100; i++) {
                        snprintf(name, sizeof name, "g%d", i);
                        ground_remove(ground, ground_below(ground, name, path));
                }
                take_news(cgb);
                assert_int_equal(cgb_get_overview(cgb, &overview), 0);
                assert_int_equal(overview.workspaces, 0);
        }
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_no_step(cgb);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_group_that_comes_or_goes_wakes_the_manager, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_group_made_anew_is_another_one, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(lanes_wake_the_manager_as_well, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_lane_whose_controller_comes_late_is_adopted_in_the_end, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_hundred_groups_that_come_and_go_at_once_leave_no_trace, ground_setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
