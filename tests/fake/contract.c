/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the public header says of calls that cannot succeed: the errno, what is left untouched, and that the fault names the
 * file or option and the remedy. Also that contexts do not know of each other.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cgburst/owner.h>

#include "fake.h"

/* Something that no call would write there. */
static struct cgb *const untouched = (struct cgb *)(uintptr_t)0x1234;

static void expect_refusal(struct fake *fake, const char *option)
{
        struct cgb *cgb = untouched;
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_new(&cgb, &fake->options, &fault), -EINVAL);
        assert_ptr_equal(cgb, untouched);
        fake_assert_fault_names(&fault, -EINVAL, option);
        assert_int_equal(cgb_new(&cgb, &fake->options, NULL), -EINVAL);
        assert_int_equal(cgb_restore(&fake->options, &fault), -EINVAL);
        fake_assert_fault_names(&fault, -EINVAL, option);
}

static void a_bad_option_is_refused_and_named(void **state)
{
        struct fake *fake = *state;
        const struct cgb_options good = fake->options;
        struct cgb_policy_options policy;

        fake->options.size--;
        expect_refusal(fake, "size");
        fake->options = good;
        fake->options.step_usec = 9999;
        expect_refusal(fake, "step_usec");
        fake->options.step_usec = 60000001;
        expect_refusal(fake, "step_usec");
        fake->options = good;
        fake->options.depth = 0;
        expect_refusal(fake, "depth");
        fake->options.depth = 9;
        expect_refusal(fake, "depth");
        fake->options = good;
        fake->options.flags = 1u << 31;
        expect_refusal(fake, "flags");
        fake->options = good;
        fake->options.backend = "teleport";
        expect_refusal(fake, "backend");
        fake->options = good;
        cgb_policy_options_init(&policy, FAKE_STEP_USEC, 16);
        policy.floor_permille = 1001;
        fake->options.policy = &policy;
        expect_refusal(fake, "policy");
}

static void a_parent_that_leads_out_of_the_tree_is_refused_and_named(void **state)
{
        static const char *const parents[] = {"..", "../work", "work/../..", "work//deep", ".", "work/./deep"};
        struct fake *fake = *state;

        for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
                fake->options.parent = parents[i];
                expect_refusal(fake, "parent");
        }
}

static void what_is_missing_is_refused_and_named(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = untouched;
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_new(&cgb, NULL, &fault), -EINVAL);
        assert_ptr_equal(cgb, untouched);
        fake_assert_fault_names(&fault, -EINVAL, "options");
        assert_int_equal(cgb_restore(NULL, &fault), -EINVAL);
        assert_int_equal(cgb_rule_check(NULL, &fault), -EINVAL);
        fake_assert_fault_names(&fault, -EINVAL, "rule");
        assert_int_equal(cgb_list_owners(&fake->options, NULL, NULL, &fault), -EINVAL);
        fake_assert_fault_names(&fault, -EINVAL, "found");
        fake->options.n_rules = 1;
        expect_refusal(fake, "rules");
        fake->options.n_rules = 0;
        cgb = fake_manager(fake);
        assert_int_equal(cgb_create(cgb, NULL), -EINVAL);
        fake_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "options");
        fake->options.mount = "";
        expect_refusal(fake, "mount");
}

/* 200 dashes are a name that the kernel takes, and 800 characters of a file's. */
static void a_parent_after_which_no_file_can_be_called_is_refused_and_named(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = untouched;
        struct cgb_fault fault = {0};
        char parent[201] = "";

        memset(parent, '-', sizeof parent - 1);
        fake->options.parent = parent;
        assert_int_equal(cgb_new(&cgb, &fake->options, &fault), -ENAMETOOLONG);
        assert_ptr_equal(cgb, untouched);
        fake_assert_fault_names(&fault, -ENAMETOOLONG, "parent");
        memset(parent, 'x', sizeof parent - 1);
        fake_end(fake, fake_started(fake));
}

static void slashes_around_a_parent_are_forgiven(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};

        fake->options.parent = "/work/";
        assert_int_equal(cgb_get_overview(fake_manager(fake), &overview), 0);
        assert_string_equal(overview.parent, "work");
}

static void the_limits_themselves_are_in_range(void **state)
{
        struct fake *fake = *state;

        fake->options.step_usec = 10000;
        fake->options.depth = 8;
        fake_end(fake, fake_manager(fake));
        fake->options.step_usec = 60000000;
        fake->options.depth = 1;
        fake_end(fake, fake_manager(fake));
}

static void a_missing_tree_is_enoent_and_named(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = untouched;
        struct cgb_fault fault = {0};

        fake->options.mount = "/nowhere/at/all";
        assert_int_equal(cgb_new(&cgb, &fake->options, &fault), -ENOENT);
        assert_ptr_equal(cgb, untouched);
        fake_assert_fault_names(&fault, -ENOENT, "/nowhere/at/all");
}

