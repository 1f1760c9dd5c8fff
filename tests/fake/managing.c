/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a manager does while all goes well: weights follow credit, and nothing is written that need not be; steps come when
 * they are due; and what one may ask a context is what the files say.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static const struct fake_load hog_alice[] = {{"alice", 4000}, {"bob", 0}, {NULL, 0}};
static const struct fake_load hog_bob[] = {{"alice", 0}, {"bob", 4000}, {NULL, 0}};
static const struct fake_load share_evenly[] = {{"alice", 2000}, {"bob", 2000}, {NULL, 0}};

static void weights_move_with_credit(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 10, hog_alice);
        assert_true(fake_weight(fake, "work/bob") > 2 * fake_weight(fake, "work/alice"));
        fake_run(fake, cgb, 100, hog_bob);
        assert_true(fake_weight(fake, "work/alice") > 2 * fake_weight(fake, "work/bob"));
}

static void whoever_was_idle_is_ahead_before_it_wakes(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake_group(fake, "work/idle", 100);
        cgb = fake_started(fake);
        fake_run(fake, cgb, 10, share_evenly);
        assert_true(fake_weight(fake, "work/idle") > 2 * fake_weight(fake, "work/alice"));
        assert_true(fake_weight(fake, "work/idle") > 2 * fake_weight(fake, "work/bob"));
}

static void nothing_is_written_while_nobody_has_to_wait(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *after;
        struct cgb *cgb = fake_started(fake);
        struct cgb_overview overview = {.size = sizeof overview};

        /* three of four CPUs are in use, and nobody waits for the fourth */
        for (int i = 0; i < 30; i++) {
                fake_use(fake, "work/alice", 3 * FAKE_STEP_USEC);
                fake_step(fake, cgb);
        }
        after = fake_picture(fake);
        assert_string_equal(before, after);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.weights_written, 0);
        assert_int_equal(overview.pool.price_permille, 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_WEIGHT, NULL), 0);
        free(before);
        free(after);
}

static void nothing_is_written_when_all_get_what_is_theirs(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *after;
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 50, share_evenly);
        after = fake_picture(fake);
        assert_string_equal(before, after);
        free(before);
        free(after);
}

static void a_dry_run_says_what_a_real_one_does_and_writes_nothing(void **state)
{
        struct fake *fake = *state, *twin = fake_new();
        char *before = fake_picture(fake), *after;
        struct cgb_event would, did;
        struct cgb *dry, *real;
        size_t n = 0;

        fake_group(twin, "work/alice", 100);
        fake_group(twin, "work/bob", 100);
        fake->options.flags = CGB_DRY_RUN;
        dry = fake_started(fake);
        real = fake_started(twin);
        fake_run(fake, dry, 10, hog_alice);
        fake_run(twin, real, 10, hog_alice);
        fake_run(fake, dry, 10, hog_bob);
        fake_run(twin, real, 10, hog_bob);
        while (fake_take_event(real, CGB_EVENT_WEIGHT, NULL, &did)) {
                assert_true(fake_take_event(dry, CGB_EVENT_WEIGHT, did.name, &would));
                assert_string_equal(would.name, did.name);
                assert_int_equal(would.action.weight, did.action.weight);
                assert_int_equal(would.action.previous, did.action.previous);
                assert_int_equal(would.action.reason, did.action.reason);
                n++;
        }
        assert_true(n > 2);
        assert_false(fake_take_event(dry, CGB_EVENT_WEIGHT, NULL, &would));

        assert_int_equal(cgb_stop(dry), 0);
        after = fake_picture(fake);
        assert_string_equal(before, after);
        assert_int_equal(access(fake->state, F_OK), -1);
        fake_free(twin);
        free(before);
        free(after);
}

/* Takes the writes of the last step, and compares them with the file before and after. */
static void check_writes(
        struct fake *fake, struct cgb *cgb, uint32_t before_alice, uint32_t before_bob, uint32_t hysteresis_permille)
{
        struct cgb_event event;

