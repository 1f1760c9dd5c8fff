/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fifty scopes and services of systemd's, managed through it and, to compare, by raw writing. What is done to a host
 * meanwhile is what is done to hosts: a reload, a property set by hand, a restart of the bus, and the death of the manager.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define SLICE "cgbtest.slice"
#define UNITS 50
#define LOOPS 4 /* that never sleep; the others do */
#define LATE 2  /* loops that begin later, where a test says so */

static int run(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

static int run(const char *format, ...)
{
        char command[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(command, sizeof command, format, arguments);
        va_end(arguments);
        return system(command);
}

static const char *unit_of(int i, char ret[static 32])
{
        snprintf(ret, 32, i % 2 == 0 ? "cgbt-%d.service" : "cgbt-%d.scope", i);
        return ret;
}

/* "[not set]", or the number: what systemd itself believes. */
static void show_weight(int i, char *ret, size_t size)
{
        char command[256], unit[32];
        FILE *in;

        snprintf(command, sizeof command, "systemctl show -P CPUWeight %s", unit_of(i, unit));
        in = popen(command, "re");
        assert_non_null(in);
        if (fgets(ret, (int)size, in) == NULL)
                *ret = '\0';
        ret[strcspn(ret, "\n")] = '\0';
        pclose(in);
}

/* 0: there is no such file, which is what becomes of it when systemd sees no use for the controller. */
static uint32_t weight_of(const struct ground *ground, int i)
{
        char unit[32], path[512], name[1024];

        ground_below(ground, unit_of(i, unit), path);
        snprintf(name, sizeof name, "%s/%s/cpu.weight", ground->mount, path);
        return access(name, F_OK) == 0 ? ground_weight(ground, path) : 0;
}

/* Those that never sleep stand still at first: a busy machine takes a minute to start fifty units. */
static int start_units(void **state)
{
        char unit[32], path[256];

        (void)state;
        for (int i = 0; i < UNITS; i++) {
                const char *command = i < LOOPS + LATE ? "kill -STOP $$; while :; do :; done" : "exec sleep 1000";

                unit_of(i, unit);
                assert_int_equal(run("systemd-run --quiet %s --slice=" SLICE " --unit=%s sh -c '%s' &",
                                         i % 2 == 0 ? "" : "--scope", unit, command),
                        0);
                snprintf(path, sizeof path, "/sys/fs/cgroup/" SLICE "/%s", unit);
                for (int tries = 0; tries < 1000 && access(path, F_OK) < 0; tries++)
                        usleep(50000);
                assert_int_equal(access(path, F_OK), 0);
        }
        return 0;
}

static int stop_units(void **state)
{
        (void)state;
        run("systemctl kill --kill-whom=all --signal=KILL 'cgbt-*'; systemctl stop " SLICE
            "; systemctl reset-failed 'cgbt-*' 2>/dev/null");
        return 0;
}

static void loops(const char *signal, int from, int to)
{
        char unit[32];

        for (int i = from; i < to; i++)
                assert_int_equal(run("systemctl kill --kill-whom=all --signal=%s %s", signal, unit_of(i, unit)), 0);
}

static int setup(void **state)
{
        ground_setup(state);
        struct ground *ground = *state;

        strcpy(ground->top, SLICE);
        ground->options.backend = "systemd";
        loops("CONT", 0, LOOPS);
        return 0;
}

static int teardown(void **state)
{
        struct ground *ground = *state;

        for (size_t i = 0; i < GROUND_MANAGERS; i++)
                if (ground->managers[i] != NULL)
                        ground_end(ground, ground->managers[i]);
        loops("STOP", 0, LOOPS + LATE);
        strcpy(ground->top, "none"); /* systemd's to remove */
        return ground_teardown(state);
}

static struct cgb_overview overview_of(struct cgb *cgb)
{
        struct cgb_overview overview = {.size = sizeof overview};

        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        return overview;
}

/* Until systemd has said that all is set. */
static void settle(struct cgb *cgb)
{
        for (int i = 0; i < 40; i++) {
                ground_manage(cgb, 0.5);
                if (overview_of(cgb).under_way == 0)
                        return;
        }
        fail_msg("systemd has not set all values in 20 s");
}

static void read_weights(const struct ground *ground, uint32_t ret[static UNITS])
{
        for (int i = 0; i < UNITS; i++)
                ret[i] = weight_of(ground, i);
}

static int count_equal(const uint32_t a[static UNITS], const uint32_t b[static UNITS])
{
        int n = 0;

        for (int i = 0; i < UNITS; i++)
                n += a[i] == b[i];
        return n;
}

static int count_of(const uint32_t weights[static UNITS], uint32_t weight)
{
        int n = 0;

        for (int i = 0; i < UNITS; i++)
                n += weights[i] == weight;
        return n;
}

static void a_reload_undoes_what_is_written_raw_and_not_what_systemd_was_asked_for(void **state)
{
        struct ground *ground = *state;
        uint32_t before[UNITS], after[UNITS];
        struct cgb *cgb;

        ground->options.backend = "cgroupfs";
        cgb = ground_started(ground);
        ground_manage(cgb, 8);
        read_weights(ground, before);
        assert_true(count_of(before, 100) < UNITS / 2);
        assert_int_equal(run("systemctl daemon-reload"), 0);
        read_weights(ground, after);
        print_message("raw:     after daemon-reload %d of %d weights are as they were\n", count_equal(before, after), UNITS);
        assert_true(count_equal(before, after) < UNITS / 10);
        ground_print_longest_dispatch(cgb);
        ground_end(ground, cgb);

        ground->options.backend = "systemd";
        cgb = ground_started(ground);
        ground_manage(cgb, 8);
        settle(cgb);
        read_weights(ground, before);
        assert_true(count_of(before, 100) < UNITS / 2);
        assert_int_equal(run("systemctl daemon-reload"), 0);
        read_weights(ground, after);
        print_message("systemd: after daemon-reload %d of %d weights are as they were; %" PRIu64 " calls\n",
                count_equal(before, after), UNITS, overview_of(cgb).calls);
        ground_print_longest_dispatch(cgb);
        assert_int_equal(count_equal(before, after), UNITS);
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_FOREIGN_WRITE, NULL), 0);
}

