/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who writes is chosen by whose a group is: a unit's own group is set by systemd, which therefore keeps the value; what
 * libcgroup's configuration names goes by way of it; and a unit of a manager that cannot be asked is measured only.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"
#include "units.h"

#define SLICE "cgbtest.slice"
#define TREE "/sys/fs/cgroup/"

#define LOOPS "sh -c 'for i in 1 2 3; do (while :; do :; done) & done; wait'"

/* From the command line; read only. */
static const char *program;

static pid_t start_daemon(const char *parent, const char *backend)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                execl(program, program, "daemon", "--parent", parent, "--step", "0.2", "--backend", backend, NULL);
                _exit(124);
        }
        return pid;
}

static void end_daemon(pid_t pid)
{
        int status;

        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static uint32_t weight_of(const char *group)
{
        char text[64];

        assert_int_equal(units_read(text, sizeof text, "cat " TREE "%s/cpu.weight", group), 0);
        return (uint32_t)strtoul(text, NULL, 10);
}

static int clean_up(void **state)
{
        (void)state;
        units_sh("pkill -KILL -x cgctl; systemctl stop " SLICE
                 " cgb-box.service 2>/dev/null; rm -f /etc/cgconfig.conf; true");
        units_sh("for group in cgbtest/www cgbtest/other; do echo 1 > " TREE "$group/cgroup.kill; sleep 0.2; rmdir " TREE
                 "$group; done 2>/dev/null; "
                 "rmdir " TREE "cgbtest 2>/dev/null; true");
        return 0;
}

/* The owner and the writer that the status has of a workspace. */
static bool status_says(const char *parent, const char *name, const char *owner, const char *writer)
{
        return units_come_true(
                "%s status --parent %s --json | tr -d ' \\n' | grep -q '\"name\":\"%s\",.[^}]*\"owner\":\"%s\",\"writer\":\"%s\"'",
                program, parent, name, owner, writer);
}

static void a_units_weight_is_set_by_systemd_and_outlives_a_reload(void **state)
{
        pid_t daemon;

        (void)state;
        assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-busy -p CPUWeight=100 " LOOPS), 0);
        assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-idle sleep 600"), 0);
        daemon = start_daemon(SLICE, "auto");
        assert_true(status_says(SLICE, "cgb-idle.service", "unit", "systemd"));
        assert_true(units_come_true("test $(cat " TREE SLICE "/cgb-idle.service/cpu.weight) -gt $((2 * $(cat " TREE SLICE
                                    "/cgb-busy.service/cpu.weight)))"));
        /* it is systemd's own knowledge, so a reload writes nothing else */
        assert_true(units_come_true(
                "test $(systemctl show -P CPUWeight cgb-idle.service) = $(cat " TREE SLICE "/cgb-idle.service/cpu.weight)"));
        assert_int_equal(units_sh("systemctl daemon-reload"), 0);
        assert_true(weight_of(SLICE "/cgb-idle.service") > 100);
        end_daemon(daemon);
        assert_int_equal(weight_of(SLICE "/cgb-idle.service"), 100);
        assert_int_equal(weight_of(SLICE "/cgb-busy.service"), 100);
}

/*
 * systemd does not know that the controller is wanted: it takes it away when it next looks at the slice, as when a unit
 * starts there.
 */
static void units_from_which_systemd_takes_the_cpu_controller_are_managed_as_well(void **state)
{
        pid_t daemon;

        (void)state;
        assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-busy " LOOPS), 0);
        assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-idle sleep 600"), 0);
        for (int again = 0; again < 2; again++) { /* the end of the first takes the controller away */
                daemon = start_daemon(SLICE, "auto");
                assert_true(status_says(SLICE, "cgb-idle.service", "unit", "systemd"));
                assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-third-%d sleep 600", again), 0);
                assert_true(units_come_true("test $(cat " TREE SLICE "/cgb-idle.service/cpu.weight) -gt 150"));
                assert_int_equal(
                        units_sh("%s status --parent " SLICE " | grep -E '^cgb-busy.service +[* ] +1\\.00 '", program), 0);
                end_daemon(daemon);
                assert_int_equal(
                        units_sh("test $(systemctl show -P CPUWeight cgb-idle cgb-busy | grep -c -F '[not set]') = 2"), 0);
        }
}

static void what_libcgroup_names_goes_by_way_of_it(void **state)
{
        pid_t daemon;

        (void)state;
        assert_int_equal(units_sh("echo 'group cgbtest/www { cpu { } }' > /etc/cgconfig.conf; echo +cpu > " TREE
                                  "cgroup.subtree_control; "
                                  "mkdir -p " TREE "cgbtest/www " TREE "cgbtest/other && echo +cpu > " TREE
                                  "cgbtest/cgroup.subtree_control"),
                0);
        assert_int_equal(units_sh("for i in 1 2 3; do sh -c 'echo $$ > " TREE
                                  "cgbtest/other/cgroup.procs; while :; do :; done' >/dev/null 2>&1 & done"),
                0);
        daemon = start_daemon("cgbtest", "auto");
        assert_true(status_says("cgbtest", "www", "libcgroup", "libcgroup"));
        assert_true(status_says("cgbtest", "other", "nobody", "cgroupfs"));
        assert_true(units_come_true("test $(cat " TREE "cgbtest/www/cpu.weight) -gt 200"));
        end_daemon(daemon);
        assert_int_equal(weight_of("cgbtest/www"), 100);
}

/* A service that lays its group out as a container's own systemd does. */
static void units_inside_of_a_container_are_measured_only_also_where_systemd_is_chosen(void **state)
{
        static const char inside[] = "system.slice/cgb-box.service/system.slice";
        char text[4096];
        pid_t daemon;

        (void)state;
        assert_int_equal(
                units_sh(
                        "systemd-run --quiet --unit=cgb-box -p Delegate=yes sh -c 'cd " TREE
                        "system.slice/cgb-box.service && "
                        "mkdir init.scope && echo 0 > init.scope/cgroup.procs && mkdir -p system.slice/web.service && exec sleep 600'"),
                0);
        assert_true(units_come_true("test -d " TREE "%s/web.service", inside));
        daemon = start_daemon(inside, "systemd");
        assert_true(status_says(inside, "web.service", "unit", "nobody"));
        end_daemon(daemon);
        assert_int_equal(units_read(text, sizeof text, "%s doctor --parent %s --backend systemd", program, inside), 0);
        assert_null(strstr(text, "nobody is chosen"));
}

static void a_group_that_would_look_like_a_unit_is_not_made(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(
                units_read(text, sizeof text, "%s run --parent system.slice --name cgb-new.service -- true", program), 2);
        units_assert_text(text, "cgb-new.service");
        units_assert_text(text, "cgctl run --systemd");
        assert_int_not_equal(units_sh("test -d " TREE "system.slice/cgb-new.service"), 0);
}

static void a_unit_of_a_manager_that_cannot_be_asked_is_measured_only(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-busy -p CPUWeight=100 " LOOPS), 0);
        assert_int_equal(units_sh("systemd-run --quiet --slice=" SLICE " --unit=cgb-idle -p CPUWeight=100 sleep 600"), 0);
        assert_int_equal(units_sh_as_user("%s daemon --parent " SLICE " --step 0.1 >/tmp/cgb-user.log 2>&1 &", program), 0);
        assert_true(
                units_come_true_as_user("%s status --parent " SLICE " --json | grep -q '\"writer\": *\"nobody\"'", program));
        sleep(3);
        assert_int_equal(weight_of(SLICE "/cgb-idle.service"), 100);
        assert_int_equal(weight_of(SLICE "/cgb-busy.service"), 100);
        assert_int_equal(units_read_as_user(text, sizeof text, "%s status --parent " SLICE, program), 0);
        units_assert_text(text, "its manager cannot be asked");
        assert_int_equal(units_sh_as_user("pkill -TERM -x cgctl"), 0);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(a_units_weight_is_set_by_systemd_and_outlives_a_reload, clean_up),
                cmocka_unit_test_teardown(units_from_which_systemd_takes_the_cpu_controller_are_managed_as_well, clean_up),
                cmocka_unit_test_teardown(what_libcgroup_names_goes_by_way_of_it, clean_up),
                cmocka_unit_test_teardown(
                        units_inside_of_a_container_are_measured_only_also_where_systemd_is_chosen, clean_up),
                cmocka_unit_test(a_group_that_would_look_like_a_unit_is_not_made),
                cmocka_unit_test_teardown(a_unit_of_a_manager_that_cannot_be_asked_is_measured_only, clean_up),
        };

        program = ground_cgctl(argc, argv);
        if (program == NULL || units_are_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("auto", tests, NULL, NULL);
}
