/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be made before a workspace can be, the parent and the cpu controller on the way down to it, goes away again
 * with its last user: a workspace or a manager, in this process or in another.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"

/* Rounds of making and removing in each of the processes that do so at once. */
#define ROUNDS 100
#define MAKERS 3

/* Nothing is prepared here: neither the parent is there, nor does anybody pass the controller on. */
static void use_new_parent(struct fake *fake)
{
        fake_write(fake, "", "cgroup.subtree_control", "\n");
        fake->options.parent = "new/deep";
}

static int setup_bare(void **state)
{
        fake_setup(state);
        use_new_parent(*state);
        return 0;
}

static int setup_bare_unprivileged(void **state)
{
        if (fake_setup_unprivileged(state) != 0)
                return -1;
        use_new_parent(*state);
        return 0;
}

static int create(struct cgb *cgb, const char *name, uint32_t share_permille)
{
        return cgb_create(
                cgb, &(struct cgb_workspace_options){
                             .size = sizeof(struct cgb_workspace_options), .name = name, .share_permille = share_permille});
}

static void a_start_makes_what_is_missing_and_a_stop_undoes_it(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_started(fake);

        assert_true(fake_exists(fake, "new/deep"));
        fake_step(fake, cgb);
        assert_int_equal(cgb_stop(cgb), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void the_first_workspace_makes_what_is_missing_and_the_last_one_undoes_it(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_manager(fake);

        assert_int_equal(create(cgb, "alice", 1000), 0);
        assert_int_equal(create(cgb, "bob", 2000), 0);
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
        assert_true(fake_exists(fake, "new/deep/bob"));
        assert_int_equal(cgb_remove(cgb, "bob"), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void a_parent_that_was_there_stays(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;
        char *before;

        fake_group(fake, "new", 100);
        before = fake_picture(fake);
        cgb = fake_started(fake);
        assert_int_equal(create(cgb, "alice", 1000), 0);
        fake_step(fake, cgb);
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void what_a_workspace_needs_stays_when_its_manager_goes(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *during;
        struct cgb *maker = fake_manager(fake), *manager = fake_manager(fake);

        assert_int_equal(create(maker, "alice", 1000), 0);
        during = fake_picture(fake);
        assert_int_equal(cgb_start(manager), 0);
        fake_step(fake, manager);
        assert_int_equal(cgb_stop(manager), 0);
        fake_assert_picture(fake, during);
        assert_int_equal(cgb_remove(maker, "alice"), 0);
        fake_assert_picture(fake, before);
        free(during);
        free(before);
}

/* On a real tree the weight, and with it the share, would vanish with the controller. */
static void a_share_outlives_a_manager_though_the_parent_was_there_before(void **state)
{
        struct fake *fake = *state;
        struct cgb *maker, *manager;
        char *before, *during;

        fake_group(fake, "new", 100);
        fake_group(fake, "new/deep", 100);
        before = fake_picture(fake);
        maker = fake_manager(fake);
        assert_int_equal(create(maker, "alice", 1000), 0);
        assert_int_equal(create(maker, "bob", 3000), 0);
        during = fake_picture(fake);
        manager = fake_started(fake);
        fake_step(fake, manager);
        fake_end(fake, manager);
        fake_assert_picture(fake, during);
        assert_int_equal(cgb_remove(maker, "alice"), 0);
        assert_int_equal(cgb_remove(maker, "bob"), 0);
        assert_int_equal(cgb_stop(maker), 0);
        fake_end(fake, fake_started(fake));
        fake_assert_picture(fake, before);
        free(during);
        free(before);
}

static void the_last_workspace_does_not_take_the_parent_from_a_living_manager(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *manager = fake_started(fake), *maker = fake_manager(fake);

        for (int i = 0; i < 3; i++) {
                assert_int_equal(create(maker, "alice", 1000), 0);
                fake_step(fake, manager);
                assert_int_equal(cgb_remove(maker, "alice"), 0);
                fake_step(fake, manager);
        }
        assert_int_equal(fake_count_events(manager, CGB_EVENT_ADDED, "alice"), 3);
        assert_int_equal(cgb_stop(manager), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void a_manager_may_remove_its_own_last_workspace(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_started(fake);

        assert_int_equal(create(cgb, "alice", 1000), 0);
        fake_step(fake, cgb);
        assert_int_equal(cgb_remove(cgb, "alice"), 0);
        fake_step(fake, cgb);
        assert_int_equal(create(cgb, "bob", 1000), 0);
        fake_step(fake, cgb);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ADDED, "bob"), 1);
        assert_int_equal(cgb_remove(cgb, "bob"), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void what_a_dead_manager_had_made_is_undone_by_restore(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb_fault fault;

        fake_crash(fake, 3, (struct fake_load[]){{NULL, 0}});
        assert_true(fake_exists(fake, "new/deep"));
        assert_int_equal(cgb_restore(&fake->options, &fault), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void what_a_dead_manager_had_made_is_undone_by_the_next(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);

        fake_crash(fake, 3, (struct fake_load[]){{NULL, 0}});
        fake_end(fake, fake_started(fake));
        fake_assert_picture(fake, before);
        free(before);
}

static char *read_setup(const struct fake *fake)
{
        return fake_read_state(fake, "new-deep.setup");
}

static void notes_of_another_boot_are_void_and_do_not_hide_new_ones(void **state)
{
        struct fake *fake = *state;
        char *before;

        fake_group(fake, "theirs", 100);
        before = fake_picture(fake);
        fake_write_state(fake, "new-deep.setup", "boot 00000000-0000-0000-0000-000000000000\nmade theirs\nenabled \n");
        fake_end(fake, fake_started(fake));
        fake_assert_picture(fake, before);
        assert_null(read_setup(fake));
        free(before);
}

static void garbage_for_notes_does_no_harm(void **state)
{
        static const char *const garbage[] = {
                "\n\n",
                "made",
                "made \n",
                "made ..\n",
                "made ../state\n",
                "made /\n",
                "made theirs/../theirs\n",
                "enabled ..\n",
                "enabled nowhere\nmade nowhere/at/all\n",
                "enabled theirs/cpu.stat\n",
                "made theirs/cpu.stat\n",
                "mad\xff\xfe\n",
        };
        struct fake *fake = *state;
        char *before, *head, text[256], *end;

        fake_group(fake, "theirs", 100);
        fake_write(fake, "theirs", "cgroup.procs", "4711\n");
        before = fake_picture(fake);
        fake_crash(fake, 1, (struct fake_load[]){{NULL, 0}});
        head = read_setup(fake);
        end = strchr(head, '\n');
        assert_non_null(end);
        end[1] = '\0';
        assert_int_equal(cgb_restore(&fake->options, NULL), 0);
        for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
                snprintf(text, sizeof text, "%s%s", head, garbage[i]);
                fake_write_state(fake, "new-deep.setup", text);
                if (cgb_restore(&fake->options, NULL) != 0)
                        fail_msg("one line of garbage makes every restore fail: %s", garbage[i]);
                fake_write_state(fake, "new-deep.setup", text);
                fake_end(fake, fake_started(fake));
                fake_assert_picture(fake, before);
        }
        free(head);
        free(before);
}

static void a_failure_half_way_leaves_nothing_behind(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);
        char *control, *before;

        fake_group(fake, "new", 100);
        control = fake_path(fake, "new", "cgroup.subtree_control");
        assert_int_equal(chmod(control, 0444), 0);
        before = fake_picture(fake);
        assert_int_equal(create(cgb, "alice", 1000), -EACCES);
        fake_assert_fault_names(cgb_get_fault(cgb), -EACCES, "new/cgroup.subtree_control");
        fake_assert_picture(fake, before);
        assert_int_equal(cgb_start(cgb), -EACCES);
        fake_assert_fault_names(cgb_get_fault(cgb), -EACCES, "new/cgroup.subtree_control");
        fake_assert_picture(fake, before);
        free(control);
        free(before);
}

/* A process that makes and removes; 0 if each of its calls did what it should. */
static pid_t fork_maker(struct fake *fake, int number)
{
        pid_t pid = fork();
        struct cgb *cgb;
        char name[16];

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        cgb = fake_manager(fake);
        snprintf(name, sizeof name, "g%d", number);
        for (int i = 0; i < ROUNDS; i++)
                if (create(cgb, name, 2000) < 0 || cgb_remove(cgb, name) < 0) {
                        fprintf(stderr, "round %d: %s: %s\n", i, cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
                        _exit(1);
                }
        _exit(0);
}

static void wait_for_all(const pid_t *pids, int n)
{
        int status, failed = 0;

        for (int i = 0; i < n; i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                failed += status != 0;
        }
        assert_int_equal(failed, 0);
}

static void makers_in_several_processes_do_not_disturb_each_other(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        pid_t pids[MAKERS];

        for (int i = 0; i < MAKERS; i++)
                pids[i] = fork_maker(fake, i);
        wait_for_all(pids, MAKERS);
        fake_assert_picture(fake, before);
        assert_null(read_setup(fake));
        free(before);
}

static void makers_and_a_manager_that_comes_and_goes_do_not_disturb_each_other(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_manager(fake);
        pid_t pids[2] = {fork_maker(fake, 0), fork_maker(fake, 1)};
        int r = 0;

        for (int i = 0; i < ROUNDS && r == 0; i++) {
                r = cgb_start(cgb);
                if (r == 0) {
                        fake->now_usec += FAKE_STEP_USEC;
                        r = cgb_dispatch(cgb);
                }
                if (r == 0)
                        r = cgb_stop(cgb);
        }
        wait_for_all(pids, 2);
        if (r < 0)
                fail_msg("%s: %s", cgb_get_fault(cgb)->file, cgb_get_fault(cgb)->message);
        fake_assert_picture(fake, before);
        free(before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_start_makes_what_is_missing_and_a_stop_undoes_it, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_first_workspace_makes_what_is_missing_and_the_last_one_undoes_it, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(a_parent_that_was_there_stays, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_workspace_needs_stays_when_its_manager_goes, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_share_outlives_a_manager_though_the_parent_was_there_before, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_last_workspace_does_not_take_the_parent_from_a_living_manager, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(a_manager_may_remove_its_own_last_workspace, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_dead_manager_had_made_is_undone_by_restore, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_dead_manager_had_made_is_undone_by_the_next, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        notes_of_another_boot_are_void_and_do_not_hide_new_ones, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(garbage_for_notes_does_no_harm, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_failure_half_way_leaves_nothing_behind, setup_bare_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(
                        makers_in_several_processes_do_not_disturb_each_other, setup_bare, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        makers_and_a_manager_that_comes_and_goes_do_not_disturb_each_other, setup_bare, fake_teardown),
        };

        return cmocka_run_group_tests_name("setup", tests, NULL, NULL);
}
