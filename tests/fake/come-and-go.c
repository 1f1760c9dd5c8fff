/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups come and go while they are managed: between any two calls, and between any two system calls of one. The clock is
 * looked at between hearing of new groups and reading the known ones, and the backend is called between deciding and
 * writing: both are where these tests pull the rug away.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "fake.h"

static struct fake *removing_fake;

static int setup_three(void **state)
{
        struct fake *fake = fake_new();

        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 100);
        fake_group(fake, "work/carol", 100);
        *state = fake;
        return 0;
}

static bool is_readable(struct cgb *cgb)
{
        struct pollfd poll_fd = {.fd = cgb_get_fd(cgb), .events = POLLIN};

        return poll(&poll_fd, 1, 0) == 1;
}

static void a_group_that_comes_is_heard_of_at_once(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_step(fake, cgb);
        assert_false(is_readable(cgb));
        fake_group(fake, "work/dave", 300);
        assert_true(is_readable(cgb));
        assert_int_equal(cgb_dispatch(cgb), 0); /* no step is due */
        assert_false(is_readable(cgb));
        assert_true(fake_find(cgb, "dave", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ADDED, "dave"), 1);
}

static void a_group_made_by_the_library_is_heard_of_as_well(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace_options options = {.size = sizeof options, .name = "dave", .share_permille = 4000};
        struct cgb *manager = fake_started(fake), *maker = fake_manager(fake);
        struct cgb_workspace workspace;

        assert_int_equal(cgb_create(maker, &options), 0);
        fake_step(fake, manager);
        fake_step(fake, manager);
        assert_true(fake_find(manager, "dave", &workspace));
        assert_int_equal(workspace.account.share_permille, 4000);
        assert_false(workspace.foreign);
        assert_int_equal(fake_count_events(manager, CGB_EVENT_ERROR, NULL), 0);
}

static void a_group_that_goes_is_reported_once_and_forgotten(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_remove(fake, "work/bob");
        assert_true(is_readable(cgb));
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_false(fake_find(cgb, "bob", &workspace));
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_GONE, "bob"), 1);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void remove_bob(struct fake *fake)
{
        fake->on_clock = NULL;
        fake_remove(fake, "work/bob");
}

static void a_group_may_vanish_before_it_is_read(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 3000}, {"bob", 1000}, {NULL, 0}});
        fake->on_clock = remove_bob;
        fake_step(fake, cgb);
        assert_false(fake_exists(fake, "work/bob"));
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        assert_true(fake_take_event(cgb, CGB_EVENT_GONE, "bob", &event));
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
}

static void recreate_bob(struct fake *fake)
{
        fake->on_clock = NULL;
        fake_recreate(fake, "work/bob", 500);
        fake_use(fake, "work/bob", 1000 * FAKE_STEP_USEC);
}

static void a_group_may_be_another_one_before_it_is_read(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;
        struct cgb_event event;

        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 3000}, {"bob", 1000}, {NULL, 0}});
        fake->on_clock = recreate_bob;
        fake_step(fake, cgb);
        fake_step(fake, cgb);
        assert_true(fake_take_event(cgb, CGB_EVENT_GONE, "bob", &event));
        assert_true(fake_take_event(cgb, CGB_EVENT_ADDED, "bob", &event));
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_int_equal(workspace.account.share_permille, 5000);
        assert_int_equal(workspace.account.fast_credit_usec, 0); /* what it used before it was known is not charged */
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 500);
}

static int remove_and_write(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        if (strcmp(group->path, "work/bob") == 0 && fake_exists(removing_fake, "work/bob"))
                fake_remove(removing_fake, "work/bob");
        return cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value);
}

static void a_group_may_vanish_before_it_is_written(void **state)
{
        static const struct cgb_backend_type removing = {.name = "removing", .write = remove_and_write};
        struct fake *fake = *state;
        struct cgb *cgb = fake_started_with(fake, &removing);

        removing_fake = fake;
        for (int i = 0; i < 10 && fake_exists(fake, "work/bob"); i++)
                fake_run(fake, cgb, 1, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        assert_false(fake_exists(fake, "work/bob"));
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_GONE, "bob"), 1);
        assert_true(fake_weight(fake, "work/carol") > fake_weight(fake, "work/alice"));
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/carol"), 100);
}

