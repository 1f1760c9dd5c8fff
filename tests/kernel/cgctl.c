/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgctl from end to end: statuses that pass through, a daemon that is asked to end, one that is killed, and what is left
 * after each. The program is named by the environment variable CGCTL, or by the first argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"

#define ARGUMENTS_MAX 16

/* For everything that is waited for: an emulated machine may take its time. */
#define PATIENCE_MSEC 15000
#define LOOK_EVERY_MSEC 20

/* From the command line; read only. */
static const char *program;

/*
 * Starts cgctl with these words, and with parent and state folder in its environment. Its output goes to @output, if not -1.
 */
static pid_t start(const struct ground *ground, int output, const char *const *words)
{
        const char *arguments[ARGUMENTS_MAX + 2] = {program};
        pid_t pid;

        for (size_t i = 0; words[i] != NULL; i++) {
                assert_true(i < ARGUMENTS_MAX);
                arguments[i + 1] = words[i];
        }
        pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        if (words[1] == NULL || strcmp(words[1], "--config") != 0)
                setenv("CGBURST_PARENT", ground->top, 1); /* a configuration names its own */
        setenv("CGBURST_STATE_DIR", ground->state, 1);
        if (output >= 0)
                dup2(output, STDOUT_FILENO);
        execv(program, (char *const *)(uintptr_t)arguments);
        _exit(124);
}

