/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A backend that asks somebody else: its writes are under way for a while, and then they are done, or have failed. Meanwhile
 * a file holds the old value or the new one, and neither is a stranger's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context.h"
#include "fake.h"

static const struct fake_load nobody[] = {{NULL, 0}};
#define ASKED_MAX 64

/* What was asked for, in that order. */
struct late {
        struct cgb_backend backend;
        struct cgb_backend_result asked[ASKED_MAX];
        size_t n;
};

/* How the answers come. */
static struct {
        bool applies; /* the files get what was asked for at once, before the answer */
        bool answers;
        int code;
        size_t turns; /* that the backend had to do what is due */
        const struct fake *fake;
} manner;

static int ask(struct cgb_backend *backend, struct cgb_group_dir *group, enum cgb_file file, uint64_t value)
{
        struct late *late = (struct late *)backend;

        assert_true(late->n < ASKED_MAX);
        if (manner.applies)
                assert_int_equal(cgb_group_write_u64(backend->host->fds, backend->host->tree, group, file, value), 0);
        late->asked[late->n++] = (struct cgb_backend_result){group->inode, file, value, 0};
        return 1;
}

static void answer_all(struct late *late)
{
        for (size_t i = 0; i < late->n; i++) {
                late->asked[i].code = manner.code;
                late->backend.host->done(late->backend.host->userdata, &late->asked[i]);
        }
        late->n = 0;
}

static void answer(struct cgb_backend *backend)
{
        manner.turns++;
        if (manner.answers)
                answer_all((struct late *)backend);
}

static void answer_at_last(struct cgb_backend *backend, uint64_t timeout_usec)
{
        (void)timeout_usec;
        answer_all((struct late *)backend);
}

static const struct cgb_backend_type late_type = {
        .name = "late",
        .size = sizeof(struct late),
        .write = ask,
        .process = answer,
        .flush = answer_at_last,
};

static struct cgb *start(struct fake *fake, bool applies, bool answers)
{
        manner.applies = applies;
        manner.answers = answers;
        manner.code = 0;
        manner.turns = 0;
        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 100);
        return fake_started_with(fake, &late_type);
}

static void a_value_under_way_is_nobody_elses(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, false, false);
        struct cgb_workspace workspace;

        fake_run(fake, cgb, 5, fake_hog_alice); /* the files stay as they were */
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, NULL), 0);
        manner.applies = true; /* and now they change while nobody has answered */
        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_false(workspace.foreign);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_UNDONE, NULL), 0);
}

/* To find the bus takes longer than all that it does later. */
static void a_backend_connects_at_the_start_and_not_in_the_loop(void **state)
{
        start(*state, false, false);
        assert_true(manner.turns > 0);
}

static void a_weight_is_written_when_the_answer_says_so(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, true, false);
        struct cgb_overview overview = {.size = sizeof overview};
        struct cgb_event event;

        fake_run(fake, cgb, 2, fake_hog_alice); /* one is under way, and none behind it */
        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        assert_int_equal(overview.weights_written, 0);
        manner.answers = true;
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_true(fake_take_event(cgb, CGB_EVENT_WEIGHT, "bob", &event));
        assert_int_equal(event.action.weight, fake_weight(fake, "work/bob"));
        assert_int_equal(event.action.previous, 100);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_WEIGHT, "bob"), 0);
}

static void a_refusal_that_comes_late_is_told_once_and_the_wish_stays(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, false, true);
        struct cgb_event event;

        manner.code = -EACCES;
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_true(fake_take_event(cgb, CGB_EVENT_ERROR, "bob", &event));
        fake_assert_fault_names(event.fault, -EACCES, "work/bob/cpu.weight");
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, "bob"), 0);
        manner.code = 0;
        manner.applies = true;
        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
}

/* Writes what was said to be done. @return how often a group was taken for somebody else's. */
static int write_at_last(const struct fake *fake, struct cgb *cgb)
{
        struct cgb_event event;
        int n = 0;

        while (cgb_next_event(cgb, &event)) {
                char group[64], text[16];

                n += event.type == CGB_EVENT_UNDONE || event.type == CGB_EVENT_FOREIGN_WRITE;
                if (event.type != CGB_EVENT_WEIGHT)
                        continue;
                snprintf(group, sizeof group, "work/%s", event.name);
                snprintf(text, sizeof text, "%u\n", event.action.weight);
                fake_write(fake, group, "cpu.weight", text);
        }
        return n;
}

/* systemd says that it is done when it has noted the value; a loaded host is looked at before it has written the file. */
static void a_file_that_is_written_after_the_answer_is_nobody_elses(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, false, true);
        int strangers = 0;

        for (int i = 0; i < 10; i++) {
                fake_run(fake, cgb, 2, fake_hog_alice); /* the answer comes in the first, a look in the second */
                strangers += write_at_last(fake, cgb);
        }
        assert_true(fake_weight(fake, "work/bob") > fake_weight(fake, "work/alice"));
        assert_int_equal(strangers, 0);
}

