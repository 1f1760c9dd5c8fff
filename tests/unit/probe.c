/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What cgb_probe() finds on hosts of every kind. A host is a folder with proc, sys and run in it; each test takes a sound
 * one and breaks one thing.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kernel/probe.h"
#include "scratch.h"

#define TREE "sys/fs/cgroup/"
#define NO_PRESSURE "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"

/* The groups that a sound host has. */
static const char *const groups[] = {"", "work.slice/", "work.slice/alice/", "work.slice/bob/"};

static void write_in(void **state, const char *group, const char *file, const char *text)
{
        char name[PATH_MAX];

        snprintf(name, sizeof(name), TREE "%s%s", group, file);
        scratch_write(state, name, text);
}

static void make_sound_host(void **state)
{
        scratch_write(state, "proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        scratch_write(state, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        scratch_write(state, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n/dev/sdb partition 1024 0 -2\n");
        scratch_mkdir(state, "run");
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
                write_in(state, groups[i], "cgroup.controllers", "cpuset cpu memory\n");
                write_in(state, groups[i], "cgroup.subtree_control", i < 2 ? "cpu memory\n" : "\n");
                write_in(state, groups[i], "cgroup.procs", i == 1 ? "" : "1\n");
                write_in(state, groups[i], "cpu.stat", "usage_usec 9\nuser_usec 9\nsystem_usec 0\n");
                write_in(state, groups[i], "cpu.pressure", NO_PRESSURE);
                if (i == 0) {
                        write_in(state, "", "cpuset.cpus.effective", "0-3\n");
                        continue;
                }
                write_in(state, groups[i], "cgroup.type", "domain\n");
                write_in(state, groups[i], "cpu.weight", "100\n");
                write_in(state, groups[i], "cpu.idle", "0\n");
                write_in(state, groups[i], "memory.reclaim", "");
        }
}

static int setup(void **state)
{
        int r = scratch_setup(state);

        if (r == 0)
                make_sound_host(state);
        return r;
}

/* All checks of a host, with the state folder in it. */
struct findings {
        struct cgb_check checks[CGB_CHECKS_MAX];
        size_t n;
};

static struct findings probe_parent(void **state, const char *parent)
{
        char state_dir[PATH_MAX];
        struct cgb_options options = {.size = sizeof(options), .parent = parent, .state_dir = state_dir};
        struct findings findings;

        snprintf(state_dir, sizeof(state_dir), "%s/run/cgburst", (const char *)*state);
        findings.n = cgb_probe_in(*state, &options, findings.checks, CGB_CHECKS_MAX);
        return findings;
}

static struct findings probe(void **state)
{
        return probe_parent(state, "work.slice");
}

static const struct cgb_check *find(const struct findings *findings, const char *name)
{
        for (size_t i = 0; i < findings->n; i++)
                if (strcmp(findings->checks[i].name, name) == 0)
                        return &findings->checks[i];
        return NULL;
}

/* The check of this name came out so, with these words in what was found and in the remedy. */
static void assert_check(const struct findings *findings, const char *name, enum cgb_check_result result, const char *found,
        const char *remedy)
{
        const struct cgb_check *check = find(findings, name);

        if (check == NULL)
                fail_msg("there is no check \"%s\"", name);
        if (check->result != result)
                fail_msg("%s: %d: %s", name, check->result, check->found);
        if (strstr(check->found, found) == NULL)
                fail_msg("%s: \"%s\" does not say \"%s\"", name, check->found, found);
        if (strstr(check->remedy, remedy) == NULL)
                fail_msg("%s: \"%s\" does not say \"%s\"", name, check->remedy, remedy);
}

static void assert_probe(void **state, const char *name, enum cgb_check_result result, const char *found, const char *remedy)
{
        struct findings findings = probe(state);

        assert_check(&findings, name, result, found, remedy);
}