static void opening_a_context_writes_nothing(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *after;

        fake_end(fake, fake_manager(fake));
        after = fake_picture(fake);
        assert_string_equal(before, after);
        assert_int_equal(access(fake->state, F_OK), -1);
        free(before);
        free(after);
}

static void options_may_go_away_once_a_context_is_made(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        char parent[] = "work", *mount = strdup(fake->tree);
        struct cgb *cgb;

        assert_non_null(mount);
        fake->options.parent = parent;
        fake->options.mount = mount;
        cgb = fake_manager(fake);
        memset(parent, 'x', sizeof parent - 1);
        memset(mount, 'x', strlen(mount));
        free(mount);
        fake->options.mount = fake->tree;
        assert_int_equal(cgb_start(cgb), 0);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_string_equal(overview.parent, "work");
        assert_string_equal(overview.mount, fake->tree);
}

static void names_that_cannot_be_are_refused_and_leave_no_trace(void **state)
{
        struct fake *fake = *state;
        char too_long[CGB_NAME_SIZE + 1];
        const char *const names[] = {"", ".", "..", "a/b", "/a", "a/", "cpu.weight", "cgroup.procs", "memory.max", too_long};
        struct cgb *cgb = fake_manager(fake);
        char *before = fake_picture(fake), *after;

        memset(too_long, 'x', CGB_NAME_SIZE);
        too_long[CGB_NAME_SIZE] = '\0';
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                struct cgb_workspace_options options = {.size = sizeof options, .name = names[i], .share_permille = 1000};

                assert_int_equal(cgb_create(cgb, &options), -EINVAL);
                fake_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "");
                assert_int_equal(cgb_attach(cgb, names[i], 0), -EINVAL);
                fake_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "");
                assert_int_equal(cgb_remove(cgb, names[i]), -EINVAL);
                fake_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "");
        }
        after = fake_picture(fake);
        assert_string_equal(before, after);
        free(before);
        free(after);
}

static void the_longest_name_the_kernel_takes_is_taken(void **state)
{
        struct fake *fake = *state;
        char name[CGB_NAME_SIZE], path[CGB_NAME_SIZE + 8];
        struct cgb_workspace_options options = {.size = sizeof options, .name = name, .share_permille = 2500};
        struct cgb *cgb = fake_manager(fake);

        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        snprintf(path, sizeof path, "work/%s", name);
        assert_int_equal(cgb_create(cgb, &options), 0);
        assert_int_equal(fake_weight(fake, path), 250);
        assert_int_equal(cgb_remove(cgb, name), 0);
        assert_false(fake_exists(fake, path));
}

static void a_share_out_of_range_is_refused_and_named(void **state)
{
        static const uint32_t shares[] = {0, 9, 100001, UINT32_MAX};
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
                struct cgb_workspace_options options = {
                        .size = sizeof options, .name = "alice", .share_permille = shares[i]};

                assert_int_equal(cgb_create(cgb, &options), -EINVAL);
                fake_assert_fault_names(cgb_get_fault(cgb), -EINVAL, "share_permille");
        }
        assert_false(fake_exists(fake, "work/alice"));
}

static void shares_become_weights(void **state)
{
        static const struct {
                uint32_t share_permille, weight;
        } pairs[] = {{10, 1}, {1000, 100}, {2500, 250}, {100000, 10000}};
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
                struct cgb_workspace_options options = {
                        .size = sizeof options, .name = "alice", .share_permille = pairs[i].share_permille};

                assert_int_equal(cgb_create(cgb, &options), 0);
                assert_int_equal(fake_weight(fake, "work/alice"), pairs[i].weight);
                assert_int_equal(cgb_remove(cgb, "alice"), 0);
        }
}

static void what_is_there_already_or_not_there_is_said(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 5000};
        struct cgb *cgb = fake_manager(fake);

        fake_group(fake, "work/alice", 100);
        assert_int_equal(cgb_create(cgb, &options), -EEXIST);
        fake_assert_fault_names(cgb_get_fault(cgb), -EEXIST, "alice");
        assert_int_equal(fake_weight(fake, "work/alice"), 100);

        assert_int_equal(cgb_remove(cgb, "bob"), -ENOENT);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOENT, "bob");
        assert_int_equal(cgb_attach(cgb, "bob", 0), -ENOENT);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOENT, "bob");
        assert_string_equal(cgb_get_fault(cgb)->message, "there is no workspace of that name");
        assert_int_equal(cgb_attach(cgb, "alice", -1), -EINVAL);

        fake_write(fake, "work/alice", "cgroup.procs", "4711\n");
        assert_int_equal(cgb_remove(cgb, "alice"), -EBUSY);
        fake_assert_fault_names(cgb_get_fault(cgb), -EBUSY, "alice");
        assert_true(fake_exists(fake, "work/alice"));
}

