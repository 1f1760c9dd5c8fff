/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service that is shipped: it starts, tells how it goes, survives a broken configuration, and whatever ends it, a
 * person, a signal or the watchdog, nobody is left with a weight of its making.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground.h"
#include "installed.h"
#include "units.h"

/* Containers, as Podman would have them: one that computes, one whose owner thinks, and one that can have lanes. */
#define BUSY "libpod-busy.scope"
#define IDLE "libpod-idle.scope"
#define DIVIDED "libpod-divided.scope"
#define TREE "/sys/fs/cgroup/machine.slice/"
#define IDLE_WEIGHT TREE IDLE "/cpu.weight"

#define START(unit, options, command)                                                                   \
        "systemd-run --quiet --scope --slice=machine.slice --unit=" unit " " options " sh -c '" command \
        "' >/dev/null 2>&1 & "

/*
 * The weight after ExecStopPost=, before there is a new daemon: its own folder is what the service may write to. Where no
 * unit has a weight, systemd takes the cpu controller away, and the file: all are alike then.
 */
#define AFTER "/run/cgburst/after"

/* A minute's watchdog is more than a test can wait for. And the guest has no log by default. */
#define SETTINGS                                  \
        "WatchdogSec=3\nStandardOutput=journal\n" \
        "ExecStopPost=/bin/sh -c \"cat " IDLE_WEIGHT " > " AFTER " || echo 100 > " AFTER "\""

/* Where the journal was when a test began. (With --after-cursor the first of what is looked for would be passed over.) */
#define CURSOR "/run/cgburst-test-cursor"

/* Of one test alone. */
#define DROP_IN "/run/systemd/system/cgburst.service.d"

/* The ids of cgctl(1), MESSAGES. */
#define MANAGED "33cf1c2a13a442a49e0cabf5fc4b21e5"
#define STOPPED "03deb729c9b046e5837f45ca99dfbdb8"
#define CONFIG_USED "7e29211f498d4b29850f4bf91600bbe4"
#define CONFIG_REFUSED "acbe643f064249e0b2bb08524ef5ad2d"

static int install(void **state)
{
        (void)state;
        installed_put(SETTINGS);
        assert_int_equal(units_sh(START(BUSY, "", "for i in 1 2 3; do (while :; do :; done) & done; wait")
                                         START(IDLE, "", "sleep 600")),
                0);
        assert_true(units_come_true("test -d " TREE BUSY " && test -d " TREE IDLE));
        return 0;
}

static int uninstall(void **state)
{
        (void)state;
        units_sh("systemctl stop " BUSY " " IDLE " " DIVIDED "; rm -f " CURSOR);
        installed_remove();
        return 0;
}

static int start(void **state)
{
        (void)state;
        units_sh("rm -f " AFTER "; journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p' >" CURSOR);
        installed_start();
        return 0;
}

static int stop(void **state)
{
        (void)state;
        units_sh("cp /usr/local/share/doc/cgburst/cgburst.conf " INSTALLED_CONFIG "; systemctl stop cgburst");
        return 0;
}

static uint32_t idle_weight(void)
{
        char text[64];

        assert_int_equal(units_read(text, sizeof text, "cat " IDLE_WEIGHT " 2>/dev/null || echo 100"), 0);
        return (uint32_t)strtoul(text, NULL, 10);
}

static void assert_idle_gets_credit(void)
{
        assert_true(units_come_true("test $(cat " IDLE_WEIGHT ") -gt 100"));
}

/* systemd itself still knows of no weight: it was not set to 100, it was taken back. */
static void assert_nothing_is_left(void)
{
        char text[256];

        assert_int_equal(idle_weight(), 100);
        assert_int_equal(units_read(text, sizeof text, "systemctl show -P CPUWeight " IDLE " " BUSY), 0);
        assert_string_equal(text, "[not set]\n\n[not set]\n");
}

/* Since the test began. */
static bool journal_has(const char *id, const char *text)
{
        bool has = units_come_true(
                "journalctl --quiet --output=cat --cursor=\"$(cat " CURSOR ")\" MESSAGE_ID=%s | grep -F '%s'", id, text);

        if (!has)
                units_sh("systemctl status --no-pager cgburst; journalctl --quiet --no-pager --lines=30; exit 1");
        return has;
}

static void the_unit_passes_the_check_of_systemd(void **state)
{
        char text[4096];

        (void)state;
        assert_int_equal(units_read(text, sizeof text, "systemd-analyze verify --man=no " INSTALLED_UNIT), 0);
        assert_string_equal(text, "");
}

static void it_is_active_once_it_manages_and_tells_how_it_goes(void **state)
{
        (void)state;
        assert_true(journal_has(MANAGED, "machine.slice on /sys/fs/cgroup is managed"));
        assert_true(units_come_true(
                "systemctl show -P StatusText cgburst | grep -E '^[1-9][0-9]* workspaces, [0-9]+ awake, price [01]\\.[0-9]{3}$'"));
        assert_idle_gets_credit();
        assert_int_equal(units_sh("cgctl status --parent machine.slice | grep -E '^" IDLE " .* systemd  '"), 0);
}

static void a_broken_configuration_is_refused_at_reload_and_the_old_one_stays(void **state)
{
        (void)state;
        assert_int_equal(units_sh("echo 'colour = blue' >>" INSTALLED_CONFIG " && systemctl reload cgburst"), 0);
        assert_true(journal_has(CONFIG_REFUSED, "the old configuration stays in force"));
        assert_int_equal(units_sh("journalctl --quiet --output=cat --unit cgburst | grep -F 'colour'"), 0);
        assert_idle_gets_credit();
        assert_int_equal(
                units_sh("sed -i 's/^step = 1$/step = 0.5/; $d' " INSTALLED_CONFIG " && systemctl reload cgburst"), 0);
        assert_true(journal_has(CONFIG_USED, "is in force"));
        assert_true(units_come_true("cgctl status --parent machine.slice | grep -F 'a step every 0.50s'"));
}