static void on_a_sound_host_only_the_folder_in_the_mounts_place_is_amiss(void **state)
{
        struct findings findings = probe(state);

        assert_int_equal(findings.n, 20);
        for (size_t i = 0; i < findings.n; i++) {
                const struct cgb_check *check = &findings.checks[i];
                bool is_mount = strcmp(check->name, "cgroup v2") == 0;

                if (check->result != (is_mount ? CGB_CHECK_DEGRADED : CGB_CHECK_OK))
                        fail_msg("%s: %s", check->name, check->found);
                assert_string_not_equal(check->found, "");
                assert_true((check->remedy[0] != '\0') == is_mount);
        }
}

static void no_more_checks_are_filled_in_than_there_is_room_for(void **state)
{
        struct cgb_options options = {.parent = "work.slice"};
        struct cgb_check checks[3] = {[2] = {.found = "before"}};

        assert_int_equal(cgb_probe_in(*state, &options, checks, 2), 2);
        assert_string_equal(checks[2].found, "before");
        assert_int_equal(cgb_probe_in(*state, &options, checks, 0), 0);
}

static void probing_changes_nothing(void **state)
{
        unsigned before = scratch_open_files();

        write_in(state, "", "cgroup.subtree_control", "memory\n");
        probe(state);
        probe_parent(state, "work.slice/new");
        scratch_assert_text(state, TREE "cgroup.subtree_control", "memory\n");
        assert_false(scratch_exists(state, TREE "work.slice/new"));
        assert_false(scratch_exists(state, "run/cgburst"));
        assert_int_equal(scratch_open_files(), before);
}

static void without_cgroup2_only_the_host_is_looked_at(void **state)
{
        struct findings findings;

        scratch_write(state, "proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n");
        findings = probe(state);
        assert_check(&findings, "cgroup v2", CGB_CHECK_FAILED, "not mounted", "systemd.unified_cgroup_hierarchy=1");
        assert_null(find(&findings, "cpu controller"));
        assert_null(find(&findings, "parent group"));
        assert_non_null(find(&findings, "kernel"));
}

static void a_mount_that_is_named_is_taken_as_it_is(void **state)
{
        struct cgb_options options = {.mount = scratch_path(state, "none")};
        struct findings findings;

        findings.n = cgb_probe_in(*state, &options, findings.checks, CGB_CHECKS_MAX);
        assert_check(&findings, "cgroup v2", CGB_CHECK_FAILED, "none", "mount -t cgroup2");
}

static void a_kernel_that_is_too_old_is_told(void **state)
{
        scratch_write(state, "proc/sys/kernel/osrelease", "4.14.336\n");
        assert_probe(state, "kernel", CGB_CHECK_FAILED, "4.14.336", "4.15");
        scratch_write(state, "proc/sys/kernel/osrelease", "4.15.0\n");
        assert_probe(state, "kernel", CGB_CHECK_OK, "4.15.0", "");
        scratch_write(state, "proc/sys/kernel/osrelease", "3.99\n");
        assert_probe(state, "kernel", CGB_CHECK_FAILED, "3.99", "4.15");
        scratch_write(state, "proc/sys/kernel/osrelease", "10.0-rc1\n");
        assert_probe(state, "kernel", CGB_CHECK_OK, "10.0-rc1", "");
        scratch_write(state, "proc/sys/kernel/osrelease", "unknown\n");
        assert_probe(state, "kernel", CGB_CHECK_DEGRADED, "cannot be read", "/proc");
}

static void a_controller_that_v1_has_is_missing(void **state)
{
        write_in(state, "", "cgroup.controllers", "cpuset memory\n");
        assert_probe(state, "cpu controller", CGB_CHECK_FAILED, "cgroup.controllers", "cgroup_no_v1=all");
        assert_probe(state, "cpu controller on the way down", CGB_CHECK_FAILED, "none to pass down", "");
}

static void a_mount_without_controllers_file_is_no_cgroup2(void **state)
{
        scratch_remove(state, TREE "cgroup.controllers");
        assert_probe(state, "cpu controller", CGB_CHECK_FAILED, "No such file", "mount of cgroup v2");
}