static void nothing_is_asked_while_nothing_changes_and_one_call_a_changed_unit_else(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        struct cgb_overview overview;
        uint64_t calls, weights;

        ground_manage(cgb, 10);
        settle(cgb);
        overview = overview_of(cgb);
        print_message("under load: %" PRIu64 " steps, %" PRIu64 " weights set by %" PRIu64 " calls\n", overview.steps,
                overview.weights_written, overview.calls);
        assert_true(overview.calls > 0);
        assert_int_equal(overview.calls, overview.weights_written); /* without the memory law a call has one value */
        assert_true(overview.calls <= overview.steps * UNITS);

        loops("STOP", 0, LOOPS);
        ground_manage(cgb, 5);
        settle(cgb);
        calls = overview_of(cgb).calls;
        weights = overview_of(cgb).weights_written;
        ground_manage(cgb, 10);
        overview = overview_of(cgb);
        print_message("at rest: %" PRIu64 " calls in 10 steps\n", overview.calls - calls);
        assert_int_equal(overview.weights_written, weights);
        assert_int_equal(overview.calls, calls);
}

static void a_property_set_by_hand_is_the_units_share_and_our_weight_is_set_again(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        struct cgb_workspace workspace;
        char unit[32], shown[64];

        ground_manage(cgb, 8);
        settle(cgb);
        assert_int_equal(run("systemctl set-property %s CPUWeight=300", unit_of(20, unit)), 0);
        assert_int_equal(weight_of(ground, 20), 300);
        ground_manage(cgb, 8);
        settle(cgb);
        assert_true(ground_find(cgb, unit, &workspace));
        assert_false(workspace.foreign);
        assert_int_equal(workspace.account.share_permille, 3000);
        assert_int_equal(weight_of(ground, 20), workspace.account.written);
        assert_int_not_equal(weight_of(ground, 20), 300);
        assert_int_equal(ground_count_events(cgb, CGB_EVENT_UNDONE, unit), 1);
        ground_end(ground, cgb);
        show_weight(20, shown, sizeof shown);
        assert_string_equal(shown, "300");
        assert_int_equal(weight_of(ground, 20), 300);
        assert_int_equal(run("systemctl set-property %s CPUWeight=", unit), 0);
        show_weight(21, shown, sizeof shown);
        assert_string_equal(shown, "[not set]");
        assert_true(weight_of(ground, 21) == 100 || weight_of(ground, 21) == 0);
}