/* The clock is the first thing that a step touches, and the log the last before and after each change. */
static void remove_somebody(struct fake *fake, const char *message)
{
        int *left = fake->data;
        char path[32];

        (void)message;
        if (*left == 0)
                return;
        snprintf(path, sizeof path, "work/g%d", --*left);
        if (fake_exists(fake, path))
                fake_remove(fake, path);
}

static void groups_may_vanish_whenever_something_is_logged(void **state)
{
        struct fake *fake = *state;
        int left = 30;
        struct cgb *cgb;

        for (int i = 0; i < left; i++) {
                char path[32];

                snprintf(path, sizeof path, "work/g%d", i);
                fake_group(fake, path, 100);
        }
        fake->data = &left;
        fake->on_log = remove_somebody; /* from the first group that joins on */
        cgb = fake_started(fake);
        for (uint32_t i = 0; i < 40; i++)
                fake_run(fake, cgb, 1,
                        (struct fake_load[]){{"alice", 4000 * (i % 2)}, {"bob", 4000 * ((i + 1) % 2)}, {NULL, 0}});
        assert_int_equal(left, 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        fake->on_log = NULL;
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void a_group_made_anew_under_its_old_name_is_another_group(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_run(fake, cgb, 10, (struct fake_load[]){{"alice", 3900}, {"carol", 100}, {NULL, 0}});
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_true(workspace.account.slow_credit_usec > 0);
        fake_recreate(fake, "work/bob", 200);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_int_equal(workspace.account.slow_credit_usec, 0);
        assert_int_equal(workspace.account.share_permille, 2000);
        assert_int_equal(workspace.account.usage_usec, 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ADDED, "bob"), 2);
}

static void files_and_the_kernels_own_names_are_no_groups(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;

        fake_write(fake, "work", "memory.high", "max\n");
        cgb = fake_started(fake);
        fake_write(fake, "work", "notes", "not a group\n");
        fake_step(fake, cgb);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.workspaces, 3);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

static void lanes_within_workspaces_have_accounts_of_their_own(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        fake_write(fake, "work/alice", "cgroup.subtree_control", "cpu\n");
        fake_group(fake, "work/alice/batch", 100);
        fake->options.depth = 2;
        cgb = fake_started(fake);
        fake_group(fake, "work/alice/shell", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_true(fake_find(cgb, "alice/batch", &workspace));
        assert_int_equal(workspace.depth, 2);
        assert_true(fake_find(cgb, "alice/shell", &workspace));
        for (int i = 0; i < 10; i++) {
                fake_stall(fake, "work/alice", FAKE_STEP_USEC);
                fake_run(fake, cgb, 1, (struct fake_load[]){{"alice/batch", 3000}, {"bob", 1000}, {NULL, 0}});
        }
        assert_true(fake_weight(fake, "work/alice/shell") > 2 * fake_weight(fake, "work/alice/batch"));
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/alice/shell"), 100);
        assert_int_equal(fake_weight(fake, "work/alice/batch"), 100);
}

/* What is not there cannot be read, and that would be said. */
static void lanes_of_a_workspace_that_sleeps_are_not_read(void **state)
{
        struct fake *fake = *state;
        char *usage = fake_path(fake, "work/alice", "cpu.stat");
        struct cgb_workspace workspace;
        struct cgb *cgb;

        fake_write(fake, "work/alice", "cgroup.subtree_control", "cpu\n");
        fake_group(fake, "work/alice/batch", 100);
        fake->options.depth = 2;
        cgb = fake_started(fake);
        fake_run(fake, cgb, 400, (struct fake_load[]){{"bob", 4000}, {NULL, 0}});
        assert_int_equal(unlink(usage), 0);
        fake_run(fake, cgb, 5, (struct fake_load[]){{"bob", 4000}, {NULL, 0}});
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);

        fake_write(fake, "work/alice", "cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n");
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice/batch", 2000}, {"bob", 2000}, {NULL, 0}});
        assert_true(fake_find(cgb, "alice/batch", &workspace));
        assert_int_equal(workspace.account.usage_usec, 10 * FAKE_STEP_USEC);
        free(usage);
}

static void a_workspace_that_goes_takes_its_lanes_along(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;

        fake_group(fake, "work/alice/batch", 100);
        fake_group(fake, "work/alice/shell", 100);
        fake->options.depth = 2;
        cgb = fake_started(fake);
        fake_run(fake, cgb, 3, (struct fake_load[]){{"alice/batch", 3000}, {"bob", 1000}, {NULL, 0}});
        fake_remove(fake, "work/alice");
        fake_run(fake, cgb, 3, (struct fake_load[]){{"bob", 4000}, {NULL, 0}});
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.workspaces, 2);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_GONE, NULL), 3);
        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/alice/shell", 100);
        fake_step(fake, cgb);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.workspaces, 4);
}