static void a_parent_that_is_not_there_can_be_made_or_not(void **state)
{
        struct findings findings = probe_parent(state, "work.slice/x/y");

        assert_check(&findings, "parent group", CGB_CHECK_OK, "can be made", "");
        scratch_lock(state, TREE "work.slice");
        scratch_become_nobody();
        findings = probe_parent(state, "work.slice/x/y");
        assert_check(&findings, "parent group", CGB_CHECK_FAILED, "Permission denied", "mkdir -p");
        assert_check(&findings, "permission to write", CGB_CHECK_FAILED, "work.slice", "root");
}

static void a_parent_that_cannot_be_is_told_and_not_looked_at(void **state)
{
        struct findings findings = probe_parent(state, "../etc");

        assert_check(&findings, "parent group", CGB_CHECK_FAILED, "../etc", "relative to the mount");
        assert_null(find(&findings, "cpu.stat"));
}

static void slashes_around_a_parent_do_no_harm(void **state)
{
        struct findings findings = probe_parent(state, "/work.slice/");

        assert_check(&findings, "parent group", CGB_CHECK_OK, "with 2 groups", "");
}

static void a_controller_that_is_not_passed_down_yet_will_be(void **state)
{
        write_in(state, "", "cgroup.subtree_control", "memory\n");
        write_in(state, "work.slice/", "cgroup.subtree_control", "\n");
        assert_probe(state, "cpu controller on the way down", CGB_CHECK_OK, "not yet: 2", "");
}

static void a_controller_that_we_cannot_pass_down_fails(void **state)
{
        write_in(state, "", "cgroup.subtree_control", "memory\n");
        scratch_lock(state, TREE "cgroup.subtree_control");
        scratch_become_nobody();
        assert_probe(state, "cpu controller on the way down", CGB_CHECK_FAILED, "Permission denied", "echo +cpu > ");
}

static void a_parent_with_processes_cannot_pass_the_controller_down(void **state)
{
        write_in(state, "work.slice/", "cgroup.subtree_control", "\n");
        write_in(state, "work.slice/", "cgroup.procs", "4711\n");
        assert_probe(state, "cpu controller on the way down", CGB_CHECK_FAILED, "processes of its own", "child group");
}

static void the_top_of_a_container_is_no_real_root_and_may_have_no_processes(void **state)
{
        write_in(state, "", "cgroup.subtree_control", "\n");
        assert_probe(state, "cpu controller on the way down", CGB_CHECK_OK, "not yet: 1", "");
        write_in(state, "", "cgroup.type", "domain\n");
        assert_probe(state, "cpu controller on the way down", CGB_CHECK_FAILED, "processes of its own", "");
}

static void a_threaded_parent_fails(void **state)
{
        write_in(state, "work.slice/", "cgroup.type", "threaded\n");
        assert_probe(state, "group type", CGB_CHECK_FAILED, "\"threaded\"", "domain");
        write_in(state, "work.slice/", "cgroup.type", "domain invalid\n");
        assert_probe(state, "group type", CGB_CHECK_FAILED, "\"domain invalid\"", "domain");
}

static void weights_that_may_not_be_written_are_counted(void **state)
{
        scratch_lock(state, TREE "work.slice/alice/cpu.weight");
        assert_int_equal(chmod(scratch_path(state, TREE "work.slice/bob/cpu.weight"), 0666), 0);
        scratch_become_nobody();
        assert_probe(state, "permission to write", CGB_CHECK_DEGRADED, "in 1 of 2 groups, such as alice", "root");
}

static void weights_of_which_none_may_be_written_fail(void **state)
{
        scratch_lock(state, TREE "work.slice/alice/cpu.weight");
        scratch_lock(state, TREE "work.slice/bob/cpu.weight");
        scratch_become_nobody();
        assert_probe(state, "permission to write", CGB_CHECK_FAILED, "in 2 of 2 groups", "root");
}