static void a_bus_that_is_restarted_is_found_again_and_values_are_sent_again(void **state)
{
        struct ground *ground = *state;
        struct cgb *cgb = ground_started(ground);
        struct cgb_workspace workspace;
        uint64_t weights;
        char unit[32];

        ground_manage(cgb, 8);
        settle(cgb);
        weights = overview_of(cgb).weights_written;
        /*
         * users' managers do not look for the system's bus again by themselves, and without it can take no process that is
         * elsewhere
         */
        assert_int_equal(
                run("systemctl kill --signal=KILL dbus.service; sleep 0.2; systemctl start dbus.socket dbus.service;"
                    " systemctl try-restart 'user@*.service'"),
                0);
        loops("CONT", LOOPS, LOOPS + LATE); /* which changes what weights are to be */
        ground_manage(cgb, 10);
        settle(cgb);
        print_message(
                "after the bus was killed: %" PRIu64 " more weights set\n", overview_of(cgb).weights_written - weights);
        ground_print_longest_dispatch(cgb);
        assert_true(overview_of(cgb).weights_written > weights);
        for (int i = 0; i < UNITS; i++) {
                assert_true(ground_find(cgb, unit_of(i, unit), &workspace));
                assert_false(workspace.foreign);
                assert_int_equal(weight_of(ground, i), workspace.account.written);
        }
        assert_in_range(ground_count_events(cgb, CGB_EVENT_ERROR, NULL), 0, 2);
}

static void after_the_managers_death_systemd_puts_back_what_each_unit_had(void **state)
{
        struct ground *ground = *state;
        struct cgb_fault fault;
        uint32_t weights[UNITS];
        char unit[32], shown[64];
        pid_t child;
        int r;

        assert_int_equal(run("systemctl set-property --runtime %s CPUWeight=100", unit_of(30, unit)), 0);
        child = fork();
        if (child == 0) {
                struct cgb *cgb = ground_started(ground);

                for (;;)
                        ground_manage(cgb, 1);
        }
        sleep(12);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        read_weights(ground, weights);
        print_message("after SIGKILL %d of %d units have a weight of ours",
                UNITS - count_of(weights, 100) - count_of(weights, 0), UNITS);
        assert_true(count_of(weights, 100) < UNITS / 2);
        r = cgb_restore(&ground->options, &fault);
        print_message("; %d values were put back\n", r);
        assert_true(r > UNITS / 2);
        read_weights(ground, weights);
        assert_int_equal(count_of(weights, 100) + count_of(weights, 0), UNITS);
        show_weight(30, shown, sizeof shown);
        assert_string_equal(shown, "100");
        show_weight(31, shown, sizeof shown);
        assert_string_equal(shown, "[not set]");
        assert_int_equal(run("systemctl daemon-reload"), 0);
        read_weights(ground, weights);
        assert_int_equal(count_of(weights, 100) + count_of(weights, 0), UNITS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char *argv[])
{
        const struct CMUnitTest tests[] = {
                TEST(a_reload_undoes_what_is_written_raw_and_not_what_systemd_was_asked_for),
                TEST(nothing_is_asked_while_nothing_changes_and_one_call_a_changed_unit_else),
                TEST(a_property_set_by_hand_is_the_units_share_and_our_weight_is_set_again),
                TEST(a_bus_that_is_restarted_is_found_again_and_values_are_sent_again),
                TEST(after_the_managers_death_systemd_puts_back_what_each_unit_had),
        };

        if (ground_is_missing())
                return GROUND_SKIP;
        if (access("/run/systemd/system", F_OK) < 0) {
                print_message("systemd is not process 1 here\n");
                return GROUND_SKIP;
        }
        if (argc > 1)
                cmocka_set_test_filter(argv[1]); /* a pattern of names: all of them take minutes */
        return cmocka_run_group_tests_name("systemd", tests, start_units, stop_units);
}
