/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One workspace fails, the others go on: the event names file and remedy, comes once and not each step, and what failed is
 * tried again. The backend is replaced by one that refuses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "fake.h"

/* What the backend says to a write for bob; 0: it takes it. */
static int refusal;

static int write_or_refuse(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        if (refusal != 0 && strcmp(group->path, "work/bob") == 0)
                return refusal;
        return cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value);
}

static const struct cgb_backend_type refusing = {.name = "refusing", .write = write_or_refuse};

static int setup_three(void **state)
{
        struct fake *fake = fake_new();

        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 100);
        fake_group(fake, "work/carol", 100);
        refusal = 0;
        *state = fake;
        return 0;
}

static struct cgb *start_refusing(struct fake *fake)
{
        return fake_started_with(fake, &refusing);
}

static void check_refusal(int code)
{
        struct cgb_workspace workspace;
        struct cgb_event event;
        struct fake *fake;
        struct cgb *cgb;
        void *state;

        setup_three(&state);
        fake = state;
        cgb = start_refusing(fake);
        refusal = code;
        fake_run(fake, cgb, 20, fake_hog_alice);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        assert_true(fake_weight(fake, "work/carol") > fake_weight(fake, "work/alice"));
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_false(workspace.foreign);
        assert_int_equal(workspace.account.written, 100);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, NULL, &event));
        assert_string_equal(event.name, "bob");
        assert_non_null(event.fault);
        assert_true(event.fault->code < 0);
        fake_assert_fault_names(event.fault, event.fault->code, "work/bob/cpu.weight");
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);

        refusal = 0;
        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        assert_int_equal(fake_weight(fake, "work/carol"), 100);
        fake_free(fake);
}

static void a_write_that_is_not_permitted_concerns_one_workspace(void **state)
{
        (void)state;
        check_refusal(-EACCES);
}

static void a_write_to_a_busy_file_concerns_one_workspace(void **state)
{
        (void)state;
        check_refusal(-EBUSY);
}

static void a_write_that_says_the_group_is_gone_though_it_is_there_concerns_one_workspace(void **state)
{
        (void)state;
        check_refusal(-ENODEV);
}

static void a_value_out_of_range_concerns_one_workspace(void **state)
{
        (void)state;
        check_refusal(-ERANGE);
}

static void a_full_device_concerns_one_workspace(void **state)
{
        (void)state;
        check_refusal(-ENOSPC);
}

static void a_second_failure_after_a_success_is_reported_again(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_refusing(fake);

        refusal = -EACCES;
        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "bob"), 1);
        refusal = 0;
        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") > 100);
        refusal = -EACCES;
        fake_run(fake, cgb, 30, (struct fake_load[]){{"bob", 4000}, {NULL, 0}});
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "bob"), 1);
}

static void two_things_that_fail_by_turns_are_no_flood(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_refusing(fake);

        for (int i = 0; i < 40; i++) {
                refusal = i % 2 == 0 ? -EACCES : -EBUSY;
                fake_run(fake, cgb, 1, fake_hog_alice);
        }
        assert_in_range(fake_count_events(cgb, CGB_EVENT_ERROR, "bob"), 1, 4);
}

static void a_refused_write_counts_as_none(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_refusing(fake);
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_event event;

        refusal = -EACCES;
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        while (cgb_next_event(cgb, &event)) {
                if (event.type == CGB_EVENT_WEIGHT) {
                        assert_string_not_equal(event.name, "bob");
                        overview.weights_written--;
                }
                if (event.type == CGB_EVENT_BOOSTED)
                        assert_string_not_equal(event.name, "bob");
        }
        assert_int_equal(overview.weights_written, 0);
}

static void a_usage_that_cannot_be_read_concerns_one_workspace(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace workspace;
        struct cgb_event event;
        char *good;

        fake_run(fake, cgb, 3, (struct fake_load[]){{"alice", 2000}, {"bob", 2000}, {NULL, 0}});
        good = fake_read(fake, "work/bob", "cpu.stat");
        fake_write(fake, "work/bob", "cpu.stat", "usage_usec a lot\n");
        fake_run(fake, cgb, 20, fake_hog_alice);
        assert_true(fake_weight(fake, "work/carol") > fake_weight(fake, "work/alice"));
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, NULL, &event));
        assert_string_equal(event.name, "bob");
        fake_assert_fault_names(event.fault, -EBADMSG, "work/bob/cpu.stat");
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);

        fake_write(fake, "work/bob", "cpu.stat", good);
        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 2000}, {"bob", 2000}, {NULL, 0}});
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_true(workspace.account.active);
        free(good);
}

/* Group counters may go back: a new group under the old name, a restored container. */
static void a_counter_that_goes_back_charges_nobody(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_workspace before, after;

        fake_run(fake, cgb, 5, (struct fake_load[]){{"alice", 3000}, {"bob", 1000}, {NULL, 0}});
        assert_true(fake_find(cgb, "bob", &before));
        fake_write(fake, "work/bob", "cpu.stat", "usage_usec 7\nuser_usec 7\nsystem_usec 0\n");
        fake_step(fake, cgb);
        assert_true(fake_find(cgb, "bob", &after));
        assert_int_equal(after.account.usage_usec, 7);
        assert_true(after.account.slow_credit_usec >= before.account.slow_credit_usec);
}

static void without_pressure_files_usage_alone_is_the_price(void **state)
{
        struct fake *fake = *state;
        struct cgb_overview overview = {.size = sizeof overview};
        char *pressure = fake_path(fake, "work", "cpu.pressure");
        struct cgb *cgb;

        assert_int_equal(unlink(pressure), 0);
        cgb = fake_started(fake);
        for (int i = 0; i < 10; i++) {
                fake_use(fake, "work/alice", FAKE_CPUS * FAKE_STEP_USEC);
                fake_step(fake, cgb);
        }
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.pool.price_permille, 1000);
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        free(pressure);
}

static void garbage_in_the_parents_own_file_stops_the_step_and_not_the_manager(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_overview overview = {.size = sizeof overview};
        char *good;

        fake_run(fake, cgb, 3, fake_hog_alice);
        good = fake_read(fake, "work", "cpu.stat");
        fake_write(fake, "work", "cpu.stat", "");
        fake->now_usec += FAKE_STEP_USEC;
        assert_int_equal(cgb_dispatch(cgb), -EBADMSG);
        fake_assert_fault_names(cgb_get_fault(cgb), -EBADMSG, "work/cpu.stat");
        assert_true(cgb_get_deadline_usec(cgb) > fake->now_usec); /* else a loop would spin */
        fake_write(fake, "work", "cpu.stat", good);
        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.steps, 6);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        free(good);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_write_that_is_not_permitted_concerns_one_workspace),
                cmocka_unit_test(a_write_to_a_busy_file_concerns_one_workspace),
                cmocka_unit_test(a_write_that_says_the_group_is_gone_though_it_is_there_concerns_one_workspace),
                cmocka_unit_test(a_value_out_of_range_concerns_one_workspace),
                cmocka_unit_test(a_full_device_concerns_one_workspace),
                cmocka_unit_test_setup_teardown(
                        a_second_failure_after_a_success_is_reported_again, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(two_things_that_fail_by_turns_are_no_flood, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_refused_write_counts_as_none, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_usage_that_cannot_be_read_concerns_one_workspace, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_counter_that_goes_back_charges_nobody, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(without_pressure_files_usage_alone_is_the_price, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        garbage_in_the_parents_own_file_stops_the_step_and_not_the_manager, setup_three, fake_teardown),
        };

        return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