static void processes_that_may_not_be_moved_degrade(void **state)
{
        assert_int_equal(chmod(scratch_path(state, TREE "work.slice/alice/cpu.weight"), 0666), 0);
        assert_int_equal(chmod(scratch_path(state, TREE "work.slice/bob/cpu.weight"), 0666), 0);
        scratch_lock(state, TREE "work.slice/cgroup.procs");
        scratch_become_nobody();
        assert_probe(state, "permission to write", CGB_CHECK_DEGRADED, "cgroup.procs", "root");
}

static void a_unit_of_systemds_degrades_unless_it_is_delegated(void **state)
{
        scratch_mkdir(state, "run/systemd/system");
        assert_probe(state, "systemd", CGB_CHECK_DEGRADED, "inside of work.slice", "name a parent that is no unit");
        if (setxattr(scratch_path(state, TREE "work.slice"), "user.delegate", "1", 1, 0) < 0) {
                print_message("the mark of a delegated unit is not tested: /tmp has no extended attributes\n");
                return;
        }
        assert_probe(state, "systemd", CGB_CHECK_OK, "below work.slice, which is delegated", "");
}

static void a_group_inside_a_unit_belongs_to_the_unit(void **state)
{
        struct findings findings;

        scratch_mkdir(state, "run/systemd/system");
        findings = probe_parent(state, "work.slice/alice/deep");
        assert_check(&findings, "systemd", CGB_CHECK_DEGRADED, "inside of work.slice", "");
        findings = probe_parent(state, "work.slice/run.service/deep");
        assert_check(&findings, "systemd", CGB_CHECK_DEGRADED, "inside of run.service", "systemctl edit");
        findings = probe_parent(state, "work.slice/run.scope");
        assert_check(&findings, "systemd", CGB_CHECK_DEGRADED, "inside of run.scope", "systemd-run --scope");
        findings = probe_parent(state, "work.slice.d/.slice");
        assert_check(&findings, "systemd", CGB_CHECK_OK, "no unit and in none", "");
}

static void a_group_beside_systemds_units_is_left_alone_by_it(void **state)
{
        struct findings findings;

        scratch_mkdir(state, "run/systemd/system");
        findings = probe_parent(state, "cgburst");
        assert_check(&findings, "systemd", CGB_CHECK_OK, "no unit and in none", "");
}

static void the_state_folder_is_writable_or_can_be_made(void **state)
{
        struct cgb_options options = {.parent = "work.slice", .state_dir = scratch_path(state, "deep/down")};
        struct findings findings = probe(state);

        assert_check(&findings, "state directory", CGB_CHECK_OK, "can be made", "");
        scratch_mkdir(state, "run/cgburst");
        assert_probe(state, "state directory", CGB_CHECK_OK, "is writable", "");
        findings.n = cgb_probe_in(*state, &options, findings.checks, CGB_CHECKS_MAX);
        assert_check(&findings, "state directory", CGB_CHECK_FAILED, "No such file", "--state-dir");
        options.state_dir = scratch_path(state, "proc/swaps");
        findings.n = cgb_probe_in(*state, &options, findings.checks, CGB_CHECKS_MAX);
        assert_check(&findings, "state directory", CGB_CHECK_FAILED, "not a folder", "--state-dir");
}

static void a_state_folder_that_may_not_be_written_fails(void **state)
{
        scratch_lock(state, "run");
        scratch_become_nobody();
        assert_probe(state, "state directory", CGB_CHECK_FAILED, "Permission denied", "--state-dir");
}

static void usage_that_cannot_be_read_fails(void **state)
{
        write_in(state, "work.slice/", "cpu.stat", "user_usec 9\n");
        assert_probe(state, "cpu.stat", CGB_CHECK_FAILED, "usage_usec", "cgroup v2");
        scratch_remove(state, TREE "work.slice/cpu.stat");
        assert_probe(state, "cpu.stat", CGB_CHECK_FAILED, "No such file", "4.15");
}

