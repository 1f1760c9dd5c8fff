/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lanes for what exists: processes of groups that somebody else made go into the lanes of their rule as they appear, never
 * out of their workspace, and are where they were when the manager has gone.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define STEP_USEC 100000
#define BUILDER "lanes-builder"
#define EDITOR "lanes-editor"

/* How long an emulated machine may take for what should happen within a few steps. */
#define PATIENCE_SECONDS 20

static const char *const batch[] = {"comm:" BUILDER, NULL};
static const struct cgb_rule rules[] = {{.name = "test", .match = "ws-*", .batch = batch}};

static int setup(void **state)
{
        struct ground *ground = ground_new();

        ground_make(ground, ground->top);
        if (!ground_passes_cpu_on(ground, ""))
                ground_write(ground, "", "cgroup.subtree_control", "+cpu");
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu");
        ground->options.rules = rules;
        ground->options.n_rules = 1;
        ground->options.step_usec = STEP_USEC;
        *state = ground;
        return 0;
}

/* --------------------------------------------------------------------------------------- processes */

/* A process that is in @group from the start, and does @life under this name; it ends with the test. */
static pid_t start(struct ground *ground, const char *group, const char *name, void (*life)(void))
{
        pid_t pid = fork();
        char text[16];

        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                snprintf(text, sizeof text, "%d", (int)getpid());
                if (ground_try_write(ground, group, "cgroup.procs", text) < 0)
                        _exit(1);
                for (int fd = 3; fd < 256; fd++)
                        close(fd); /* a manager's locks and watches are none of its business */
                prctl(PR_SET_NAME, name);
                life();
                _exit(0);
        }
        return pid;
}

static void sleep_on(void)
{
        for (;;)
                pause();
}

/* Now and then a bit of work, as an editor that is used. */
static void be_alive(void)
{
        for (;;) {
                for (volatile int i = 0; i < 100000; i++)
                        ;
                usleep(20000);
        }
}

/* Starts a build under another name, which starts a compiler under yet another. */
static void start_a_build(void)
{
        usleep(500000);
        if (fork() == 0) {
                usleep(300000); /* between fork and exec it is called like its parent */
                prctl(PR_SET_NAME, BUILDER);
                if (fork() == 0)
                        prctl(PR_SET_NAME, "lanes-compiler");
                be_alive();
        }
        be_alive();
}

/* Processes that are gone before anybody can look at them. */
static void start_many_that_end(void)
{
        for (;;) {
                if (fork() == 0) {
                        prctl(PR_SET_NAME, BUILDER);
                        _exit(0);
                }
                waitpid(-1, NULL, 0);
        }
}

static const char *group_of(pid_t pid, char ret[static 512])
{
        char path[64], line[512] = "";
        FILE *file;

        snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
        file = fopen(path, "re");
        *ret = '\0';
        if (file != NULL) {
                if (fgets(line, sizeof line, file) != NULL && strncmp(line, "0::/", 4) == 0)
                        sscanf(line + 4, "%511[^\n]", ret);
                fclose(file);
        }
        return ret;
}

/* Is the process in "<top>/<name>"? */
static bool is_in(const struct ground *ground, pid_t pid, const char *name)
{
        char group[512], wanted[512];

        return strcmp(group_of(pid, group), ground_below(ground, name, wanted)) == 0;
}

/* How many processes of this name are in "<top>/<name>". */
static int count_in(const struct ground *ground, const char *name, const char *comm)
{
        char procs[16384], path[64], group[512], found[64];
        int n = 0;

        ground_read(ground, ground_below(ground, name, group), "cgroup.procs", procs, sizeof procs);
        for (char *at = procs, *line; (line = strsep(&at, "\n")) != NULL && *line != '\0';) {
                FILE *file;

                snprintf(path, sizeof path, "/proc/%s/comm", line);
                file = fopen(path, "re");
                if (file == NULL)
                        continue;
                if (fgets(found, sizeof found, file) != NULL && strncmp(found, comm, strlen(comm)) == 0)
                        n++;
                fclose(file);
        }
        return n;
}

static void manage_until_in(struct ground *ground, struct cgb *cgb, pid_t pid, const char *name)
{
        char group[512];

        for (int i = 0; i < PATIENCE_SECONDS * 5 && !is_in(ground, pid, name); i++)
                ground_manage(cgb, 0.2);
        if (!is_in(ground, pid, name))
                fail_msg("process %d is in %s and not in %s", (int)pid, group_of(pid, group), name);
}

/* What a thread has done is told in a later step. */
static void manage_until_told(struct cgb *cgb, enum cgb_event_type type, const char *name, struct cgb_event *ret)
{
        for (int i = 0; i < PATIENCE_SECONDS * 5; i++) {
                if (ground_take_event(cgb, type, name, ret))
                        return;
                ground_manage(cgb, 0.2);
        }
        fail_msg("%s was not told of %s", cgb_event_type_to_string(type), name);
}