static void a_parent_below_a_file_is_a_fault_and_not_a_riddle(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 1000};
        struct cgb *cgb;

        fake->options.parent = "work/cpu.stat/deep";
        cgb = fake_manager(fake);
        assert_int_equal(cgb_create(cgb, &options), -ENOTDIR);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOTDIR, "cpu.stat");
        assert_int_equal(cgb_start(cgb), -ENOTDIR);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOTDIR, "cpu.stat");
}

static void a_full_state_folder_is_a_fault_and_not_a_riddle(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace_options options = {.size = sizeof options, .name = "alice", .share_permille = 1000};
        char setup[512];
        struct cgb *cgb;

        assert_int_equal(mkdir(fake->state, 0755), 0);
        snprintf(setup, sizeof setup, "%s/new.setup.new", fake->state);
        assert_int_equal(symlink("/dev/full", setup), 0);
        fake->options.parent = "new";
        cgb = fake_manager(fake);
        assert_int_equal(cgb_create(cgb, &options), -ENOSPC);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOSPC, "new.setup");
        assert_false(fake_exists(fake, "new"));
}

static void start_twice_is_ealready_and_harmless(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake_group(fake, "work/alice", 100);
        cgb = fake_started(fake);
        assert_int_equal(cgb_start(cgb), -EALREADY);
        fake_assert_fault_names(cgb_get_fault(cgb), -EALREADY, "work");
        fake_step(fake, cgb);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_start(cgb), 0);
}

static void dispatch_and_stop_before_start_do_nothing(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);
        struct cgb_workspace workspace = {.size = sizeof workspace};
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_event event;

        fake_group(fake, "work/alice", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_get_deadline_usec(cgb), UINT64_MAX);
        assert_int_equal(cgb_get_workspace(cgb, 0, &workspace), -ENOENT);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_false(overview.started);
        assert_int_equal(overview.steps, 0);
        assert_false(cgb_next_event(cgb, &event));
}

static void a_workspace_can_be_removed_by_the_name_that_was_told(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;
        struct cgb_workspace workspace = {.size = sizeof workspace};

        fake_group(fake, "work/alice", 100);
        cgb = fake_started(fake);
        assert_int_equal(cgb_get_workspace(cgb, 0, &workspace), 0);
        assert_int_equal(cgb_remove(cgb, workspace.name), 0);
        assert_int_equal(cgb_get_workspace(cgb, 0, &workspace), -ENOENT);
        assert_false(fake_exists(fake, "work/alice"));
}

static void a_failure_leaves_what_it_should_have_filled(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace, workspace_before;
        struct cgb_overview overview, overview_before;
        struct cgb_event event, event_before;

        memset(&workspace, 0x5a, sizeof workspace);
        workspace_before = workspace;
        assert_int_equal(cgb_get_workspace(cgb, 0, &workspace), -EINVAL);
        assert_memory_equal(&workspace, &workspace_before, sizeof workspace);
        workspace.size = workspace_before.size = sizeof workspace;
        assert_int_equal(cgb_get_workspace(cgb, 0, &workspace), -ENOENT);
        assert_memory_equal(&workspace, &workspace_before, sizeof workspace);

        memset(&overview, 0x5a, sizeof overview);
        overview_before = overview;
        assert_int_equal(cgb_get_overview(cgb, &overview), -EINVAL);
        assert_memory_equal(&overview, &overview_before, sizeof overview);

        memset(&event, 0x5a, sizeof event);
        event_before = event;
        assert_false(cgb_next_event(cgb, &event));
        assert_memory_equal(&event, &event_before, sizeof event);
}

static void free_without_stop_puts_everything_back(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;
        char *before, *after;

        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 300);
        before = fake_picture(fake);
        cgb = fake_started(fake);
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 4000}, {"bob", 0}, {NULL, 0}});
        assert_true(fake_weight(fake, "work/bob") != 300 || fake_weight(fake, "work/alice") != 100);
        fake_end(fake, cgb);
        after = fake_picture(fake);
        assert_string_equal(before, after);
        assert_null(cgb_free(NULL));
        free(before);
        free(after);
}