        while (fake_take_event(cgb, CGB_EVENT_WEIGHT, NULL, &event)) {
                uint32_t before = strcmp(event.name, "alice") == 0 ? before_alice : before_bob;
                uint32_t now = fake_weight(fake, strcmp(event.name, "alice") == 0 ? "work/alice" : "work/bob");

                assert_int_equal(event.action.previous, before);
                assert_int_equal(event.action.weight, now);
                assert_true(1000 * (uint64_t)abs((int)now - (int)before) >= (uint64_t)before * hysteresis_permille);
        }
}

/* Half a minute's drift one way and half a minute's back, in steps so small that most are below a large hysteresis. */
static uint64_t count_writes(uint32_t hysteresis_permille)
{
        struct fake *fake = fake_new();
        struct cgb_policy_options policy;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;

        cgb_policy_options_init(&policy, FAKE_STEP_USEC, 16);
        policy.hysteresis_permille = hysteresis_permille;
        policy.fast_depth_usec = 60 * FAKE_STEP_USEC;
        fake->options.policy = &policy;
        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 100);
        cgb = fake_started(fake);
        for (int i = 0; i < 60; i++) {
                uint32_t alice = fake_weight(fake, "work/alice"), bob = fake_weight(fake, "work/bob");

                fake_run(fake, cgb, 1, i < 30 ? hog_alice : hog_bob);
                check_writes(fake, cgb, alice, bob, hysteresis_permille);
        }
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        fake_free(fake);
        return overview.weights_written;
}

static void a_small_change_is_not_worth_a_write(void **state)
{
        uint64_t all = count_writes(10), some = count_writes(100), few = count_writes(500);

        (void)state;
        assert_true(all > some);
        assert_true(some > few);
        assert_true(few > 0);
}

static void a_step_is_due_at_once_and_then_once_a_step(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_overview overview = {.size = sizeof overview};
        uint64_t begin_usec = fake->now_usec;

        assert_int_equal(cgb_get_deadline_usec(cgb), begin_usec);
        for (uint64_t i = 0; i < 5; i++) {
                fake->now_usec = cgb_get_deadline_usec(cgb) - 1;
                assert_int_equal(cgb_dispatch(cgb), 0);
                assert_int_equal(cgb_get_overview(cgb, &overview), 0);
                assert_int_equal(overview.steps, i);
                fake->now_usec++;
                assert_int_equal(cgb_dispatch(cgb), 0);
                assert_int_equal(cgb_get_overview(cgb, &overview), 0);
                assert_int_equal(overview.steps, i + 1);
                assert_int_equal(cgb_get_deadline_usec(cgb), begin_usec + (i + 1) * FAKE_STEP_USEC);
        }
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_get_deadline_usec(cgb), UINT64_MAX);
}

static void a_dispatch_that_is_a_little_late_keeps_the_rhythm(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        uint64_t begin_usec = fake->now_usec;

        fake->now_usec += FAKE_STEP_USEC / 3;
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(cgb_get_deadline_usec(cgb), begin_usec + FAKE_STEP_USEC);
}

static void a_dispatch_that_is_very_late_does_not_catch_up(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_overview overview = {.size = sizeof overview};

        fake_step(fake, cgb);
        fake->now_usec += 100 * FAKE_STEP_USEC + 7;
        for (int i = 0; i < 10; i++)
                assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.steps, 2);
        assert_true(cgb_get_deadline_usec(cgb) > fake->now_usec);
        assert_true(cgb_get_deadline_usec(cgb) <= fake->now_usec + FAKE_STEP_USEC);
}

static void counts_are_those_of_the_events_and_begin_anew_with_a_start(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_overview overview = {.size = sizeof overview};

        fake_run(fake, cgb, 7, hog_alice);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.steps, 7);
        assert_true(overview.weights_written > 0);
        assert_int_equal(overview.weights_written, fake_count_events(cgb, CGB_EVENT_WEIGHT, NULL));
        assert_true(overview.longest_dispatch_usec > 0);

        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_false(overview.started);
        assert_int_equal(overview.workspaces, 0);
        assert_int_equal(cgb_start(cgb), 0);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_true(overview.started);
        assert_int_equal(overview.steps, 0);
        assert_int_equal(overview.weights_written, 0);
        assert_int_equal(overview.events_lost, 0);
}

