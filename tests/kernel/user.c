/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ordinary user on a host that systemd runs, in what the user's manager has delegated: run, lanes, the daemon and restore
 * work, and what needs root is refused with a remedy. Commands are the user's own, from a scope with Delegate=, as README
 * has it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground.h"
#include "units.h"

#define PATIENCE 120
#define LOOK_EVERY_USEC 50000

/* Where "cgctl run" of the user makes its workspaces by default. */
#define TREE "/sys/fs/cgroup/" UNITS_USER_TOP
#define PARENT TREE "/cgburst"

/* Where the user's manager keeps services. */
#define APPS UNITS_USER_TOP "/app.slice"
#define APPS_TREE "/sys/fs/cgroup/" APPS

/* In a scope of the user's own, which may be divided. */
#define DELEGATED "systemd-run --user --quiet --scope -p Delegate=yes -- "

/* The parent for commands from outside of it, where there is no default. */
#define THERE " --parent " UNITS_USER_TOP "/cgburst "

/* From the command line; read only. */
static const char *program;

static uint32_t weight_of(const char *group)
{
        char text[64];

        assert_int_equal(units_read_as_user(text, sizeof text, "cat " PARENT "/%s/cpu.weight", group), 0);
        return (uint32_t)strtoul(text, NULL, 10);
}

/* Two workspaces of the user's: one that uses what it can, and one that waits. */
static void start_two(void)
{
        assert_int_equal(
                units_sh_as_user(DELEGATED
                        "%s run --name busy -- sh -c 'for i in 1 2 3; do (while :; do :; done) & done; wait' >/dev/null 2>&1 &",
                        program),
                0);
        assert_int_equal(units_sh_as_user(DELEGATED "%s run --name idle -- sleep 600 >/dev/null 2>&1 &", program), 0);
        assert_true(units_come_true_as_user("grep -q . " PARENT "/busy/cgroup.procs"));
        assert_true(units_come_true_as_user("grep -q . " PARENT "/idle/cgroup.procs"));
}

static int end_all(void **state)
{
        (void)state;
        units_sh("for group in idle busy; do echo 1 > " PARENT
                 "/$group/cgroup.kill; done 2>/dev/null; pkill -x -u tester cgctl; true");
        units_sh_as_user("systemctl --user stop cgbbusy cgbidle 2>/dev/null; true");
        for (int i = 0; i < PATIENCE && access(PARENT, F_OK) == 0; i++) {
                units_sh("rmdir " PARENT "/*/ " PARENT " 2>/dev/null; true");
                usleep(LOOK_EVERY_USEC);
        }
        return 0;
}

static void a_user_runs_a_command_in_a_workspace(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read_as_user(text, sizeof text,
                                 DELEGATED "%s run --name alice --shares 3 -- sh -c "
                                           "'cat /proc/self/cgroup; cat " PARENT "/alice/cpu.weight; exit 37'",
                                 program),
                37);
        assert_string_equal(text, "0::/" UNITS_USER_TOP "/cgburst/alice\n300\n");
        assert_true(units_come_true_as_user("test ! -e " PARENT));
}

static void of_two_workspaces_of_a_users_the_idle_one_earns_credit(void **state)
{
        (void)state;
        start_two();
        assert_true(units_come_true_as_user(
                "test $(cat " PARENT "/idle/cpu.weight) -gt $((2 * $(cat " PARENT "/busy/cpu.weight)))"));
}

static void lanes_of_a_users_workspace_have_accounts(void **state)
{
        (void)state;
        assert_int_equal(units_sh_as_user("mkdir -p " PARENT "/idle/interactive " PARENT "/idle/batch && echo +cpu > " PARENT
                                          "/cgroup.subtree_control && "
                                          "echo +cpu > " PARENT "/idle/cgroup.subtree_control"),
                0);
        assert_int_equal(units_sh_as_user(DELEGATED "%s daemon --depth 2 --step 0.1 >/dev/null 2>&1 &", program), 0);
        assert_true(units_come_true_as_user("%s status" THERE "--json | grep -q '\"idle/batch\"'", program));
        assert_int_equal(units_sh_as_user("pkill -TERM -x cgctl"), 0);
        assert_int_equal(
                units_sh_as_user("for i in 1 2 3 4 5 6 7 8 9 10; do pgrep -x cgctl >/dev/null || break; sleep 0.2; done; "
                                 "rmdir " PARENT "/idle/interactive " PARENT "/idle/batch"),
                0);
}