static void pressure_that_is_off_degrades_with_the_word_that_turns_it_on(void **state)
{
        scratch_remove(state, TREE "work.slice/cpu.pressure");
        assert_probe(state, "pressure stall information", CGB_CHECK_DEGRADED, "off in this kernel", "psi=1");
        write_in(state, "work.slice/", "cgroup.pressure", "0\n");
        assert_probe(
                state, "pressure stall information", CGB_CHECK_DEGRADED, "for this group", "work.slice/cgroup.pressure");
}

static void the_cpus_of_the_parent_are_counted(void **state)
{
        assert_probe(state, "CPUs", CGB_CHECK_OK, "may use 4.000", "");
        write_in(state, "work.slice/", "cpu.max", "150000 100000\n");
        assert_probe(state, "CPUs", CGB_CHECK_OK, "may use 1.500", "");
        write_in(state, "work.slice/", "cpu.max", "junk\n");
        assert_probe(state, "CPUs", CGB_CHECK_FAILED, "cannot be told", "cpu.max");
}

static void idle_groups_are_named(void **state)
{
        write_in(state, "work.slice/bob/", "cpu.idle", "1\n");
        assert_probe(state, "cpu.idle", CGB_CHECK_DEGRADED, "in 1 of 2 groups, such as bob", "work.slice/bob/cpu.idle");
}

static void a_scheduler_in_the_fair_ones_place_is_named(void **state)
{
        scratch_write(state, "sys/kernel/sched_ext/state", "disabled\n");
        assert_probe(state, "sched_ext", CGB_CHECK_OK, "not in use", "");
        scratch_write(state, "sys/kernel/sched_ext/state", "enabled\n");
        scratch_write(state, "sys/kernel/sched_ext/root/ops", "scx_rusty\n");
        assert_probe(state, "sched_ext", CGB_CHECK_DEGRADED, "\"scx_rusty\"", "systemctl stop scx");
}

static void a_limit_of_open_files_below_what_the_groups_use_degrades(void **state)
{
        struct rlimit before, limit;
        struct findings findings;
        char name[64];

        for (int i = 0; i < 60; i++) {
                snprintf(name, sizeof(name), TREE "work.slice/w%d", i);
                scratch_mkdir(state, name);
        }
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        limit = before;
        limit.rlim_cur = 200;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        findings = probe(state);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_check(&findings, "open files", CGB_CHECK_DEGRADED, "62 groups would use 124", "LimitNOFILE");
}