/* The exit status, or 1000 and the signal. */
static int wait_for(pid_t pid)
{
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int run(const struct ground *ground, const char *const *words)
{
        return wait_for(start(ground, -1, words));
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What it printed, and how it ended. */
static int run_and_read(const struct ground *ground, char *ret, size_t size, const char *const *words)
{
        size_t n = 0;
        int ends[2];
        ssize_t got;
        pid_t pid;

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid = start(ground, ends[1], words);
        close(ends[1]);
        while (n + 1 < size && (got = read(ends[0], ret + n, size - 1 - n)) > 0)
                n += (size_t)got;
        ret[n] = '\0';
        close(ends[0]);
        return wait_for(pid);
}

/* A daemon, once it answers. */
static pid_t start_daemon(const struct ground *ground)
{
        char answer[65536];
        pid_t pid = start(ground, -1, WORDS("daemon", "--step", "0.1"));

        for (int i = 0; i < PATIENCE_MSEC / LOOK_EVERY_MSEC; i++) {
                if (run_and_read(ground, answer, sizeof answer, WORDS("status", "--json")) == 0)
                        return pid;
                usleep(LOOK_EVERY_MSEC * 1000);
        }
        fail_msg("the daemon does not answer");
        return pid;
}

/* Three groups of somebody else's, one of them busy, and a daemon that has moved their weights. */
static pid_t start_daemon_among_three(struct ground *ground)
{
        char alice[512], bob[512], carol[512];
        pid_t pid;

        ground_make(ground, ground->top);
        ground_write(ground, "", "cgroup.subtree_control", "+cpu");
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu");
        ground_make(ground, ground_below(ground, "alice", alice));
        ground_make(ground, ground_below(ground, "bob", bob));
        ground_make(ground, ground_below(ground, "carol", carol));
        ground_write(ground, bob, "cpu.weight", "300");
        ground_loop(ground, alice, 2 * (int)ground->cpus);
        pid = start_daemon(ground);
        for (int i = 0; i < PATIENCE_MSEC / LOOK_EVERY_MSEC &&
                        (ground_weight(ground, carol) == 100 || ground_weight(ground, bob) == 300);
                i++)
                usleep(LOOK_EVERY_MSEC * 1000);
        assert_true(ground_weight(ground, carol) > 100);
        assert_true(ground_weight(ground, bob) > 300);
        return pid;
}

static void assert_put_back(const struct ground *ground)
{
        char path[512];

        assert_int_equal(ground_weight(ground, ground_below(ground, "alice", path)), 100);
        assert_int_equal(ground_weight(ground, ground_below(ground, "bob", path)), 300);
        assert_int_equal(ground_weight(ground, ground_below(ground, "carol", path)), 100);
        assert_true(ground_passes_cpu_on(ground, ground->top));
}

static void the_status_of_a_command_passes_through(void **state)
{
        struct ground *ground = *state;

        assert_int_equal(run(ground, WORDS("run", "--", "true")), 0);
        assert_int_equal(run(ground, WORDS("run", "--", "sh", "-c", "exit 37")), 37);
        assert_int_equal(run(ground, WORDS("run", "--", "sh", "-c", "kill -TERM $$")), 128 + SIGTERM);
        assert_int_equal(run(ground, WORDS("run", "--", "sh", "-c", "kill -KILL $$")), 128 + SIGKILL);
        assert_int_equal(run(ground, WORDS("run", "--", "/no/such/command")), 127);
        assert_int_equal(run(ground, WORDS("run", "--", "/etc/passwd")), 126);
        assert_int_equal(run(ground, WORDS("run", "--no-such-option", "--", "true")), 2);
        assert_int_equal(run(ground, WORDS("run", "--shares", "much", "--", "true")), 2);
        assert_int_equal(run(ground, WORDS("no-such-verb")), 2);
        assert_int_equal(run(ground, WORDS("status")), 3);
}

static void a_command_runs_in_a_workspace_of_its_own_which_goes_with_it(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground), text[4096], wanted[512];

        assert_int_equal(
                run_and_read(ground, text, sizeof text,
                        WORDS("run", "--name", "alice", "--shares", "2.5", "--", "sh", "-c",
                                "cat /proc/self/cgroup; cat /sys/fs/cgroup$(sed s/^0::// /proc/self/cgroup)/cpu.weight")),
                0);
        snprintf(wanted, sizeof wanted, "0::/%s/alice\n250\n", ground->top);
        assert_string_equal(text, wanted);
        ground_assert_as_before(ground, before);
}

/* In a group that is there before, so that what is switched on in it shows. */
static void a_command_has_the_memory_that_it_was_given_and_nothing_of_it_stays(void **state)
{
        struct ground *ground = *state;
        char path[512], text[4096], root[256], before[256], after[256];

        ground_make(ground, ground->top);
        ground_make(ground, ground_below(ground, "ours", path));
        ground_read(ground, "", "cgroup.subtree_control", root, sizeof root);
        ground_read(ground, ground->top, "cgroup.subtree_control", before, sizeof before);
        assert_int_equal(
                run_and_read(ground, text, sizeof text,
                        WORDS("run", "--name", "alice", "--memory-max", "96M", "--", "sh", "-c",
                                "cd /sys/fs/cgroup$(sed s/^0::// /proc/self/cgroup); cat memory.low memory.max memory.high")),
                0);
        assert_string_equal(text, "0\n100663296\nmax\n");
        assert_int_equal(run(ground, WORDS("run", "--name", "alice", "--memory-floor", "1M", "--", "true")),
                125); /* the parent protects nothing */
        assert_false(ground_exists(ground, ground_below(ground, "alice", path)));
        ground_read(ground, ground->top, "cgroup.subtree_control", after, sizeof after);
        assert_string_equal(after, before);
        ground_remove(ground, ground_below(ground, "ours", path));
        ground_remove(ground, ground->top);
        assert_int_equal(
                run_and_read(ground, text, sizeof text,
                        WORDS("run", "--name", "alice", "--memory-floor", "32M", "--", "sh", "-c",
                                "cd /sys/fs/cgroup$(sed s/^0::// /proc/self/cgroup); cat memory.low ../memory.low")),
                0);
        assert_string_equal(text, "33554432\n33554432\n");
        assert_false(ground_exists(ground, ground->top));
        ground_read(ground, "", "cgroup.subtree_control", after, sizeof after);
        assert_string_equal(after, root);
        assert_int_equal(run(ground, WORDS("run", "--memory-max", "much", "--", "true")), 2);
}

static void joining_with_sizes_is_refused(void **state)
{
        struct ground *ground = *state;
        char path[512];

        ground_make(ground, ground->top);
        ground_make(ground, ground_below(ground, "alice", path));
        assert_int_equal(run(ground, WORDS("run", "--name", "alice", "--join", "--memory-max", "96M", "--", "true")), 125);
        assert_int_equal(run(ground, WORDS("run", "--name", "alice", "--join", "--", "true")), 0);
        assert_true(ground_exists(ground, path));
}

static void signals_reach_the_command(void **state)
{
        struct ground *ground = *state;
        char path[512], procs[64] = "";
        pid_t pid = start(ground, -1,
                WORDS("run", "--name", "alice", "--", "sh", "-c", "trap 'exit 41' TERM; while :; do sleep 0.05; done"));

        ground_below(ground, "alice", path);
        for (int i = 0; i < PATIENCE_MSEC / LOOK_EVERY_MSEC && procs[0] == '\0'; i++) {
                usleep(LOOK_EVERY_MSEC * 1000);
                if (ground_exists(ground, path))
                        ground_read(ground, path, "cgroup.procs", procs, sizeof procs);
        }
        usleep(500000); /* the shell has to come to its trap */
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for(pid), 41);
        assert_false(ground_exists(ground, path));
}