static void what_lies_deeper_than_asked_for_is_left_alone(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;

        fake_group(fake, "work/alice/batch", 100);
        cgb = fake_started(fake);
        fake_group(fake, "work/alice/shell", 100);
        fake_step(fake, cgb);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.workspaces, 3);
}

/* The usual order at depth 2: the group is made, and then the controller is passed down to it. */
static void a_group_whose_weight_comes_late_is_adopted_in_the_end(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;

        fake_group(fake, "work/late", 0);
        for (int i = 0; i < 60; i++)
                fake_step(fake, cgb);
        assert_false(fake_find(cgb, "late", &workspace));
        fake_set_weight(fake, "work/late", 400);
        for (int i = 0; i < 60; i++)
                fake_step(fake, cgb);
        assert_true(fake_find(cgb, "late", &workspace));
        assert_int_equal(workspace.account.share_permille, 4000);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "late"), 0);
}

static void a_group_that_cannot_be_managed_is_reported_though_another_is_waiting(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        fake_group(fake, "work/late", 0);
        fake_step(fake, cgb);
        fake_group(fake, "work/idle", 100);
        fake_write(fake, "work/idle", "cpu.weight",
                "0\n"); /* what a group with cpu.idle shows; it was there before we looked */
        for (int i = 0; i < 60; i++)
                fake_step(fake, cgb);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, "idle", &event));
        fake_assert_fault_names(event.fault, -EBADMSG, "work/idle/cpu.weight");
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "idle"), 0);
        fake_set_weight(fake, "work/idle", 100);
        for (int i = 0; i < 60; i++)
                fake_step(fake, cgb);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ADDED, "idle"), 1);
}

/* systemd takes the controller away when no unit asks for it any more, and passes it on again later. */
static void a_controller_that_goes_and_comes_back_loses_no_group(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        char *bob = fake_path(fake, "work/bob", "cpu.weight");
        struct cgb_workspace workspace;

        assert_int_equal(unlink(bob), 0);
        fake_run(fake, cgb, 20, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        assert_true(fake_weight(fake, "work/carol") > fake_weight(fake, "work/alice"));
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "bob"), 1);
        fake_set_weight(fake, "work/bob", 100);
        fake_run(fake, cgb, 20, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        free(bob);
}

static void when_the_parent_goes_nothing_can_go_on(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        fake_remove(fake, "work");
        fake->now_usec += FAKE_STEP_USEC;
        assert_int_equal(cgb_dispatch(cgb), -ENODEV);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENODEV, "work");
        assert_int_equal(cgb_stop(cgb), 0);

        fake_group(fake, "work", 100);
        fake_group(fake, "work/alice", 100);
        assert_int_equal(cgb_start(cgb), 0);
        fake_step(fake, cgb);
}

/* More groups than open files: 64 of these are half of what a context may keep, and the other half is the program's. */
#define MANY 1000
#define FEW_FILES 64

