/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The restore journal: what the files held comes back, whatever happened to their manager, and nothing else is touched. A
 * manager that dies is a process of its own here; crash.c kills it at random.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "fake.h"

#define JOURNAL "work.journal"

static void make_three(struct fake *fake)
{
        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 300);
        fake_group(fake, "work/carol", 50);
}

static int setup_three(void **state)
{
        fake_setup(state);
        make_three(*state);
        return 0;
}

static int setup_three_unprivileged(void **state)
{
        if (fake_setup_unprivileged(state) != 0)
                return -1;
        make_three(*state);
        return 0;
}

static void set_mode(const struct fake *fake, const char *group, const char *file, mode_t mode)
{
        char *path = fake_path(fake, group, file);

        assert_int_equal(chmod(path, mode), 0);
        free(path);
}

static void assert_no_journal(const struct fake *fake)
{
        char *text = fake_read_state(fake, JOURNAL);

        assert_null(text);
}

static void every_file_holds_again_what_it_held_after_stop(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_started(fake);

        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") != 300);
        assert_int_equal(cgb_stop(cgb), 0);
        fake_assert_picture(fake, before);
        assert_no_journal(fake);
        assert_int_equal(fake_restore(fake), 0);
        free(before);
}

static int check_journal_and_write(
        struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        char weight[64], path[512], text[4096] = "", line[512];
        ssize_t n = cgb_tree_read(backend->host->tree, group->path, "cpu.weight", weight, sizeof weight);
        FILE *journal;

        assert_true(n > 0);
        weight[strcspn(weight, "\n")] = '\0';
        snprintf(path, sizeof path, "%s/../state/" JOURNAL, backend->host->tree->mount);
        journal = fopen(path, "re");
        assert_non_null(journal);
        assert_true(fread(text, 1, sizeof text - 1, journal) > 0);
        fclose(journal);
        snprintf(line, sizeof line, "weight %" PRIu64 " ", group->inode);
        assert_non_null(strstr(text, line));
        snprintf(line, sizeof line, " %s\n", group->path + strlen("work/"));
        assert_non_null(strstr(text, line));
        return cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value);
}

static void a_weight_is_on_disk_before_it_is_overwritten(void **state)
{
        static const struct cgb_backend_type checking = {.name = "checking", .write = check_journal_and_write};
        struct fake *fake = *state;
        struct cgb *cgb = fake_started_with(fake, &checking);
        struct cgb_overview overview = {.size = sizeof overview};

        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_true(overview.weights_written >= 3);
}

static void the_next_manager_puts_back_what_a_dead_one_left(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb_workspace workspace;
        struct cgb_event event;
        struct cgb *cgb;
        uint32_t changed;

        fake_crash(fake, 10, fake_hog_alice);
        changed = (fake_weight(fake, "work/alice") != 100 ? 1u : 0) + (fake_weight(fake, "work/bob") != 300 ? 1u : 0) +
                  (fake_weight(fake, "work/carol") != 50 ? 1u : 0);
        assert_true(changed > 0);
        cgb = fake_started(fake);
        fake_assert_picture(fake, before);
        assert_true(fake_take_event(cgb, CGB_EVENT_RESTORED, NULL, &event));
        assert_int_equal(event.restored, changed);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000);

        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(cgb_start(cgb), 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_RESTORED, NULL), 0);
        free(before);
}

static void restore_puts_back_what_a_dead_manager_left(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);

        assert_int_equal(fake_restore(fake), 0);
        fake_crash(fake, 10, fake_hog_alice);
        assert_true(fake_restore(fake) > 0);
        fake_assert_picture(fake, before);
        assert_int_equal(fake_restore(fake), 0);
        assert_no_journal(fake);
        free(before);
}

static void a_dry_run_leaves_a_dead_managers_journal_alone(void **state)
{
        struct fake *fake = *state;
        char *before, *journal;

        fake_crash(fake, 10, fake_hog_alice);
        before = fake_picture(fake);
        fake->options.flags = CGB_DRY_RUN;
        fake_end(fake, fake_started(fake));
        fake_assert_picture(fake, before);
        journal = fake_read_state(fake, JOURNAL);
        assert_non_null(journal);
        free(journal);
        free(before);
}