static void end(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void make(struct ground *ground, const char *name)
{
        char group[512];

        ground_make(ground, ground_below(ground, name, group));
}

static pid_t start_in(struct ground *ground, const char *name, const char *comm, void (*life)(void))
{
        char group[512];

        return start(ground, ground_below(ground, name, group), comm, life);
}

/* ------------------------------------------------------------------------------------------- tests */

static void processes_go_into_the_lanes_of_their_rule_and_return_at_the_end(void **state)
{
        struct ground *ground = *state;
        pid_t editor, builder, elsewhere;
        struct cgb_workspace lane;
        struct cgb_event event;
        struct cgb *cgb;
        char *before;

        make(ground, "ws-a");
        make(ground, "other");
        before = ground_picture(ground);
        editor = start_in(ground, "ws-a", EDITOR, be_alive);
        builder = start_in(ground, "ws-a", BUILDER, sleep_on);
        elsewhere = start_in(ground, "other", BUILDER, be_alive);
        usleep(300000);

        cgb = ground_started(ground);
        manage_until_in(ground, cgb, builder, "ws-a/batch");
        manage_until_in(ground, cgb, editor, "ws-a/interactive");
        assert_true(is_in(ground, elsewhere, "other"));
        manage_until_told(cgb, CGB_EVENT_LANES, "ws-a", &event);
        assert_true(ground_find(cgb, "ws-a/interactive", &lane));
        assert_int_equal(lane.depth, 2);
        assert_string_equal(lane.rule, "test");
        assert_true(ground_find(cgb, "ws-a/batch", &lane));
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_true(is_in(ground, editor, "ws-a"));
        assert_true(is_in(ground, builder, "ws-a"));
        end(editor);
        end(builder);
        end(elsewhere);
        ground_end(ground, cgb);
        ground_assert_as_before(ground, before);
}

static void a_build_that_is_started_later_is_moved_with_its_children(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb;
        struct cgb_event event;
        pid_t shell;

        make(ground, "ws-a");
        make(ground, "ws-b");
        shell = start_in(ground, "ws-a", EDITOR, start_a_build);
        cgb = ground_started(ground);
        for (int i = 0; i < PATIENCE_SECONDS * 5; i++) {
                ground_manage(cgb, 0.2);
                if (i > 5 && count_in(ground, "ws-a/batch", BUILDER) == 1 &&
                        count_in(ground, "ws-a/batch", "lanes-compiler") == 1)
                        break;
        }
        assert_int_equal(count_in(ground, "ws-a/batch", BUILDER), 1);
        assert_int_equal(count_in(ground, "ws-a/batch", "lanes-compiler"), 1);
        assert_true(is_in(ground, shell, "ws-a/interactive"));
        manage_until_told(cgb, CGB_EVENT_SORTED, "ws-a", &event);
        assert_true(event.pid > 1);
        end(shell);
        ground_end(ground, cgb);
}

static void processes_that_vanish_midway_are_ordinary(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb;
        pid_t storm, builder;

        make(ground, "ws-a");
        storm = start_in(ground, "ws-a", EDITOR, start_many_that_end);
        builder = start_in(ground, "ws-a", BUILDER, be_alive);
        cgb = ground_started(ground);
        manage_until_in(ground, cgb, builder, "ws-a/batch");
        ground_manage(cgb, 3);
        assert_true(is_in(ground, storm, "ws-a/interactive"));
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_true(is_in(ground, storm, "ws-a"));
        end(storm);
        end(builder);
        ground_end(ground, cgb);
}

static void a_workspace_that_comes_later_has_lanes_and_one_that_goes_is_no_error(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        struct cgb_event event;
        char group[512];
        pid_t builder;

        make(ground, "ws-late");
        builder = start_in(ground, "ws-late", BUILDER, be_alive);
        manage_until_in(ground, cgb, builder, "ws-late/batch");
        end(builder);
        ground_remove(ground, ground_below(ground, "ws-late/batch", group));
        ground_remove(ground, ground_below(ground, "ws-late/interactive", group));
        ground_remove(ground, ground_below(ground, "ws-late", group));
        ground_manage(cgb, 1);
        manage_until_told(cgb, CGB_EVENT_GONE, "ws-late", &event);
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
        assert_int_equal(cgb_stop(cgb), 0);
        ground_end(ground, cgb);
}

static void a_group_with_groups_of_its_own_gets_no_lanes_and_stops_nobody(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb;
        struct cgb_event event;
        pid_t builder;

        make(ground, "ws-deep");
        make(ground, "ws-deep/inner");
        make(ground, "ws-plain");
        builder = start_in(ground, "ws-plain", BUILDER, be_alive);
        cgb = ground_started(ground);
        manage_until_in(ground, cgb, builder, "ws-plain/batch");
        manage_until_told(cgb, CGB_EVENT_ERROR, "ws-deep", &event);
        ground_assert_fault_names(event.fault, -EBUSY, "ws-deep");
        assert_int_equal(cgb_stop(cgb), 0);
        end(builder);
        ground_end(ground, cgb);
}

static void after_a_sigkill_restore_gives_processes_back(void **state)
{
        struct ground *ground = *state;
        pid_t builder, manager;
        char *before;

        make(ground, "ws-a");
        before = ground_picture(ground);
        builder = start_in(ground, "ws-a", BUILDER, be_alive);
        manager = fork();
        assert_true(manager >= 0);
        if (manager == 0) {
                struct cgb *cgb = ground_started(ground);

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        ground_manage(cgb, 1);
        }
        for (int i = 0; i < PATIENCE_SECONDS * 5 && !is_in(ground, builder, "ws-a/batch"); i++)
                usleep(200000);
        assert_true(is_in(ground, builder, "ws-a/batch"));
        end(manager);
        assert_true(is_in(ground, builder, "ws-a/batch"));
        assert_true(cgb_restore(&ground->options, NULL) >= 0);
        assert_true(is_in(ground, builder, "ws-a"));
        end(builder);
        ground_assert_as_before(ground, before);
}

static void the_next_manager_begins_with_what_was_there_before(void **state)
{
        struct ground *ground = *state;
        const struct cgb_rule plain = {.name = "plain", .match = "ws-*"};
        pid_t builder, manager;
        struct cgb *cgb;

        make(ground, "ws-a");
        builder = start_in(ground, "ws-a", BUILDER, be_alive);
        manager = fork();
        assert_true(manager >= 0);
        if (manager == 0) {
                cgb = ground_started(ground);
                for (;;)
                        ground_manage(cgb, 1);
        }
        for (int i = 0; i < PATIENCE_SECONDS * 5 && !is_in(ground, builder, "ws-a/batch"); i++)
                usleep(200000);
        end(manager);
        ground->options.rules = &plain;
        cgb = ground_started(ground);
        assert_true(is_in(ground, builder, "ws-a"));
        ground_manage(cgb, 0.5);
        assert_true(is_in(ground, builder, "ws-a"));
        end(builder);
        ground_end(ground, cgb);
}

/* The builder by its own name, and its child, which has no pattern of its own, by the builder's. */
static void a_dry_run_says_who_would_be_batch_and_moves_nobody(void **state)
{
        struct ground *ground = *state;
        struct cgb_rule dry = rules[0];
        char *before, group[512];
        struct cgb_event event;
        size_t told = 0;
        pid_t shell;
        struct cgb *cgb;

        dry.flags = CGB_DRY_RUN;
        ground->options.rules = &dry;
        make(ground, "ws-a");
        before = ground_picture(ground);
        shell = start_in(ground, "ws-a", EDITOR, start_a_build);
        cgb = ground_started(ground);
        manage_until_told(cgb, CGB_EVENT_LANES, "ws-a", &event);
        for (int i = 0; i < PATIENCE_SECONDS * 5 && told < 2; i++) {
                ground_manage(cgb, 0.2);
                while (ground_take_event(cgb, CGB_EVENT_SORTED, "ws-a", &event)) {
                        assert_true(is_in(ground, event.pid, "ws-a"));
                        assert_int_not_equal(event.pid, shell);
                        told++;
                }
        }
        assert_int_equal(told, 2);
        ground_manage(cgb, 1); /* nobody is told of twice */
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_SORTED, NULL), 0);
        assert_int_equal(count_in(ground, "ws-a", BUILDER), 1);
        assert_false(ground_exists(ground, ground_below(ground, "ws-a/batch", group)));
        end(shell);
        ground_end(ground, cgb);
        ground_assert_as_before(ground, before);
}

static void a_dry_run_says_who_would_have_no_lanes(void **state)
{
        struct ground *ground = *state;
        struct cgb_event event;
        struct cgb *cgb;

        ground->options.flags = CGB_DRY_RUN;
        make(ground, "ws-deep");
        make(ground, "ws-deep/inner");
        cgb = ground_started(ground);
        manage_until_told(cgb, CGB_EVENT_ERROR, "ws-deep", &event);
        ground_assert_fault_names(event.fault, -EBUSY, "ws-deep");
        ground_end(ground, cgb);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        processes_go_into_the_lanes_of_their_rule_and_return_at_the_end, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_build_that_is_started_later_is_moved_with_its_children, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(processes_that_vanish_midway_are_ordinary, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_workspace_that_comes_later_has_lanes_and_one_that_goes_is_no_error, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_group_with_groups_of_its_own_gets_no_lanes_and_stops_nobody, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_dry_run_says_who_would_be_batch_and_moves_nobody, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_dry_run_says_who_would_have_no_lanes, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(after_a_sigkill_restore_gives_processes_back, setup, ground_teardown),
                cmocka_unit_test_setup_teardown(the_next_manager_begins_with_what_was_there_before, setup, ground_teardown),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
