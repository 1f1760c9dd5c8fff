/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Where the tree is, on every kind of host: the texts are those of /proc, as such hosts have them.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/mount.h"
#include "scratch.h"

#define V1_ONLY                                                                                         \
        "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n"                                      \
        "31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:8 - tmpfs tmpfs ro,mode=755\n"                    \
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n" \
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"

#define HYBRID V1_ONLY "41 31 0:38 / /sys/fs/cgroup/unified rw,nosuid shared:10 master:3 - cgroup2 cgroup2 rw,nsdelegate\n"

#define PURE_V2                                                    \
        "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n" \
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"

static int find(struct cgb_mount *ret, const char *text, const char *prefix)
{
        return cgb_mount_find(ret, text, strlen(text), prefix);
}

static void a_host_with_v1_alone_has_no_cgroup2(void **state)
{
        struct cgb_mount mount = {.point = "before"};

        assert_int_equal(find(&mount, V1_ONLY, *state), -ENOENT);
        assert_int_equal(find(&mount, "", *state), -ENOENT);
        assert_string_equal(mount.point, "before");
}

static void a_hybrid_host_has_one_without_the_cpu_controller(void **state)
{
        struct cgb_mount mount;

        scratch_write(state, "sys/fs/cgroup/unified/cgroup.controllers", "\n");
        assert_int_equal(find(&mount, HYBRID, *state), 0);
        assert_string_equal(mount.point, "/sys/fs/cgroup/unified");
        assert_string_equal(mount.root, "/");
        assert_false(mount.has_cpu);
}

static void a_pure_host_has_the_cpu_controller(void **state)
{
        struct cgb_mount mount;

        scratch_write(state, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
        assert_int_equal(find(&mount, PURE_V2, *state), 0);
        assert_string_equal(mount.point, "/sys/fs/cgroup");
        assert_true(mount.has_cpu);
}

static void the_mount_with_the_controller_wins_wherever_it_stands(void **state)
{
        static const char *const orders[] = {
                "41 31 0:38 / /bare rw - cgroup2 none rw\n42 31 0:38 / /full rw - cgroup2 none rw\n",
                "42 31 0:38 / /full rw - cgroup2 none rw\n41 31 0:38 / /bare rw - cgroup2 none rw\n",
        };
        struct cgb_mount mount;

        scratch_write(state, "bare/cgroup.controllers", "io\n");
        scratch_write(state, "full/cgroup.controllers", "cpu io\n");
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(find(&mount, orders[i], *state), 0);
                assert_string_equal(mount.point, "/full");
        }
}

static void of_equal_mounts_the_one_of_the_whole_tree_wins_then_the_first(void **state)
{
        struct cgb_mount mount;

        assert_int_equal(find(&mount,
                                 "41 31 0:38 /docker/abc /part rw - cgroup2 none rw\n"
                                 "42 31 0:38 / /whole rw - cgroup2 none rw\n43 31 0:38 / /again rw - cgroup2 none rw\n",
                                 *state),
                0);
        assert_string_equal(mount.point, "/whole");
}

static void a_container_sees_a_bound_part_of_the_tree(void **state)
{
        struct cgb_mount mount;

        assert_int_equal(
                find(&mount, "700 699 0:26 /docker/3f2a /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n", *state), 0);
        assert_string_equal(mount.root, "/docker/3f2a");
        assert_string_equal(mount.point, "/sys/fs/cgroup");
}

static void octal_escapes_in_a_path_are_undone(void **state)
{
        struct cgb_mount mount;

        assert_int_equal(find(&mount, "41 31 0:38 / /my\\040tree\\134x\\011\\012 rw - cgroup2 none rw\n", *state), 0);
        assert_string_equal(mount.point, "/my tree\\x\t\n");
        assert_int_equal(find(&mount, "41 31 0:38 / /a\\04 rw - cgroup2 none rw\n", *state), 0);
        assert_string_equal(mount.point, "/a\\04");
        assert_int_equal(find(&mount, "41 31 0:38 / /a\\000b rw - cgroup2 none rw\n", *state), -EBADMSG);
}