static void a_daemon_that_is_asked_to_end_puts_everything_back(void **state)
{
        static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
        struct ground *ground = *state;

        for (int i = 0; i < 3; i++) {
                pid_t pid;

                if (i == 0) {
                        pid = start_daemon_among_three(ground);
                } else {
                        pid = start_daemon(ground);
                        usleep(1000000);
                }
                assert_int_equal(run(ground, WORDS("daemon")), 3); /* one is enough */
                assert_int_equal(run(ground, WORDS("restore")), 3);
                assert_int_equal(kill(pid, signals[i]), 0);
                assert_int_equal(wait_for(pid), 0);
                assert_put_back(ground);
        }
        assert_int_equal(run(ground, WORDS("status")), 3);
}

static void what_a_killed_daemon_left_is_put_back_by_restore(void **state)
{
        struct ground *ground = *state;
        char path[512];
        pid_t pid = start_daemon_among_three(ground);

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(wait_for(pid), 1000 + SIGKILL);
        assert_true(ground_weight(ground, ground_below(ground, "bob", path)) > 300);
        assert_int_equal(run(ground, WORDS("status")), 3);
        assert_int_equal(run(ground, WORDS("restore")), 0);
        assert_put_back(ground);
        assert_int_equal(run(ground, WORDS("restore")), 0);
}

static void what_a_killed_daemon_left_is_put_back_by_the_next(void **state)
{
        struct ground *ground = *state;
        pid_t pid = start_daemon_among_three(ground);

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(wait_for(pid), 1000 + SIGKILL);
        pid = start_daemon(ground);
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for(pid), 0);
        assert_put_back(ground);
}

static void runs_beside_a_daemon_do_not_disturb_it(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground), answer[65536];
        pid_t pid = start_daemon(ground);

        for (int i = 0; i < 3; i++) {
                assert_int_equal(run(ground, WORDS("run", "--name", "alice", "--", "true")), 0);
                assert_int_equal(run_and_read(ground, answer, sizeof answer, WORDS("status", "--json")), 0);
        }
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for(pid), 0);
        ground_assert_as_before(ground, before);
}

static void a_dry_run_changes_nothing(void **state)
{
        struct ground *ground = *state;
        char *before, *after, path[512];
        pid_t pid;

        ground_make(ground, ground->top);
        ground_write(ground, "", "cgroup.subtree_control", "+cpu");
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu");
        ground_make(ground, ground_below(ground, "bob", path));
        ground_make(ground, ground_below(ground, "alice", path));
        ground_loop(ground, path, 2 * (int)ground->cpus);
        before = ground_picture(ground);
        pid = start(ground, -1, WORDS("daemon", "--step", "0.1", "--dry-run"));
        usleep(3000000);
        after = ground_picture(ground);
        assert_string_equal(after, before);
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for(pid), 0);
        free(after);
        free(before);
}