static void a_thousand_groups_are_managed_with_few_open_files(void **state)
{
        struct fake *fake = *state;
        struct rlimit before, few;
        struct cgb_overview overview = {.size = sizeof overview};
        char path[32];
        struct cgb *cgb;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        few = (struct rlimit){.rlim_cur = FEW_FILES, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        for (int i = 0; i < MANY; i++) {
                snprintf(path, sizeof path, "work/g%d", i);
                fake_group(fake, path, 100);
        }
        cgb = fake_started(fake);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.workspaces, MANY + 3);
        for (int i = 0; i < 10; i++) {
                for (int j = 0; j < MANY; j += 10) {
                        snprintf(path, sizeof path, "work/g%d", j);
                        fake_use(fake, path, FAKE_CPUS * FAKE_STEP_USEC * 10 / MANY);
                }
                fake_stall(fake, "work", FAKE_STEP_USEC);
                fake_step(fake, cgb);
        }
        assert_true(fake_weight(fake, "work/g1") > 2 * fake_weight(fake, "work/g0"));
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        for (int i = 0; i < MANY; i += 7) {
                snprintf(path, sizeof path, "work/g%d", i);
                assert_int_equal(fake_weight(fake, path), 100);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* The kernel keeps so many news for us and then says that some are lost. */
static int queue_length(void)
{
        FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
        int n = 0;

        if (file == NULL || fscanf(file, "%d", &n) != 1)
                n = 16384;
        if (file != NULL)
                fclose(file);
        return n;
}

static void news_that_the_kernel_lost_are_made_up_for(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_workspace workspace;
        struct cgb *cgb = fake_started(fake);
        char *passing = fake_path(fake, "work/passing", "");

        if (queue_length() > 100000) {
                print_message("fs.inotify.max_queued_events is too large to be filled\n");
                free(passing);
                skip();
        }
        for (int i = 0; i <= queue_length() / 2; i++) {
                assert_int_equal(mkdir(passing, 0755), 0);
                assert_int_equal(rmdir(passing), 0);
        }
        fake_remove(fake, "work/bob");
        fake_recreate(fake, "work/carol", 700);
        fake_group(fake, "work/dave", 100);
        fake_step(fake, cgb);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.workspaces, 3);
        assert_true(fake_find(cgb, "dave", &workspace));
        assert_true(fake_find(cgb, "carol", &workspace));
        assert_int_equal(workspace.account.share_permille, 7000);
        free(passing);
}

/* A policy's capacity is where its table begins. */
static void the_table_grows_with_the_groups(void **state)
{
        struct fake *fake = *state;
        struct cgb_policy_options policy;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        cgb_policy_options_init(&policy, FAKE_STEP_USEC, 1);
        fake->options.policy = &policy;
        cgb = fake_started(fake);
        fake_run(fake, cgb, 3, (struct fake_load[]){{"alice", 4000}, {NULL, 0}});
        for (int i = 0; i < 40; i++) {
                char path[32];

                snprintf(path, sizeof path, "work/g%d", i);
                fake_group(fake, path, 100);
                fake_step(fake, cgb);
                assert_true(fake_find(cgb, path + strlen("work/"), &workspace));
        }
        assert_true(fake_find(cgb, "alice", &workspace));
        assert_int_equal(workspace.account.usage_usec, 3 * 4 * FAKE_STEP_USEC);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_group_that_comes_is_heard_of_at_once, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_group_made_by_the_library_is_heard_of_as_well, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_that_goes_is_reported_once_and_forgotten, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_group_may_vanish_before_it_is_read, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_group_may_be_another_one_before_it_is_read, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_group_may_vanish_before_it_is_written, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(groups_may_vanish_whenever_something_is_logged, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_made_anew_under_its_old_name_is_another_group, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(files_and_the_kernels_own_names_are_no_groups, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        lanes_within_workspaces_have_accounts_of_their_own, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(lanes_of_a_workspace_that_sleeps_are_not_read, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_workspace_that_goes_takes_its_lanes_along, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(what_lies_deeper_than_asked_for_is_left_alone, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_whose_weight_comes_late_is_adopted_in_the_end, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_that_cannot_be_managed_is_reported_though_another_is_waiting, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_controller_that_goes_and_comes_back_loses_no_group, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(when_the_parent_goes_nothing_can_go_on, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_thousand_groups_are_managed_with_few_open_files, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(news_that_the_kernel_lost_are_made_up_for, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(the_table_grows_with_the_groups, setup_three, fake_teardown),
        };

        return cmocka_run_group_tests_name("come and go", tests, NULL, NULL);
}