/* After the end of the first daemon: its weights were gone before there was a second, which manages on. */
static void assert_restarted(void)
{
        char text[64];

        assert_true(units_come_true(
                "test $(systemctl show -P NRestarts cgburst) = 1 && test $(systemctl is-active cgburst) = active"));
        assert_int_equal(units_read(text, sizeof text, "cat " AFTER), 0);
        assert_string_equal(text, "100\n");
        assert_idle_gets_credit();
}

static void a_daemon_that_hangs_is_ended_by_the_watchdog_and_nobody_keeps_its_weights(void **state)
{
        (void)state;
        assert_idle_gets_credit();
        assert_int_equal(units_sh("kill -STOP $(systemctl show -P MainPID cgburst)"), 0);
        assert_restarted();
}

static void a_daemon_that_is_killed_leaves_nobody_its_weights(void **state)
{
        (void)state;
        assert_idle_gets_credit();
        assert_int_equal(units_sh("kill -KILL $(systemctl show -P MainPID cgburst)"), 0);
        assert_restarted();
}

static void the_slice_of_scopes_goes_with_the_last_of_them(void **state)
{
        (void)state;
        assert_int_equal(units_sh("cgctl run --systemd -- systemctl -q is-active cgburst.slice"), 0);
        assert_true(units_come_true(
                "test $(systemctl is-active cgburst.slice) = inactive && test ! -e /sys/fs/cgroup/cgburst.slice"));
        assert_int_equal(
                units_sh_as_user(
                        "systemctl --user daemon-reload && cgctl run --systemd -- systemctl --user -q is-active cgburst.slice"),
                0);
        assert_true(units_come_true_as_user("test $(systemctl --user is-active cgburst.slice) = inactive"));
}

/* It has no capabilities: root's files are all that it may write. */
static void it_sorts_processes_into_lanes_and_takes_them_out_again(void **state)
{
        (void)state;
        assert_int_equal(units_sh(START(DIVIDED, "-p Delegate=yes", "sleep 600 & wait")), 0);
        assert_int_equal(
                units_sh("printf '[rule a]\nmatch = machine.slice/libpod-*.scope\nbatch = comm:sleep\n' >" INSTALLED_CONFIG
                         " && systemctl reload cgburst"),
                0);
        assert_true(units_come_true(
                "grep -q . " TREE DIVIDED "/batch/cgroup.procs && grep -q . " TREE DIVIDED "/interactive/cgroup.procs"));
        assert_int_equal(units_sh("systemctl stop cgburst && test ! -e " TREE DIVIDED "/batch && test $(wc -l <" TREE DIVIDED
                                  "/cgroup.procs) = 2"),
                0);
}

/* What it takes and lowers after half a minute of grace is kernel-memory's to see: here, that the sandbox refuses nothing. */
static void it_can_keep_the_memory_law(void **state)
{
        (void)state;
        assert_int_equal(
                units_sh("mkdir -p " DROP_IN " && printf '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/cgctl daemon "
                         "--config " INSTALLED_CONFIG " --memory\\n' >" DROP_IN "/memory.conf && "
                         "systemctl daemon-reload && systemctl restart cgburst"),
                0);
        assert_true(units_come_true(
                "cgctl status --parent machine.slice --json | tr -d ' \\n' | grep -F '\"can_reclaim\":true'"));
        assert_int_equal(units_sh("cgctl status --parent machine.slice | grep -E '^" IDLE " +[0-9.]+ +max '"), 0);
        assert_int_equal(
                units_sh("ls -l /proc/$(systemctl show -P MainPID cgburst)/fd | grep -q 'machine.slice/memory.pressure$'"),
                0);
}

static int stop_memory(void **state)
{
        units_sh("rm -r " DROP_IN "; systemctl daemon-reload");
        return stop(state);
}

static void after_it_is_stopped_all_is_as_before(void **state)
{
        (void)state;
        assert_idle_gets_credit();
        assert_int_equal(units_sh("systemctl stop cgburst && test $(systemctl show -P Result cgburst) = success"), 0);
        assert_nothing_is_left();
        assert_true(journal_has(STOPPED, "everything is put back"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_unit_passes_the_check_of_systemd),
                cmocka_unit_test(the_slice_of_scopes_goes_with_the_last_of_them),
                cmocka_unit_test_setup_teardown(it_is_active_once_it_manages_and_tells_how_it_goes, start, stop),
                cmocka_unit_test_setup_teardown(
                        a_broken_configuration_is_refused_at_reload_and_the_old_one_stays, start, stop),
                cmocka_unit_test_setup_teardown(
                        a_daemon_that_hangs_is_ended_by_the_watchdog_and_nobody_keeps_its_weights, start, stop),
                cmocka_unit_test_setup_teardown(a_daemon_that_is_killed_leaves_nobody_its_weights, start, stop),
                cmocka_unit_test_setup_teardown(it_sorts_processes_into_lanes_and_takes_them_out_again, start, stop),
                cmocka_unit_test_setup_teardown(it_can_keep_the_memory_law, start, stop_memory),
                cmocka_unit_test_setup_teardown(after_it_is_stopped_all_is_as_before, start, stop),
        };

        if (units_are_missing() || installed_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("service", tests, install, uninstall);
}