static void what_a_users_dead_daemon_left_is_put_back_by_restore(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_sh_as_user("mkdir -p " PARENT "/idle " PARENT "/busy && echo +cpu > " PARENT
                                          "/cgroup.subtree_control"),
                0);
        assert_int_equal(
                units_sh_as_user(DELEGATED
                        "sh -c 'echo $$ > " PARENT "/busy/cgroup.procs; while :; do :; done' >/dev/null 2>&1 & " DELEGATED
                        "sh -c 'echo $$ > " PARENT "/busy/cgroup.procs; while :; do :; done' >/dev/null 2>&1 & " DELEGATED
                        "sh -c 'echo $$ > " PARENT "/busy/cgroup.procs; while :; do :; done' >/dev/null 2>&1 &"),
                0);
        assert_int_equal(units_sh_as_user(DELEGATED "%s daemon --step 0.1 >/dev/null 2>&1 &", program), 0);
        assert_true(units_come_true_as_user("test $(cat " PARENT "/idle/cpu.weight) -gt 100"));
        assert_int_equal(units_read_as_user(text, sizeof text, "%s restore" THERE, program), 3);
        assert_int_equal(units_sh_as_user("pkill -KILL -x cgctl; sleep 0.3"), 0);
        assert_true(weight_of("idle") > 100);
        assert_int_equal(units_sh_as_user("%s restore" THERE, program), 0);
        assert_int_equal(weight_of("idle"), 100);
        assert_int_equal(weight_of("busy"), 100);
}

/* Units of the user's own manager, of which one uses what it can. */
static void a_users_daemon_has_the_users_manager_set_weights(void **state)
{
        char text[256];

        (void)state;
        assert_int_equal(
                units_sh_as_user(
                        "systemd-run --user --quiet --unit cgbbusy sh -c 'for i in 1 2 3; do (while :; do :; done) & done; wait' && "
                        "systemd-run --user --quiet --unit cgbidle sleep 600"),
                0);
        assert_int_equal(units_sh_as_user("%s daemon --step 0.5 --parent " APPS " >/dev/null 2>&1 &", program), 0);
        assert_true(units_come_true_as_user("test $(cat " APPS_TREE "/cgbidle.service/cpu.weight) -gt 150"));
        assert_int_equal(
                units_sh_as_user("%s status --parent " APPS " | grep -E '^cgbidle.service .* systemd  '", program), 0);
        /* what the manager itself does not know a reload would undo */
        assert_int_equal(units_sh_as_user("systemctl --user daemon-reload && test $(cat " APPS_TREE
                                          "/cgbidle.service/cpu.weight) -gt 150"),
                0);
        assert_int_equal(units_sh_as_user("pkill -TERM -x cgctl"), 0);
        assert_true(units_come_true_as_user("! pgrep -x cgctl"));
        assert_int_equal(units_read_as_user(text, sizeof text, "systemctl --user show -P CPUWeight cgbidle cgbbusy"), 0);
        assert_string_equal(text, "[not set]\n\n[not set]\n");
}

static void what_needs_root_is_refused_with_a_remedy(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read_as_user(text, sizeof text, DELEGATED "%s run --parent cgburst -- true", program), 125);
        units_assert_text(text, "run as root");
        assert_int_equal(units_read_as_user(text, sizeof text, "%s daemon --parent system.slice/new", program), 1);
        units_assert_text(text, "remedy: ");
        units_assert_text(text, "root");
        /* outside of what is delegated there is no group to be divided */
        assert_int_equal(units_read_as_user(text, sizeof text, "%s run -- true", program), 125);
        units_assert_text(text, "systemd-run --user --scope -p Delegate=yes");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(a_user_runs_a_command_in_a_workspace, end_all),
                cmocka_unit_test_teardown(of_two_workspaces_of_a_users_the_idle_one_earns_credit, end_all),
                cmocka_unit_test_teardown(lanes_of_a_users_workspace_have_accounts, end_all),
                cmocka_unit_test_teardown(what_a_users_dead_daemon_left_is_put_back_by_restore, end_all),
                cmocka_unit_test_teardown(a_users_daemon_has_the_users_manager_set_weights, end_all),
                cmocka_unit_test_teardown(what_needs_root_is_refused_with_a_remedy, end_all),
        };

        program = ground_cgctl(argc, argv);
        if (program == NULL || units_are_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("user", tests, NULL, NULL);
}
