/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Workspaces as scopes of systemd's: of PID 1 for root, and of a user's own manager; and what is said where that cannot be.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cgburst/scope.h>

#include "ground.h"
#include "units.h"

/* From the command line; read only. */
static const char *program;

/* What a command in a scope says of where it is, and of the scope's and its own weight. */
#define TELL \
        "sh -c 'own=$(sed s/^0::// /proc/self/cgroup); echo $own; cat /sys/fs/cgroup$own/cpu.weight /sys/fs/cgroup$own/../cpu.weight'"

static int stop_scopes(void **state)
{
        (void)state;
        units_sh("systemctl stop cgburst.slice 2>/dev/null; true");
        units_sh_as_user("systemctl --user stop cgburst.slice 2>/dev/null; true");
        units_sh("systemctl revert cgburst.slice 2>/dev/null; true");
        return 0;
}

static void a_command_runs_in_a_scope_that_goes_with_it(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read(text, sizeof text,
                                 "%s run --systemd --name alice --shares 2.5 --lane interactive -- " TELL, program),
                0);
        assert_string_equal(text, "/cgburst.slice/alice.scope/interactive\n100\n250\n");
        assert_true(units_come_true("test ! -e /sys/fs/cgroup/cgburst.slice/alice.scope"));
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd -- cat /proc/self/cgroup", program), 0);
        units_assert_text(text, "0::/cgburst.slice/cat-");
}

static void a_scope_has_the_sizes_that_it_was_given(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_sh("systemctl set-property --runtime cgburst.slice MemoryLow=48M"), 0);
        assert_int_equal(units_read(text, sizeof text,
                                 "%s run --systemd --name alice --memory-floor 48M --memory-max 192M -- "
                                 "sh -c 'cd /sys/fs/cgroup/cgburst.slice/alice.scope && cat memory.low memory.max'",
                                 program),
                0);
        assert_string_equal(text, "50331648\n201326592\n");
}

/* Of a slice that is not there yet its unit is asked, of one that is there its files. */
static void a_floor_that_the_slice_does_not_cover_is_refused_with_the_numbers(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd --memory-floor 48M -- true", program), 125);
        units_assert_text(text, "cgburst.slice: ");
        units_assert_text(text, " 48 MiB, and it protects 0 MiB");
        units_assert_text(text, "systemctl set-property");
        assert_int_equal(units_sh("test ! -e /sys/fs/cgroup/cgburst.slice"), 0);
        assert_int_equal(units_sh("systemctl set-property --runtime cgburst.slice MemoryLow=64M && "
                                  "%s run --systemd --name alice --memory-floor 48M -- sleep 600 >/dev/null 2>&1 &",
                                 program),
                0);
        assert_true(units_come_true("test -e /sys/fs/cgroup/cgburst.slice/alice.scope"));
        assert_int_equal(
                units_read(text, sizeof text, "%s run --systemd --name bob --memory-floor 17M -- true", program), 125);
        units_assert_text(text, "cgburst.slice/memory.low: ");
        units_assert_text(text, " 65 MiB, and it protects 64 MiB");
        assert_int_equal(units_sh("test ! -e /sys/fs/cgroup/cgburst.slice/bob.scope"), 0);
        assert_int_equal(units_sh("%s run --systemd --name bob --memory-floor 16M -- true", program), 0);
}

static void the_status_of_a_command_in_a_scope_passes_through(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd -- sh -c 'exit 37'", program), 37);
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd -- /no/such/command", program), 127);
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd --name 'a b' -- true", program), 2);
        units_assert_text(text, "cannot be the name of a scope");
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd --parent x -- true", program), 2);
        assert_int_equal(units_read(text, sizeof text, "%s run --lane batch -- true", program), 2);
        assert_int_equal(units_read(text, sizeof text, "%s run --systemd --lane fast -- true", program), 2);
}

/* For root or for the user, a scope "editor" that sleeps, and what a second command finds there. */
static void join_a_lane(bool as_user, const char *top)
{
        char text[4096], wanted[512];
        int (*sh)(const char *, ...) = as_user ? units_sh_as_user : units_sh;
        bool (*comes_true)(const char *, ...) = as_user ? units_come_true_as_user : units_come_true;
        int (*read_out)(char *, size_t, const char *, ...) = as_user ? units_read_as_user : units_read;

        assert_int_equal(sh("%s run --systemd --name editor --lane interactive -- sleep 600 >/dev/null 2>&1 &", program), 0);
        assert_true(comes_true("grep -q . /sys/fs/cgroup/%scgburst.slice/editor.scope/interactive/cgroup.procs", top));
        assert_int_equal(read_out(text, sizeof text, "%s run --systemd --name editor -- true", program), 125);
        units_assert_text(text, "--join");
        assert_int_equal(read_out(text, sizeof text,
                                 "%s run --systemd --name editor --join --lane batch -- cat /proc/self/cgroup", program),
                0);
        snprintf(wanted, sizeof wanted, "0::/%scgburst.slice/editor.scope/batch\n", top);
        assert_string_equal(text, wanted);
}