static void another_file_system_called_cgroup2_is_none(void **state)
{
        struct cgb_mount mount;

        assert_int_equal(find(&mount, "41 31 0:38 / /cgroup2 rw - tmpfs cgroup2 rw\n", *state), -ENOENT);
        assert_int_equal(find(&mount, "41 31 0:38 / /x rw cgroup2 - ext4 /dev/sda rw\n", *state), -ENOENT);
}

static void what_is_no_mountinfo_is_refused(void **state)
{
        static const char *const bad[] = {
                "nonsense\n",
                "\n",
                "41 31 0:38 / /x rw cgroup2 none rw\n",
                "41 31 0:38 / /x rw -\n",
        };
        struct cgb_mount mount;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (find(&mount, bad[i], *state) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
}

static void a_mount_point_that_is_too_long_is_refused(void **state)
{
        char line[PATH_MAX + 100];
        struct cgb_mount mount;
        int n = snprintf(line, sizeof(line), "41 31 0:38 / /");

        memset(line + n, 'x', PATH_MAX);
        snprintf(line + n + PATH_MAX, sizeof(line) - (size_t)n - PATH_MAX, " rw - cgroup2 none rw\n");
        assert_int_equal(find(&mount, line, *state), -EBADMSG);
}

static void assert_own(const char *text, const char *root, const char *own)
{
        char path[PATH_MAX];

        assert_int_equal(cgb_mount_own_group(path, text, strlen(text), root), 0);
        assert_string_equal(path, own);
}

static void ones_own_group_is_that_of_the_unified_hierarchy(void **state)
{
        (void)state;
        assert_own("0::/user.slice/user-1000.slice/session-3.scope\n", "/", "user.slice/user-1000.slice/session-3.scope");
        assert_own("9:name=systemd:/x\n4:memory:/a/b\n1:cpu:/\n0::/c\n", "/", "c");
        assert_own("0::/\n", "/", "");
        assert_own("0::/a:b:c\n", "/", "a:b:c");
        assert_own("0::/a", "/", "a");
}

static void ones_own_group_is_told_relative_to_what_is_mounted(void **state)
{
        char path[PATH_MAX] = "before";

        (void)state;
        assert_own("0::/docker/abc/init\n", "/docker/abc", "init");
        assert_own("0::/docker/abc\n", "/docker/abc", "");
        assert_int_equal(cgb_mount_own_group(path, "0::/docker/abcd\n", 16, "/docker/abc"), -ENOENT);
        assert_int_equal(cgb_mount_own_group(path, "0::/\n", 5, "/docker/abc"), -ENOENT);
        assert_string_equal(path, "before");
}

static void a_group_that_cannot_be_told_is_enoent(void **state)
{
        static const char *const bad[] = {"", "\n", "1:cpu:/a\n", "0::/../other\n", "0:cpu:/a\n", "0::/a//b\n"};
        char path[PATH_MAX];

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (cgb_mount_own_group(path, bad[i], strlen(bad[i]), "/") != -ENOENT)
                        fail_msg("taken: %s", bad[i]);
}

static void make_group(void **state, const char *path)
{
        char name[PATH_MAX];

        snprintf(name, sizeof(name), "%s/cgroup.procs", path);
        scratch_write(state, name, "");
        snprintf(name, sizeof(name), "%s/cgroup.subtree_control", path);
        scratch_write(state, name, "\n");
}

/* Gives a group to everybody, as a chown to the user would. */
static void delegate(void **state, const char *path)
{
        static const char *const files[] = {"", "/cgroup.procs", "/cgroup.subtree_control"};
        char name[PATH_MAX];

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(name, sizeof(name), "%s%s", path, files[i]);
                assert_int_equal(chmod(scratch_path(state, name), i == 0 ? 0777 : 0666), 0);
        }
}

/* A session of systemd's: the user's manager has been given its own group, and all below. */
static struct cgb_tree open_session(void **state)
{
        static const char *const groups[] = {"u", "u/1000", "u/1000/manager", "u/1000/manager/app", "u/1000/session"};
        struct cgb_tree tree;

        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
                make_group(state, groups[i]);
        delegate(state, "u/1000/manager");
        delegate(state, "u/1000/manager/app");
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
                if (strstr(groups[i], "manager") == NULL)
                        scratch_lock(state, groups[i]);
        scratch_lock(state, "");
        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        return tree;
}