static void write_config(const struct ground *ground, const char *text)
{
        char path[512];
        FILE *file;

        snprintf(path, sizeof path, "%s/rules.conf", ground->state);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

/* Two of the shipped rules, for a tree of the test's own. */
static void write_two_rules(const struct ground *ground, const char *more)
{
        char text[2048];

        snprintf(text, sizeof text,
                "[daemon]\nstep = 0.1\n[rule docker]\nmatch = %s/system.slice/docker-*.scope\n"
                "[rule containerd]\nmatch = %s/kubepods.slice/**/cri-containerd-*.scope\n%s",
                ground->top, ground->top, more);
        write_config(ground, text);
}

/* A group that passes the cpu controller on, and those above it that are missing. */
static void make_passing(const struct ground *ground, const char *name)
{
        char path[512];

        ground_below(ground, name, path);
        if (!ground_exists(ground, path))
                ground_make(ground, path);
        ground_write(ground, path, "cgroup.subtree_control", "+cpu");
}

static void make_leaf(const struct ground *ground, const char *name)
{
        char path[512];

        ground_make(ground, ground_below(ground, name, path));
}

/* Does the manager of this parent come to know this workspace? */
static bool comes_to_know(const struct ground *ground, const char *parent, const char *workspace)
{
        static char answer[65536];
        char path[512], quoted[256];

        ground_below(ground, parent, path);
        snprintf(quoted, sizeof quoted, "\"name\":\"%s\"", workspace);
        for (int i = 0; i < PATIENCE_MSEC / LOOK_EVERY_MSEC; i++) {
                if (run_and_read(ground, answer, sizeof answer, WORDS("status", "--json", "--parent", path)) == 0 &&
                        strstr(answer, quoted) != NULL)
                        return true;
                usleep(LOOK_EVERY_MSEC * 1000);
        }
        return false;
}

#define POD_BELOW "kubepods-burstable.slice/kubepods-burstable-pod1.slice"
#define POD "kubepods.slice/" POD_BELOW

static void make_trees(struct ground *ground)
{
        ground_make(ground, ground->top);
        if (!ground_passes_cpu_on(ground, ""))
                ground_write(ground, "", "cgroup.subtree_control", "+cpu");
        ground_write(ground, ground->top, "cgroup.subtree_control", "+cpu");
}

static void fill_kubepods(struct ground *ground)
{
        make_passing(ground, "kubepods.slice");
        make_passing(ground, "kubepods.slice/kubepods-burstable.slice");
        make_passing(ground, POD);
        make_leaf(ground, POD "/cri-containerd-1.scope");
}

static pid_t start_with_rules(struct ground *ground)
{
        char path[512];

        snprintf(path, sizeof path, "%s/rules.conf", ground->state);
        return start(ground, -1, WORDS("daemon", "--config", path));
}

static void rules_find_containers_that_are_there_and_that_come(void **state)
{
        struct ground *ground = *state;
        char path[512];
        pid_t pid;

        make_trees(ground);
        make_passing(ground, "system.slice");
        make_leaf(ground, "system.slice/docker-1.scope");
        make_leaf(ground, "system.slice/other.service");
        write_two_rules(ground, "");
        pid = start_with_rules(ground);
        assert_true(comes_to_know(ground, "system.slice", "docker-1.scope"));
        make_leaf(ground, "system.slice/docker-2.scope");
        assert_true(comes_to_know(ground, "system.slice", "docker-2.scope"));
        fill_kubepods(ground); /* its parent was not there when the daemon started */
        assert_true(comes_to_know(ground, "kubepods.slice", POD_BELOW "/cri-containerd-1.scope"));
        ground_loop(ground, ground_below(ground, "system.slice/docker-1.scope", path), 2 * (int)ground->cpus);
        ground_below(ground, "system.slice/docker-2.scope", path);
        for (int i = 0; i < PATIENCE_MSEC / LOOK_EVERY_MSEC && ground_weight(ground, path) == 100; i++)
                usleep(LOOK_EVERY_MSEC * 1000);
        assert_true(ground_weight(ground, path) > 100);
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for(pid), 0);
        assert_int_equal(ground_weight(ground, path), 100);
        assert_int_equal(ground_weight(ground, ground_below(ground, "system.slice/other.service", path)), 100);
}