static void a_second_command_joins_a_lane_of_a_scope(void **state)
{
        (void)state;
        join_a_lane(false, "");
}

static void a_user_joins_a_lane_of_a_scope_of_the_users_own_manager(void **state)
{
        (void)state;
        join_a_lane(true, UNITS_USER_TOP "/");
}

static void a_user_runs_a_command_in_a_scope_without_any_right(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read_as_user(text, sizeof text,
                                 "%s run --systemd --name alice --shares 2.5 --lane interactive -- " TELL, program),
                0);
        assert_string_equal(text, "/" UNITS_USER_TOP "/cgburst.slice/alice.scope/interactive\n100\n250\n");
        assert_true(units_come_true_as_user("test ! -e /sys/fs/cgroup/" UNITS_USER_TOP "/cgburst.slice/alice.scope"));
}

static void scopes_and_their_lanes_have_accounts(void **state)
{
        char text[16384];

        (void)state;
        assert_int_equal(
                units_sh("%s run --systemd --name editor --lane interactive -- sleep 600 >/dev/null 2>&1 &", program), 0);
        assert_true(units_come_true("%s status --parent cgburst.slice --json | grep -q '\"editor.scope/batch\"'", program));
        assert_int_equal(units_read(text, sizeof text, "%s status --parent cgburst.slice --json", program), 0);
        units_assert_text(text, "\"editor.scope\"");
        units_assert_text(text, "\"editor.scope/interactive\"");
}

static void without_a_bus_the_remedy_is_said(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(
                units_read_as_user(text, sizeof text,
                        "env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR=/nowhere %s run --systemd -- true", program),
                125);
        units_assert_text(text, "user's bus");
        units_assert_text(text, "loginctl enable-linger");
}

/* In a process of the user's: 0, or what is amiss. */
static int ask_pid_1_as_user(void)
{
        struct cgb_scope scope = {.size = sizeof scope};
        struct cgb_scope_options options;
        struct cgb_fault fault;
        pid_t pid = getpid();

        cgb_scope_options_init(&options);
        options.manager = CGB_MANAGER_SYSTEM;
        options.name = "alice";
        if (cgb_scope_start(&options, &pid, 1, &scope, &fault) != -EACCES)
                return 1;
        return strstr(fault.remedy, "root") != NULL && strcmp(fault.file, "alice.scope") == 0 ? 0 : 2;
}

static void pid_1_refuses_a_user_and_the_remedy_is_said(void **state)
{
        pid_t pid = fork();
        int status;

        (void)state;
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(setresuid(UNITS_UID, UNITS_UID, UNITS_UID) == 0 ? ask_pid_1_as_user() : 100);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void a_process_that_is_gone_starts_no_scope(void **state)
{
        struct cgb_scope scope = {.size = sizeof scope};
        struct cgb_scope_options options;
        struct cgb_fault fault;
        pid_t pid = fork();

        (void)state;
        if (pid == 0)
                _exit(0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        cgb_scope_options_init(&options);
        options.name = "alice";
        assert_true(cgb_scope_start(&options, &pid, 1, &scope, &fault) < 0);
        assert_string_equal(fault.file, "alice.scope");
        assert_string_not_equal(fault.message, "");
        options.name = "nobody-there";
        assert_int_equal(cgb_scope_attach(&options, NULL, getpid(), &fault), -ENOENT);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(a_command_runs_in_a_scope_that_goes_with_it, stop_scopes),
                cmocka_unit_test_teardown(a_scope_has_the_sizes_that_it_was_given, stop_scopes),
                cmocka_unit_test_teardown(a_floor_that_the_slice_does_not_cover_is_refused_with_the_numbers, stop_scopes),
                cmocka_unit_test_teardown(the_status_of_a_command_in_a_scope_passes_through, stop_scopes),
                cmocka_unit_test_teardown(a_second_command_joins_a_lane_of_a_scope, stop_scopes),
                cmocka_unit_test_teardown(a_user_joins_a_lane_of_a_scope_of_the_users_own_manager, stop_scopes),
                cmocka_unit_test_teardown(a_user_runs_a_command_in_a_scope_without_any_right, stop_scopes),
                cmocka_unit_test_teardown(scopes_and_their_lanes_have_accounts, stop_scopes),
                cmocka_unit_test_teardown(without_a_bus_the_remedy_is_said, stop_scopes),
                cmocka_unit_test_teardown(pid_1_refuses_a_user_and_the_remedy_is_said, stop_scopes),
                cmocka_unit_test_teardown(a_process_that_is_gone_starts_no_scope, stop_scopes),
        };

        program = ground_cgctl(argc, argv);
        if (program == NULL || units_are_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