static void the_highest_delegated_group_is_found(void **state)
{
        struct cgb_tree tree = open_session(state);
        char path[PATH_MAX];

        scratch_become_nobody();
        assert_int_equal(cgb_mount_delegated(path, &tree, "u/1000/manager/app"), 0);
        assert_string_equal(path, "u/1000/manager");
        cgb_tree_close(&tree);
}

static void where_nothing_is_delegated_that_is_eacces(void **state)
{
        struct cgb_tree tree = open_session(state);
        char path[PATH_MAX] = "before";

        scratch_become_nobody();
        assert_int_equal(cgb_mount_delegated(path, &tree, "u/1000/session"), -EACCES);
        assert_int_equal(cgb_mount_delegated(path, &tree, ""), -EACCES);
        assert_string_equal(path, "before");
        cgb_tree_close(&tree);
}

static void a_group_whose_processes_one_may_not_move_is_not_delegated(void **state)
{
        struct cgb_tree tree = open_session(state);
        char path[PATH_MAX];

        scratch_lock(state, "u/1000/manager/cgroup.procs");
        scratch_become_nobody();
        assert_int_equal(cgb_mount_delegated(path, &tree, "u/1000/manager/app"), 0);
        assert_string_equal(path, "u/1000/manager/app");
        cgb_tree_close(&tree);
}

static void a_group_of_ones_own_that_is_gone_does_not_hide_those_above(void **state)
{
        struct cgb_tree tree = open_session(state);
        char path[PATH_MAX];

        scratch_become_nobody();
        assert_int_equal(cgb_mount_delegated(path, &tree, "u/1000/manager/gone (deleted)"), 0);
        assert_string_equal(path, "u/1000/manager");
        cgb_tree_close(&tree);
}

static uint32_t cpus_of(void **state, const char *path)
{
        struct cgb_tree tree;
        uint32_t permille = 0;

        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        assert_int_equal(cgb_mount_cpus_permille(&permille, &tree, path), 0);
        cgb_tree_close(&tree);
        return permille;
}

static void the_nearest_cpuset_counts(void **state)
{
        scratch_write(state, "cpuset.cpus.effective", "0-7\n");
        scratch_write(state, "a/cpuset.cpus.effective", "0-1,4\n");
        scratch_mkdir(state, "a/b");
        assert_int_equal(cpus_of(state, ""), 8000);
        assert_int_equal(cpus_of(state, "a"), 3000);
        assert_int_equal(cpus_of(state, "a/b"), 3000);
        assert_int_equal(cpus_of(state, "a/b/not/there/yet"), 3000);
        scratch_write(state, "a/b/cpuset.cpus.effective", "\n");
        assert_int_equal(cpus_of(state, "a/b"), 3000);
}

static void without_any_cpuset_all_that_are_online_count(void **state)
{
        scratch_mkdir(state, "a");
        assert_int_equal(cpus_of(state, "a"), sysconf(_SC_NPROCESSORS_ONLN) * 1000);
}

static void the_tightest_quota_on_the_way_counts(void **state)
{
        scratch_write(state, "cpuset.cpus.effective", "0-7\n");
        scratch_write(state, "a/cpu.max", "250000 100000\n");
        scratch_write(state, "a/b/cpu.max", "max 100000\n");
        scratch_write(state, "a/b/c/cpu.max", "333333 100000\n");
        scratch_write(state, "a/b/c/d/cpu.max", "50000 100000\n");
        assert_int_equal(cpus_of(state, "a"), 2500);
        assert_int_equal(cpus_of(state, "a/b"), 2500);
        assert_int_equal(cpus_of(state, "a/b/c"), 2500);
        assert_int_equal(cpus_of(state, "a/b/c/d"), 500);
}

static void a_quota_above_the_cpus_does_not_add_any(void **state)
{
        scratch_write(state, "cpuset.cpus.effective", "0-1\n");
        scratch_write(state, "a/cpu.max", "18446744073709551614 1000\n");
        assert_int_equal(cpus_of(state, "a"), 2000);
        /* 2^61: a thousand times as much is 0 in 64 bits. */
        scratch_write(state, "a/cpu.max", "2305843009213693952 1000\n");
        assert_int_equal(cpus_of(state, "a"), 2000);
}