static void a_broken_configuration_leaves_the_old_one_in_force_and_a_good_one_is_used(void **state)
{
        struct ground *ground = *state;
        char more[1024];
        pid_t pid;

        make_trees(ground);
        make_passing(ground, "system.slice");
        make_leaf(ground, "system.slice/docker-1.scope");
        make_passing(ground, "machine.slice");
        make_leaf(ground, "machine.slice/libpod-1.scope");
        write_two_rules(ground, "");
        pid = start_with_rules(ground);
        assert_true(comes_to_know(ground, "system.slice", "docker-1.scope"));
        write_config(ground, "[rule docker]\nmatsch = x\n");
        assert_int_equal(kill(pid, SIGHUP), 0);
        usleep(500000);
        assert_true(comes_to_know(ground, "system.slice", "docker-1.scope"));
        snprintf(more, sizeof more, "[rule podman]\nmatch = %s/machine.slice/libpod-*.scope\n", ground->top);
        write_two_rules(ground, more);
        assert_int_equal(kill(pid, SIGHUP), 0);
        assert_true(comes_to_know(ground, "machine.slice", "libpod-1.scope"));
        assert_true(comes_to_know(ground, "system.slice", "docker-1.scope"));
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for(pid), 0);
}

static void what_a_killed_daemon_with_rules_left_is_put_back_by_restore(void **state)
{
        struct ground *ground = *state;
        char path[512], config[512];
        pid_t pid;

        make_trees(ground);
        make_passing(ground, "system.slice");
        make_leaf(ground, "system.slice/docker-1.scope");
        make_leaf(ground, "system.slice/docker-2.scope");
        write_two_rules(ground, "");
        pid = start_with_rules(ground);
        assert_true(comes_to_know(ground, "system.slice", "docker-1.scope"));
        ground_loop(ground, ground_below(ground, "system.slice/docker-1.scope", path), 2 * (int)ground->cpus);
        ground_below(ground, "system.slice/docker-2.scope", path);
        for (int i = 0; i < PATIENCE_MSEC / LOOK_EVERY_MSEC && ground_weight(ground, path) == 100; i++)
                usleep(LOOK_EVERY_MSEC * 1000);
        assert_true(ground_weight(ground, path) > 100);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(wait_for(pid), 1000 + SIGKILL);
        snprintf(config, sizeof config, "%s/rules.conf", ground->state);
        assert_int_equal(run(ground, WORDS("restore", "--config", config)), 0);
        assert_int_equal(ground_weight(ground, path), 100);
}

static void a_configuration_with_mistakes_starts_nothing(void **state)
{
        struct ground *ground = *state;

        write_config(ground, "[rule docker]\nmatsch = x\n");
        assert_int_equal(wait_for(start_with_rules(ground)), 2);
}

static void the_doctor_finds_nothing_that_is_missing_here(void **state)
{
        struct ground *ground = *state;
        char *before = ground_picture(ground), text[65536];

        assert_int_equal(run_and_read(ground, text, sizeof text, WORDS("doctor", "--json")), 0);
        assert_null(strstr(text, "\"failed\""));
        assert_non_null(strstr(text, "\"checks\""));
        ground_assert_as_before(ground, before);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_status_of_a_command_passes_through, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_command_runs_in_a_workspace_of_its_own_which_goes_with_it, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_command_has_the_memory_that_it_was_given_and_nothing_of_it_stays, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(joining_with_sizes_is_refused, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(signals_reach_the_command, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        a_daemon_that_is_asked_to_end_puts_everything_back, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_killed_daemon_left_is_put_back_by_restore, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_killed_daemon_left_is_put_back_by_the_next, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(runs_beside_a_daemon_do_not_disturb_it, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_dry_run_changes_nothing, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        rules_find_containers_that_are_there_and_that_come, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_broken_configuration_leaves_the_old_one_in_force_and_a_good_one_is_used,
                        ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        what_a_killed_daemon_with_rules_left_is_put_back_by_restore, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(a_configuration_with_mistakes_starts_nothing, ground_setup, ground_teardown),
                cmocka_unit_test_setup_teardown(
                        the_doctor_finds_nothing_that_is_missing_here, ground_setup, ground_teardown),
        };

        program = ground_cgctl(argc, argv);
        if (program == NULL || ground_is_missing())
                return GROUND_SKIP;
        return cmocka_run_group_tests_name("cgctl", tests, NULL, NULL);
}