static void a_journal_of_another_boot_is_void(void **state)
{
        struct fake *fake = *state;
        char *before, *journal, *boot;

        fake_crash(fake, 10, fake_hog_alice);
        before = fake_picture(fake);
        journal = fake_read_state(fake, JOURNAL);
        boot = strstr(journal, "boot ");
        assert_non_null(boot);
        boot[5] = boot[5] == '0' ? '1' : '0';
        fake_write_state(fake, JOURNAL, journal);
        assert_int_equal(fake_restore(fake), 0);
        fake_assert_picture(fake, before);
        assert_no_journal(fake);
        free(journal);
        free(before);
}

static void any_name_that_a_folder_can_have_comes_back(void **state)
{
        static const char *const names[] = {
                " blank first",
                "blank last ",
                "\ttab",
                "new\nline",
                "\nnewline first",
                "newline last\n",
                "back\\slash",
                "\\n",
                "\\\\",
                "ends in \\",
                "weight 1 2 three",
                "\xc3\xa9t\xc3\xa9",
                "\xff\xfe",
                "%s%n",
                "-",
                "#",
                "new\n\\nline\\",
        };
        struct fake *fake = *state;
        char *before, path[64];

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                snprintf(path, sizeof path, "work/%s", names[i]);
                fake_group(fake, path, (uint32_t)(200 + i));
        }
        before = fake_picture(fake);
        fake_crash(fake, 10, fake_hog_alice);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                snprintf(path, sizeof path, "work/%s", names[i]);
                assert_true(fake_weight(fake, path) != 200 + i);
        }
        assert_true(fake_restore(fake) > 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void a_group_that_was_made_anew_is_left_alone(void **state)
{
        struct fake *fake = *state;

        fake_crash(fake, 10, fake_hog_alice);
        fake_recreate(fake, "work/bob", 444);
        fake_remove(fake, "work/carol");
        assert_true(fake_restore(fake) >= 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 444);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
        assert_no_journal(fake);
}

static void what_a_dead_manager_never_wrote_is_left_alone(void **state)
{
        struct fake *fake = *state;
        struct fake_load *quiet = (struct fake_load[]){{"alice", 1000}, {NULL, 0}};

        fake_crash(fake, 10, quiet);
        fake_set_weight(fake, "work/bob", 555);
        assert_int_equal(fake_restore(fake), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 555);
}

static void write_77_to_bob(struct fake *fake)
{
        if (fake->now_usec == *(uint64_t *)fake->data)
                fake_set_weight(fake, "work/bob", 77);
}

static void a_foreign_write_that_was_noticed_survives_a_crash(void **state)
{
        struct fake *fake = *state;
        uint64_t when_usec = fake->now_usec + 10 * FAKE_STEP_USEC;

        fake->data = &when_usec;
        fake->on_clock = write_77_to_bob;
        fake_crash(fake, 20, fake_hog_alice);
        fake->on_clock = NULL;
        assert_int_equal(fake_weight(fake, "work/bob"), 77);
        assert_true(fake_restore(fake) >= 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 77);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void without_a_journal_nothing_is_written_and_it_is_said_once(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        assert_int_equal(chmod(fake->state, 0555), 0);
        fake_run(fake, cgb, 10, fake_hog_alice);
        fake_assert_picture(fake, before);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, NULL, &event));
        fake_assert_fault_names(event.fault, -EACCES, JOURNAL);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_WEIGHT, NULL), 0);

        assert_int_equal(chmod(fake->state, 0755), 0);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") != 300);
        assert_int_equal(cgb_stop(cgb), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void a_full_disk_under_the_journal_keeps_everything_as_it_is(void **state)
{
        struct fake *fake = *state;
        char *before = fake_picture(fake), *next = fake_state_file(fake, JOURNAL ".new");
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        fake_step(fake, cgb);
        assert_int_equal(symlink("/dev/full", next), 0);
        fake_run(fake, cgb, 1, fake_hog_alice);
        fake_assert_picture(fake, before);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, NULL, &event));
        fake_assert_fault_names(event.fault, -ENOSPC, JOURNAL);
        free(next);
        free(before);
}