static void however_small_a_quota_is_something_is_left(void **state)
{
        scratch_write(state, "cpuset.cpus.effective", "0\n");
        scratch_write(state, "a/cpu.max", "1000 18446744073709551615\n");
        assert_int_equal(cpus_of(state, "a"), 1);
}

static void a_quota_that_is_junk_is_refused(void **state)
{
        struct cgb_tree tree;
        uint32_t permille = 42;

        scratch_write(state, "a/cpu.max", "much\n");
        scratch_write(state, "b/cpuset.cpus.effective", "few\n");
        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        assert_int_equal(cgb_mount_cpus_permille(&permille, &tree, "a"), -EBADMSG);
        assert_int_equal(cgb_mount_cpus_permille(&permille, &tree, "b"), -EBADMSG);
        assert_int_equal(permille, 42);
        cgb_tree_close(&tree);
}

static void a_text_of_any_length_is_read(void **state)
{
        const size_t size = 3 * CGB_READ_SIZE + 17;
        char *text = malloc(size + 1), *got = NULL;
        size_t n = 0;

        assert_non_null(text);
        memset(text, 'x', size);
        text[size] = '\0';
        scratch_write(state, "long", text);
        scratch_write(state, "empty", "");
        assert_int_equal(cgb_mount_read_text(&got, &n, scratch_path(state, "long")), 0);
        assert_int_equal(n, size);
        assert_string_equal(got, text);
        free(got);
        assert_int_equal(cgb_mount_read_text(&got, &n, scratch_path(state, "empty")), 0);
        assert_int_equal(n, 0);
        assert_string_equal(got, "");
        free(got);
        free(text);
}

static void a_text_that_cannot_be_read_says_why(void **state)
{
        char *text = NULL;
        size_t n = 42;

        assert_int_equal(cgb_mount_read_text(&text, &n, scratch_path(state, "none")), -ENOENT);
        assert_true(cgb_mount_read_text(&text, &n, *state) < 0);
        assert_null(text);
        assert_int_equal(n, 42);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_SCRATCH(a_host_with_v1_alone_has_no_cgroup2),
                WITH_SCRATCH(a_hybrid_host_has_one_without_the_cpu_controller),
                WITH_SCRATCH(a_pure_host_has_the_cpu_controller),
                WITH_SCRATCH(the_mount_with_the_controller_wins_wherever_it_stands),
                WITH_SCRATCH(of_equal_mounts_the_one_of_the_whole_tree_wins_then_the_first),
                WITH_SCRATCH(a_container_sees_a_bound_part_of_the_tree),
                WITH_SCRATCH(octal_escapes_in_a_path_are_undone),
                WITH_SCRATCH(another_file_system_called_cgroup2_is_none),
                WITH_SCRATCH(what_is_no_mountinfo_is_refused),
                WITH_SCRATCH(a_mount_point_that_is_too_long_is_refused),
                WITH_SCRATCH(ones_own_group_is_that_of_the_unified_hierarchy),
                WITH_SCRATCH(ones_own_group_is_told_relative_to_what_is_mounted),
                WITH_SCRATCH(a_group_that_cannot_be_told_is_enoent),
                WITH_SCRATCH(the_highest_delegated_group_is_found),
                WITH_SCRATCH(where_nothing_is_delegated_that_is_eacces),
                WITH_SCRATCH(a_group_whose_processes_one_may_not_move_is_not_delegated),
                WITH_SCRATCH(a_group_of_ones_own_that_is_gone_does_not_hide_those_above),
                WITH_SCRATCH(the_nearest_cpuset_counts),
                WITH_SCRATCH(without_any_cpuset_all_that_are_online_count),
                WITH_SCRATCH(the_tightest_quota_on_the_way_counts),
                WITH_SCRATCH(a_quota_above_the_cpus_does_not_add_any),
                WITH_SCRATCH(however_small_a_quota_is_something_is_left),
                WITH_SCRATCH(a_quota_that_is_junk_is_refused),
                WITH_SCRATCH(a_text_of_any_length_is_read),
                WITH_SCRATCH(a_text_that_cannot_be_read_says_why),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