static void an_overview_is_what_the_files_say(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_overview overview = {.size = sizeof overview};

        fake_run(fake, cgb, 2, hog_alice);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_true(overview.started);
        assert_string_equal(overview.mount, fake->tree);
        assert_string_equal(overview.parent, "work");
        assert_int_equal(strncmp(overview.state_name, fake->state, strlen(fake->state)), 0);
        assert_int_equal(overview.workspaces, 2);
        assert_int_equal(overview.cpus_permille, FAKE_CPUS * 1000);
        assert_int_equal(overview.step_usec, FAKE_STEP_USEC);
        assert_int_equal(overview.pool.accounts, 2);
        assert_int_equal(overview.pool.price_permille, 1000);
        assert_int_equal(overview.events_lost, 0);
}

static void a_workspace_is_what_its_files_say(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace = {.size = sizeof workspace};
        struct cgb *cgb;

        fake_group(fake, "work/carol", 250);
        fake_use(fake, "work/carol", 12345);
        cgb = fake_started(fake);
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 3900}, {"bob", 100}, {NULL, 0}});
        assert_true(fake_find(cgb, "alice", &workspace));
        assert_int_equal(workspace.depth, 1);
        assert_false(workspace.foreign);
        assert_true(workspace.account.active);
        assert_int_equal(workspace.account.usage_usec, 5 * (3900 * FAKE_STEP_USEC / 1000));
        assert_int_equal(workspace.account.share_permille, 1000);
        assert_int_equal(workspace.account.written, fake_weight(fake, "work/alice"));
        assert_true(workspace.account.slow_credit_usec < 0);
        assert_true(workspace.account.fast_credit_usec < 0);

        assert_true(fake_find(cgb, "carol", &workspace));
        assert_false(workspace.account.active);
        assert_int_equal(workspace.account.usage_usec, 12345);
        assert_int_equal(workspace.account.share_permille, 2500);
        assert_int_equal(workspace.account.written, fake_weight(fake, "work/carol"));
        assert_true(workspace.account.fast_credit_usec > 0);
        assert_true(workspace.account.fast_credit_usec <= workspace.account.fast_cap_usec);
}

static void workspaces_are_listed_in_the_order_of_joining(void **state)
{
        static const char *const names[] = {"zoe", "adam", "mia"};
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace = {.size = sizeof workspace};
        char path[32];

        for (int i = 0; i < 3; i++) {
                snprintf(path, sizeof path, "work/%s", names[i]);
                fake_group(fake, path, 100);
                fake_step(fake, cgb);
                assert_int_equal(cgb_get_workspace(cgb, (size_t)i + 2, &workspace), 0);
                assert_string_equal(workspace.name, names[i]);
        }
        fake_remove(fake, "work/zoe");
        fake_step(fake, cgb);
        assert_int_equal(cgb_get_workspace(cgb, 2, &workspace), 0);
        assert_string_equal(workspace.name, "adam");
        assert_int_equal(cgb_get_workspace(cgb, 4, &workspace), -ENOENT);
}

static int64_t sum_of_credit_nsec(struct cgb *cgb)
{
        struct cgb_workspace workspace = {.size = sizeof workspace};
        struct cgb_overview overview = {.size = sizeof overview};
        int64_t sum;

        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        sum = overview.pool.bank_nsec;
        for (size_t i = 0; cgb_get_workspace(cgb, i, &workspace) == 0; i++)
                sum += workspace.account.balance.slow_nsec;
        return sum;
}

static void no_credit_is_made_or_lost_while_groups_come_and_go(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        assert_int_equal(sum_of_credit_nsec(cgb), 0);
        fake_run(fake, cgb, 10, (struct fake_load[]){{"alice", 2600}, {"bob", 1400}, {NULL, 0}});
        fake_group(fake, "work/carol", 700);
        fake_run(fake, cgb, 10, (struct fake_load[]){{"alice", 600}, {"bob", 1400}, {"carol", 2000}, {NULL, 0}});
        assert_int_equal(sum_of_credit_nsec(cgb), 0);
        fake_remove(fake, "work/alice");
        fake_run(fake, cgb, 10, (struct fake_load[]){{"bob", 1300}, {"carol", 2700}, {NULL, 0}});
        assert_int_equal(sum_of_credit_nsec(cgb), 0);
}