/* The state folder may be taken away while we run: /run is cleaned by others as well. */
static void without_a_state_folder_nothing_is_overwritten_at_stop(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct fake elsewhere = *fake;

        elsewhere.tree = fake->state;
        fake_remove(&elsewhere, "");
        elsewhere.tree = fake->folder;
        fake_write(&elsewhere, "", "state", "in the way\n");
        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
        fake_set_weight(fake, "work/bob", 500);
        cgb_stop(cgb);
        assert_int_equal(fake_weight(fake, "work/bob"), 500);
}

static void a_state_folder_that_is_a_file_stops_the_start(void **state)
{
        struct fake *fake = *state, elsewhere = *fake;
        char *before = fake_picture(fake);
        struct cgb *cgb = fake_manager(fake);

        elsewhere.tree = fake->folder;
        fake_write(&elsewhere, "", "state", "in the way\n");
        assert_int_equal(cgb_start(cgb), -ENOTDIR);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOTDIR, "state");
        assert_int_equal(cgb_dispatch(cgb), 0);
        fake_assert_picture(fake, before);
        free(before);
}

static void what_cannot_be_put_back_at_the_start_stays_and_stops_nobody(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb_event event;
        struct cgb *cgb;
        uint32_t left;

        fake_crash(fake, 10, fake_hog_alice);
        left = fake_weight(fake, "work/bob");
        assert_true(left != 300);
        set_mode(fake, "work/bob", "cpu.weight", 0444);
        cgb = fake_started(fake);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, NULL, &event));
        fake_assert_fault_names(event.fault, -EACCES, "bob/cpu.weight");
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_int_equal(workspace.account.share_permille, 3000); /* not what the dead manager had lifted it to */
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_weight(fake, "work/carol") != 50);

        assert_int_equal(cgb_stop(cgb), -EACCES);
        assert_int_equal(fake_weight(fake, "work/carol"), 50);
        assert_int_equal(fake_weight(fake, "work/bob"), left);
        set_mode(fake, "work/bob", "cpu.weight", 0644);
        assert_int_equal(fake_restore(fake), 1);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
}

static void a_weight_that_may_be_put_back_again_is_put_back_by_the_same_manager(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake_crash(fake, 10, fake_hog_alice);
        set_mode(fake, "work/bob", "cpu.weight", 0444);
        cgb = fake_started(fake);
        fake_run(fake, cgb, 3, fake_hog_alice);
        set_mode(fake, "work/bob", "cpu.weight", 0644);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
        assert_no_journal(fake);
}

static void a_start_that_fails_keeps_what_a_dead_manager_left(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_manager(fake);

        fake_crash(fake, 10, fake_hog_alice);
        set_mode(fake, "work/bob", "cpu.weight", 0444);
        set_mode(fake, "work", "", 0311); /* not to be listed */
        assert_int_equal(cgb_start(cgb), -EACCES);
        fake_assert_fault_names(cgb_get_fault(cgb), -EACCES, "work");
        set_mode(fake, "work/bob", "cpu.weight", 0644);
        set_mode(fake, "work", "", 0755);
        assert_int_equal(fake_restore(fake), 1);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
}

static void what_cannot_be_put_back_at_stop_stays_in_the_journal_alone(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = fake_started(fake);
        struct cgb_event event;

        fake_group(fake, "work/dave", 100);
        fake_run(fake, cgb, 10, fake_hog_alice);
        set_mode(fake, "work/bob", "cpu.weight", 0444);
        fake_set_weight(fake, "work/dave", 77); /* foreign, and not noticed before the stop */
        assert_int_equal(cgb_stop(cgb), -EACCES);
        fake_assert_fault_names(cgb_get_fault(cgb), -EACCES, "bob/cpu.weight");
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, NULL, &event));
        fake_assert_fault_names(event.fault, -EACCES, "bob/cpu.weight");
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
        assert_int_equal(fake_weight(fake, "work/carol"), 50);
        assert_int_equal(fake_weight(fake, "work/dave"), 77);

        fake_set_weight(fake, "work/carol", 999); /* ours no more */
        assert_int_equal(fake_restore(fake), -EACCES);
        set_mode(fake, "work/bob", "cpu.weight", 0644);
        assert_int_equal(fake_restore(fake), 1);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
        assert_int_equal(fake_weight(fake, "work/carol"), 999);
        assert_int_equal(fake_weight(fake, "work/dave"), 77);
        assert_no_journal(fake);
}