/* As after a time-out: the answer was no, and the value came all the same. */
static void a_value_that_comes_after_its_time_out_is_ours(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, true, true);

        manner.code = -ETIMEDOUT;
        fake_run(fake, cgb, 5, fake_hog_alice);
        manner.code = 0;
        fake_run(fake, cgb, 10, fake_hog_alice);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, NULL), 0);
        fake_run(fake, cgb, 1, nobody);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void a_stranger_is_noticed_when_nothing_is_under_way(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, true, true);

        fake_run(fake, cgb, 10, fake_hog_alice);
        fake_set_weight(fake, "work/bob", 4321);
        fake_run(fake, cgb, 3, fake_hog_alice);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, "bob"), 1);
        assert_int_equal(fake_weight(fake, "work/bob"), 4321);
}

static void the_end_waits_for_what_is_under_way_and_puts_all_back(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, true, false);

        fake_run(fake, cgb, 5, fake_hog_alice);
        assert_int_not_equal(fake_weight(fake, "work/bob"), 100);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        assert_int_equal(fake_weight(fake, "work/alice"), 100);
}

static void an_answer_for_a_group_that_went_is_nobodys(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start(fake, true, false);

        fake_run(fake, cgb, 5, fake_hog_alice);
        fake_remove(fake, "work/bob");
        fake_run(fake, cgb, 2, fake_hog_alice);
        manner.answers = true;
        fake_run(fake, cgb, 2, fake_hog_alice);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_WEIGHT, "bob"), 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

/* A unit's, as a manager that was killed left it; @value is what the unit had before. */
static void leave_unit(const struct fake *fake, const char *word, const char *name, const char *value)
{
        char group[64], boot[64], text[256];

        cgb_boot_id(boot, sizeof boot);
        snprintf(group, sizeof group, "work/%s", name);
        snprintf(text, sizeof text, "cgburst journal 1\nboot %s\n%s %" PRIu64 " %s %s\n", boot, word,
                fake_inode(fake, group), value, name);
        fake_write_state(fake, "work.journal", text);
}

/* Says at once that all is done, and writes it somewhat later. */
static void answer_before_writing(struct cgb_backend *backend, uint64_t timeout_usec)
{
        struct late *late = (struct late *)backend;
        size_t n = late->n;

        (void)timeout_usec;
        answer_all(late);
        if (fork() != 0)
                return;
        usleep(50000);
        for (size_t i = 0; i < n; i++)
                fake_set_weight(manner.fake, "work/bob",
                        late->asked[i].value == CGB_WEIGHT_UNSET ? 100 : (uint32_t)late->asked[i].value);
        _exit(0);
}

static const struct cgb_backend_type late_manager = {
        .name = "late-manager",
        .size = sizeof(struct late),
        .asks_manager = true,
        .write = ask,
        .flush = answer_before_writing,
};

/* The share of bob, whose unit had @value before a manager gave it 900 and died. */
static uint32_t share_after_death(struct fake *fake, const char *value)
{
        struct cgb_workspace workspace;
        struct cgb *cgb;

        manner.fake = fake;
        manner.applies = false;
        manner.code = 0;
        fake_group(fake, "work/bob", 900);
        leave_unit(fake, "unit-weight", "bob", value);
        cgb = fake_started_with(fake, &late_manager);
        assert_true(fake_find(cgb, "bob", &workspace));
        fake_end(fake, cgb);
        while (wait(NULL) > 0)
                ;
        return workspace.account.share_permille;
}

static void the_share_of_a_unit_is_what_it_had_before_a_manager_that_died(void **state)
{
        assert_int_equal(share_after_death(*state, "300"), 3000);
}

static void a_unit_without_a_weight_has_the_usual_share_after_a_manager_that_died(void **state)
{
        assert_int_equal(share_after_death(*state, "unset"), CGB_SHARE_DEFAULT_PERMILLE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_value_under_way_is_nobody_elses, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_backend_connects_at_the_start_and_not_in_the_loop, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_weight_is_written_when_the_answer_says_so, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_refusal_that_comes_late_is_told_once_and_the_wish_stays, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_file_that_is_written_after_the_answer_is_nobody_elses, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_value_that_comes_after_its_time_out_is_ours, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_stranger_is_noticed_when_nothing_is_under_way, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_end_waits_for_what_is_under_way_and_puts_all_back, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(an_answer_for_a_group_that_went_is_nobodys, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        the_share_of_a_unit_is_what_it_had_before_a_manager_that_died, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_unit_without_a_weight_has_the_usual_share_after_a_manager_that_died, fake_setup, fake_teardown),
        };

        return cmocka_run_group_tests_name("late", tests, NULL, NULL);
}