static void credit_outlives_a_restart_of_its_manager(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace before, after;

        fake_run(fake, cgb, 10, hog_alice);
        assert_true(fake_find(cgb, "bob", &before));
        assert_true(before.account.balance.slow_nsec != 0 || before.account.balance.fast_nsec != 0);
        fake_end(fake, cgb);

        fake_recreate(fake, "work/alice", 100);
        cgb = fake_started(fake);
        assert_true(fake_find(cgb, "bob", &after));
        assert_int_equal(after.account.balance.slow_nsec, before.account.balance.slow_nsec);
        assert_int_equal(after.account.balance.fast_nsec, before.account.balance.fast_nsec);
        assert_true(fake_find(cgb, "alice", &after));
        assert_int_equal(after.account.balance.fast_nsec, 0);
}

static bool is_readable(struct cgb *cgb, int timeout_msec)
{
        struct pollfd poll_fd = {.fd = cgb_get_fd(cgb), .events = POLLIN};

        return poll(&poll_fd, 1, timeout_msec) == 1;
}

static void the_fd_is_readable_when_a_step_is_due_and_not_before(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb *cgb;
        int fd;

        fake->options.now_usec = NULL;
        fake->options.step_usec = 200000;
        cgb = fake_manager(fake);
        fd = cgb_get_fd(cgb);
        assert_false(is_readable(cgb, 0));
        assert_int_equal(cgb_start(cgb), 0);
        assert_int_equal(cgb_get_fd(cgb), fd);
        for (uint64_t i = 1; i <= 3; i++) {
                assert_true(is_readable(cgb, 10000));
                assert_int_equal(cgb_dispatch(cgb), 0);
                assert_false(is_readable(cgb, 0));
                assert_int_equal(cgb_get_overview(cgb, &overview), 0);
                assert_int_equal(overview.steps, i);
        }
        assert_int_equal(cgb_stop(cgb), 0);
        assert_false(is_readable(cgb, 300));
        assert_int_equal(cgb_get_fd(cgb), fd);
}

/* Else a loop that polls a stopped context would spin. */
static void the_fd_of_a_stopped_context_is_quiet(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);

        fake_group(fake, "work/carol", 100);
        assert_true(is_readable(cgb, 0));
        assert_int_equal(cgb_stop(cgb), 0);
        assert_false(is_readable(cgb, 0));
        fake_group(fake, "work/dave", 100);
        assert_false(is_readable(cgb, 0));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(weights_move_with_credit, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(whoever_was_idle_is_ahead_before_it_wakes, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(nothing_is_written_while_nobody_has_to_wait, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        nothing_is_written_when_all_get_what_is_theirs, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_dry_run_says_what_a_real_one_does_and_writes_nothing, fake_setup_two, fake_teardown),
                cmocka_unit_test(a_small_change_is_not_worth_a_write),
                cmocka_unit_test_setup_teardown(a_step_is_due_at_once_and_then_once_a_step, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_dispatch_that_is_a_little_late_keeps_the_rhythm, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_dispatch_that_is_very_late_does_not_catch_up, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        counts_are_those_of_the_events_and_begin_anew_with_a_start, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(an_overview_is_what_the_files_say, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(a_workspace_is_what_its_files_say, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        workspaces_are_listed_in_the_order_of_joining, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        no_credit_is_made_or_lost_while_groups_come_and_go, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(credit_outlives_a_restart_of_its_manager, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_fd_is_readable_when_a_step_is_due_and_not_before, fake_setup_two, fake_teardown),
                cmocka_unit_test_setup_teardown(the_fd_of_a_stopped_context_is_quiet, fake_setup_two, fake_teardown),
        };

        return cmocka_run_group_tests_name("managing", tests, NULL, NULL);
}