static void a_second_manager_of_a_parent_is_told_who_has_it(void **state)
{
        struct fake *fake = *state;
        struct cgb *first = fake_started(fake), *second = fake_manager(fake);
        struct cgb_fault fault;
        char pid[32];

        snprintf(pid, sizeof pid, "%d", (int)getpid());
        assert_int_equal(cgb_start(second), -EBUSY);
        fake_assert_fault_names(cgb_get_fault(second), -EBUSY, ".lock");
        assert_non_null(strstr(cgb_get_fault(second)->message, pid));
        assert_int_equal(cgb_restore(&fake->options, &fault), -EBUSY);
        fake_assert_fault_names(&fault, -EBUSY, ".lock");

        fake_step(fake, first);
        assert_int_equal(cgb_stop(first), 0);
        assert_int_equal(cgb_start(second), 0);
        assert_int_equal(cgb_start(first), -EBUSY);
}

/* A forked child has the lock's fd as well, and knows nothing of it. */
static void a_child_that_was_forked_meanwhile_does_not_keep_the_lock(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        pid_t pid = fork();
        int r;

        assert_true(pid >= 0);
        if (pid == 0) {
                pause();
                _exit(0);
        }
        r = cgb_stop(cgb);
        if (r == 0)
                r = cgb_start(cgb);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(r, 0);
}

/* Two users of one library in one program, or in two, with parents that are brothers. */
static void contexts_do_not_know_of_each_other(void **state)
{
        struct fake *fake = *state;
        struct cgb *work, *play;

        fake_group(fake, "play", 100);
        fake_write(fake, "play", "cgroup.subtree_control", "cpu\n");
        fake_group(fake, "play/alice", 200);
        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 100);
        work = fake_started(fake);
        fake->options.parent = "play";
        play = fake_started(fake);
        fake_run(fake, work, 5, (struct fake_load[]){{"alice", 4000}, {"bob", 0}, {NULL, 0}});
        assert_int_equal(cgb_dispatch(play), 0);
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
        assert_int_equal(fake_weight(fake, "play/alice"), 200);

        assert_int_equal(cgb_remove(work, "nobody"), -ENOENT);
        assert_int_equal(cgb_get_fault(play)->code, 0);
        fake_end(fake, work);
        assert_int_equal(cgb_dispatch(play), 0);
        assert_int_equal(fake_count_events(play, CGB_EVENT_ERROR, NULL), 0);
}

static void a_dry_run_needs_no_lock(void **state)
{
        struct fake *fake = *state;
        struct cgb *dry;

        fake_group(fake, "work/alice", 100);
        fake_started(fake);
        fake->options.flags = CGB_DRY_RUN;
        dry = fake_started(fake);
        fake_step(fake, dry);
        assert_int_equal(cgb_stop(dry), 0);
}

static void the_parents_that_names_make_do_not_clash(void **state)
{
        struct fake *fake = *state;

        fake_group(fake, "a", 100);
        fake_write(fake, "a", "cgroup.subtree_control", "cpu\n");
        fake_group(fake, "a/b", 100);
        fake_write(fake, "a/b", "cgroup.subtree_control", "cpu\n");
        fake_group(fake, "a-b", 100);
        fake_write(fake, "a-b", "cgroup.subtree_control", "cpu\n");
        fake->options.parent = "a/b";
        fake_started(fake);
        fake->options.parent = "a-b";
        fake_started(fake);
        fake->options.parent = "a\\x2db";
        fake_group(fake, "a\\x2db", 100);
        fake_write(fake, "a\\x2db", "cgroup.subtree_control", "cpu\n");
        fake_started(fake);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_bad_option_is_refused_and_named, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_parent_that_leads_out_of_the_tree_is_refused_and_named, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(what_is_missing_is_refused_and_named, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_parent_after_which_no_file_can_be_called_is_refused_and_named, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(slashes_around_a_parent_are_forgiven, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(the_limits_themselves_are_in_range, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_missing_tree_is_enoent_and_named, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(opening_a_context_writes_nothing, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(options_may_go_away_once_a_context_is_made, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        names_that_cannot_be_are_refused_and_leave_no_trace, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(the_longest_name_the_kernel_takes_is_taken, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_share_out_of_range_is_refused_and_named, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(shares_become_weights, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(what_is_there_already_or_not_there_is_said, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_parent_below_a_file_is_a_fault_and_not_a_riddle, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_full_state_folder_is_a_fault_and_not_a_riddle, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(start_twice_is_ealready_and_harmless, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(dispatch_and_stop_before_start_do_nothing, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_workspace_can_be_removed_by_the_name_that_was_told, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_failure_leaves_what_it_should_have_filled, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(free_without_stop_puts_everything_back, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_second_manager_of_a_parent_is_told_who_has_it, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_child_that_was_forked_meanwhile_does_not_keep_the_lock, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(contexts_do_not_know_of_each_other, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_dry_run_needs_no_lock, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(the_parents_that_names_make_do_not_clash, fake_setup, fake_teardown),
        };

        return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}