/* As a manager leaves them that was killed. */
static void make_lanes_of_carol(const struct fake *fake)
{
        char boot[64], notes[128];

        cgb_boot_id(boot, sizeof boot);
        snprintf(notes, sizeof notes, "%s\n%" PRIu64 " work/carol\n", boot, fake_inode(fake, "work/carol"));
        fake_write_state(fake, "work.lanes", notes);
        fake_group(fake, "work/carol/interactive", 100);
        fake_group(fake, "work/carol/batch", 100);
}

static void a_weight_that_cannot_be_put_back_keeps_nobody_in_lanes(void **state)
{
        struct fake *fake = *state;
        struct cgb_fault fault;

        fake_crash(fake, 10, fake_hog_alice);
        make_lanes_of_carol(fake);
        set_mode(fake, "work/bob", "cpu.weight", 0444);
        assert_int_equal(cgb_restore(&fake->options, &fault), -EACCES);
        fake_assert_fault_names(&fault, -EACCES, "bob/cpu.weight");
        assert_false(fake_exists(fake, "work/carol/interactive"));
        assert_false(fake_exists(fake, "work/carol/batch"));
        assert_null(fake_read_state(fake, "work.lanes"));
        set_mode(fake, "work/bob", "cpu.weight", 0644);
        assert_int_equal(fake_restore(fake), 1);
}

static void a_journal_that_cannot_be_read_is_told_of_and_keeps_nobody_in_lanes(void **state)
{
        struct fake *fake = *state;
        struct cgb_fault fault;
        char *journal;

        fake_crash(fake, 10, fake_hog_alice);
        make_lanes_of_carol(fake);
        journal = fake_state_file(fake, "work.journal");
        assert_int_equal(chmod(journal, 0), 0);
        assert_int_equal(cgb_restore(&fake->options, &fault), -EACCES);
        fake_assert_fault_names(&fault, -EACCES, "work.journal");
        assert_false(fake_exists(fake, "work/carol/interactive"));
        assert_false(fake_exists(fake, "work/carol/batch"));
        assert_null(fake_read_state(fake, "work.lanes"));
        assert_int_equal(chmod(journal, 0600), 0); /* and nothing of it is lost */
        assert_true(fake_restore(fake) > 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
        free(journal);
}

static void a_workspace_that_never_could_be_written_is_no_reason_for_stop_to_fail(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        set_mode(fake, "work/bob", "cpu.weight", 0444);
        cgb = fake_started(fake);
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "bob"), 1);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 300);
        assert_no_journal(fake);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_file_holds_again_what_it_held_after_stop, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_weight_is_on_disk_before_it_is_overwritten, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(the_next_manager_puts_back_what_a_dead_one_left, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(restore_puts_back_what_a_dead_manager_left, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_dry_run_leaves_a_dead_managers_journal_alone, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_journal_of_another_boot_is_void, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(any_name_that_a_folder_can_have_comes_back, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_group_that_was_made_anew_is_left_alone, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(what_a_dead_manager_never_wrote_is_left_alone, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_foreign_write_that_was_noticed_survives_a_crash, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(without_a_journal_nothing_is_written_and_it_is_said_once,
                        setup_three_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(
                        a_full_disk_under_the_journal_keeps_everything_as_it_is, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        without_a_state_folder_nothing_is_overwritten_at_stop, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(a_state_folder_that_is_a_file_stops_the_start, setup_three, fake_teardown),
                cmocka_unit_test_setup_teardown(what_cannot_be_put_back_at_the_start_stays_and_stops_nobody,
                        setup_three_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(a_weight_that_may_be_put_back_again_is_put_back_by_the_same_manager,
                        setup_three_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(a_start_that_fails_keeps_what_a_dead_manager_left, setup_three_unprivileged,
                        fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(what_cannot_be_put_back_at_stop_stays_in_the_journal_alone,
                        setup_three_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(a_weight_that_cannot_be_put_back_keeps_nobody_in_lanes,
                        setup_three_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(a_journal_that_cannot_be_read_is_told_of_and_keeps_nobody_in_lanes,
                        setup_three_unprivileged, fake_teardown_unprivileged),
                cmocka_unit_test_setup_teardown(a_workspace_that_never_could_be_written_is_no_reason_for_stop_to_fail,
                        setup_three_unprivileged, fake_teardown_unprivileged),
        };

        return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