static void what_memory_would_need_is_told_and_asked_of_nobody(void **state)
{
        write_in(state, "work.slice/", "cgroup.controllers", "cpu\n");
        scratch_write(state, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
        scratch_remove(state, TREE "work.slice/memory.reclaim");
        scratch_remove(state, TREE "work.slice/alice/memory.reclaim");
        assert_probe(state, "memory.reclaim", CGB_CHECK_OK, "available", "");
        scratch_remove(state, TREE "work.slice/bob/memory.reclaim");
        assert_probe(state, "memory controller", CGB_CHECK_OK, "not available", "");
        assert_probe(state, "memory.reclaim", CGB_CHECK_OK, "not seen", "");
        assert_probe(state, "swap", CGB_CHECK_OK, "may be little", "");
        assert_probe(state, "memory.pressure", CGB_CHECK_OK, "in the next step", "");
        write_in(state, "work.slice/", "memory.stat",
                "anon 209715200\nfile 73400320\nshmem 0\ninactive_anon 0\nactive_anon 0\n"
                "inactive_file 41943040\nactive_file 10485760\nunevictable 0\nslab_reclaimable 0\n");
        assert_probe(state, "swap", CGB_CHECK_OK, "50 MiB at most, while 200 MiB", "");
        write_in(state, "work.slice/", "memory.pressure", NO_PRESSURE);
        assert_probe(state, "memory.pressure", CGB_CHECK_OK, "at once", "");
}

static void how_much_more_than_asked_for_a_kernel_takes_is_told(void **state)
{
        assert_probe(state, "memory.reclaim", CGB_CHECK_OK, "up to 60 % more", "");
        scratch_write(state, "sys/kernel/mm/lru_gen/enabled", "0x0000\n");
        assert_probe(state, "memory.reclaim", CGB_CHECK_OK, "up to 60 % more", "");
        scratch_write(state, "sys/kernel/mm/lru_gen/enabled", "0x0006\n");
        assert_probe(state, "memory.reclaim", CGB_CHECK_OK, "up to 60 % more", "");
        scratch_write(state, "sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        assert_probe(state, "memory.reclaim", CGB_CHECK_OK, "takes what it is asked for", "");
}

static void a_memory_controller_that_is_not_passed_on_is_told_with_what_passes_it_on(void **state)
{
        assert_probe(state, "memory controller", CGB_CHECK_OK, "available", "");
        write_in(state, "work.slice/", "cgroup.subtree_control", "cpu\n");
        assert_probe(state, "memory controller", CGB_CHECK_OK, "cgctl daemon --memory", "");
}

static void without_options_the_defaults_are_looked_at(void **state)
{
        struct cgb_check checks[CGB_CHECKS_MAX];

        (void)state;
        assert_true(cgb_probe(NULL, checks, CGB_CHECKS_MAX) > 0);
}

#define ON_A_HOST(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_A_HOST(on_a_sound_host_only_the_folder_in_the_mounts_place_is_amiss),
                ON_A_HOST(no_more_checks_are_filled_in_than_there_is_room_for),
                ON_A_HOST(probing_changes_nothing),
                ON_A_HOST(without_cgroup2_only_the_host_is_looked_at),
                ON_A_HOST(a_mount_that_is_named_is_taken_as_it_is),
                ON_A_HOST(a_kernel_that_is_too_old_is_told),
                ON_A_HOST(a_controller_that_v1_has_is_missing),
                ON_A_HOST(a_mount_without_controllers_file_is_no_cgroup2),
                ON_A_HOST(a_parent_that_is_not_there_can_be_made_or_not),
                ON_A_HOST(a_parent_that_cannot_be_is_told_and_not_looked_at),
                ON_A_HOST(slashes_around_a_parent_do_no_harm),
                ON_A_HOST(a_controller_that_is_not_passed_down_yet_will_be),
                ON_A_HOST(a_controller_that_we_cannot_pass_down_fails),
                ON_A_HOST(a_parent_with_processes_cannot_pass_the_controller_down),
                ON_A_HOST(the_top_of_a_container_is_no_real_root_and_may_have_no_processes),
                ON_A_HOST(a_threaded_parent_fails),
                ON_A_HOST(weights_that_may_not_be_written_are_counted),
                ON_A_HOST(weights_of_which_none_may_be_written_fail),
                ON_A_HOST(processes_that_may_not_be_moved_degrade),
                ON_A_HOST(a_unit_of_systemds_degrades_unless_it_is_delegated),
                ON_A_HOST(a_group_inside_a_unit_belongs_to_the_unit),
                ON_A_HOST(a_group_beside_systemds_units_is_left_alone_by_it),
                ON_A_HOST(the_state_folder_is_writable_or_can_be_made),
                ON_A_HOST(a_state_folder_that_may_not_be_written_fails),
                ON_A_HOST(usage_that_cannot_be_read_fails),
                ON_A_HOST(pressure_that_is_off_degrades_with_the_word_that_turns_it_on),
                ON_A_HOST(the_cpus_of_the_parent_are_counted),
                ON_A_HOST(idle_groups_are_named),
                ON_A_HOST(a_scheduler_in_the_fair_ones_place_is_named),
                ON_A_HOST(a_limit_of_open_files_below_what_the_groups_use_degrades),
                ON_A_HOST(what_memory_would_need_is_told_and_asked_of_nobody),
                ON_A_HOST(how_much_more_than_asked_for_a_kernel_takes_is_told),
                ON_A_HOST(a_memory_controller_that_is_not_passed_on_is_told_with_what_passes_it_on),
                ON_A_HOST(without_options_the_defaults_are_looked_at),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
