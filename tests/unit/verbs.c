/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The verbs on a folder laid out like a tree. What they make of the kernel's refusals is in refusals.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/verbs.h"
#include "scratch.h"

static struct cgb_tree open_tree(void **state)
{
        struct cgb_tree tree;

        scratch_write(state, "cgroup.controllers", "cpuset cpu io memory\n");
        scratch_write(state, "cgroup.subtree_control", "memory\n");
        scratch_write(state, "cgroup.procs", "1\n2\n");
        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        return tree;
}

static void a_group_that_is_made_has_the_files_of_one(void **state)
{
        struct cgb_tree tree = open_tree(state);

        assert_int_equal(cgb_tree_make(&tree, "a", NULL), 0);
        assert_int_equal(cgb_tree_make(&tree, "a/b", NULL), 0);
        scratch_assert_text(state, "a/b/cpu.weight", "100\n");
        scratch_assert_text(state, "a/b/cgroup.procs", "");
        assert_true(scratch_exists(state, "a/b/cpu.stat"));
        cgb_tree_close(&tree);
}

static void a_group_that_is_there_is_eexist_without_a_fault(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        scratch_write(state, "a/cpu.weight", "77\n");
        assert_int_equal(cgb_tree_make(&tree, "a", &fault), -EEXIST);
        assert_int_equal(fault.code, 0);
        scratch_assert_text(state, "a/cpu.weight", "77\n");
        cgb_tree_close(&tree);
}

static void a_group_without_the_one_above_is_told_so(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_tree_make(&tree, "a/b", &fault), -ENOENT);
        assert_int_equal(fault.code, -ENOENT);
        assert_string_equal(fault.file, scratch_path(state, "a/b"));
        assert_non_null(strstr(fault.message, "above"));
        assert_string_not_equal(fault.remedy, "");
        cgb_tree_close(&tree);
}

static void no_verb_takes_a_path_that_leads_out_of_the_tree(void **state)
{
        static const char *const bad[] = {"..", "../x", "a/../..", "/tmp/x", "a//b"};
        struct cgb_tree tree = open_tree(state);

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct cgb_fault fault = {0};

                assert_int_equal(cgb_tree_make(&tree, bad[i], &fault), -EINVAL);
                assert_string_equal(fault.file, bad[i]);
                assert_int_equal(cgb_tree_remove(&tree, bad[i], NULL), -EINVAL);
                assert_int_equal(cgb_tree_enable(&tree, bad[i], "cpu", NULL), -EINVAL);
                assert_int_equal(cgb_tree_disable(&tree, bad[i], "cpu", NULL), -EINVAL);
                assert_int_equal(cgb_tree_enable_path(&tree, bad[i], "cpu", NULL, NULL, NULL), -EINVAL);
                assert_int_equal(cgb_tree_attach(&tree, bad[i], 0, NULL), -EINVAL);
        }
        assert_int_equal(cgb_tree_make(&tree, "", NULL), -EINVAL);
        assert_int_equal(cgb_tree_remove(&tree, "", NULL), -EINVAL);
        cgb_tree_close(&tree);
}

static void making_where_one_may_not_says_who_may(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        scratch_lock(state, "");
        scratch_become_nobody();
        assert_int_equal(cgb_tree_make(&tree, "a", &fault), -EACCES);
        assert_string_equal(fault.file, scratch_path(state, "a"));
        assert_non_null(strstr(fault.remedy, "root"));
        cgb_tree_close(&tree);
}

static void a_group_that_nobody_uses_is_removed_with_its_files(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_tree_make(&tree, "a", NULL), 0);
        scratch_write(state, "a/memory.current", "0\n");
        assert_int_equal(cgb_tree_remove(&tree, "a", &fault), 0);
        assert_false(scratch_exists(state, "a"));
        assert_int_equal(cgb_tree_remove(&tree, "a", &fault), -ENOENT);
        assert_int_equal(fault.code, 0);
        cgb_tree_close(&tree);
}

static void a_group_in_use_is_ebusy_and_stays_as_it_is(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_tree_make(&tree, "a", NULL), 0);
        assert_int_equal(cgb_tree_make(&tree, "a/b", NULL), 0);
        scratch_write(state, "a/b/cgroup.procs", "123\n");
        assert_int_equal(cgb_tree_remove(&tree, "a", &fault), -EBUSY);
        assert_int_equal(fault.code, -EBUSY);
        assert_int_equal(cgb_tree_remove(&tree, "a/b", &fault), -EBUSY);
        assert_string_equal(fault.file, scratch_path(state, "a/b"));
        assert_true(scratch_exists(state, "a/cpu.weight"));
        assert_true(scratch_exists(state, "a/b/cpu.weight"));
        cgb_tree_close(&tree);
}

static void nothing_is_removed_that_is_not_a_groups(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        scratch_write(state, "documents/thesis.txt", "years of work");
        assert_int_equal(cgb_tree_remove(&tree, "documents", &fault), -EBUSY);
        scratch_assert_text(state, "documents/thesis.txt", "years of work");

        assert_int_equal(cgb_tree_make(&tree, "a", NULL), 0);
        scratch_write(state, "a/thesis.txt", "years of work");
        assert_int_equal(cgb_tree_remove(&tree, "a", &fault), -EBUSY);
        assert_non_null(strstr(fault.message, "files"));
        scratch_assert_text(state, "a/thesis.txt", "years of work");
        cgb_tree_close(&tree);
}

static void a_controller_is_enabled_once(void **state)
{
        struct cgb_tree tree = open_tree(state);

        assert_int_equal(cgb_tree_is_enabled(&tree, "", "cpu"), 0);
        assert_int_equal(cgb_tree_enable(&tree, "", "cpu", NULL), 1);
        scratch_assert_text(state, "cgroup.subtree_control", "memory cpu\n");
        assert_int_equal(cgb_tree_is_enabled(&tree, "", "cpu"), 1);
        assert_int_equal(cgb_tree_enable(&tree, "", "cpu", NULL), 0);
        assert_int_equal(cgb_tree_enable(&tree, "", "cpu", NULL), 0);
        cgb_tree_close(&tree);
}

static void a_controller_that_is_on_is_not_written_even_where_one_could_not(void **state)
{
        struct cgb_tree tree = open_tree(state);

        scratch_write(state, "cgroup.subtree_control", "cpu memory\n");
        scratch_lock(state, "cgroup.subtree_control");
        scratch_become_nobody();
        assert_int_equal(cgb_tree_enable(&tree, "", "cpu", NULL), 0);
        scratch_assert_text(state, "cgroup.subtree_control", "cpu memory\n");
        cgb_tree_close(&tree);
}

static void a_controller_that_is_not_to_be_had_is_eopnotsupp(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        scratch_write(state, "cgroup.controllers", "cpuset io\n");
        assert_int_equal(cgb_tree_enable(&tree, "", "cpu", &fault), -EOPNOTSUPP);
        assert_string_equal(fault.file, scratch_path(state, "cgroup.controllers"));
        assert_non_null(strstr(fault.message, "cpu controller"));
        assert_non_null(strstr(fault.remedy, "cgroup_no_v1"));
        scratch_assert_text(state, "cgroup.subtree_control", "memory\n");

        scratch_write(state, "a/cgroup.controllers", "io\n");
        scratch_write(state, "a/cgroup.subtree_control", "\n");
        assert_int_equal(cgb_tree_enable(&tree, "a", "cpu", &fault), -EOPNOTSUPP);
        assert_string_equal(fault.file, scratch_path(state, "a/cgroup.controllers"));
        assert_non_null(strstr(fault.remedy, "above"));
        cgb_tree_close(&tree);
}

static void enabling_in_a_group_that_is_not_there_is_enoent(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_tree_enable(&tree, "a", "cpu", &fault), -ENOENT);
        assert_string_equal(fault.file, scratch_path(state, "a/cgroup.subtree_control"));
        cgb_tree_close(&tree);
}

static void a_file_in_a_groups_place_is_no_group(void **state)
{
        struct cgb_tree tree = open_tree(state);

        scratch_write(state, "a/cpu.stat", "");
        assert_int_equal(cgb_tree_make(&tree, "a/cpu.stat/b", NULL), -ENOENT);
        assert_int_equal(cgb_tree_remove(&tree, "a/cpu.stat", NULL), -ENOENT);
        assert_int_equal(cgb_tree_enable(&tree, "a/cpu.stat", "cpu", NULL), -ENOENT);
        assert_int_equal(cgb_tree_disable(&tree, "a/cpu.stat", "cpu", NULL), -ENOENT);
        assert_int_equal(cgb_tree_attach(&tree, "a/cpu.stat", 1, NULL), -ENOENT);
        assert_true(scratch_exists(state, "a/cpu.stat"));
        cgb_tree_close(&tree);
}

static void disabling_takes_back_what_is_on_and_nothing_else(void **state)
{
        struct cgb_tree tree = open_tree(state);

        assert_int_equal(cgb_tree_disable(&tree, "", "cpu", NULL), 0);
        scratch_assert_text(state, "cgroup.subtree_control", "memory\n");
        assert_int_equal(cgb_tree_enable(&tree, "", "cpu", NULL), 1);
        assert_int_equal(cgb_tree_disable(&tree, "", "cpu", NULL), 0);
        scratch_assert_text(state, "cgroup.subtree_control", "memory\n");
        assert_int_equal(cgb_tree_is_enabled(&tree, "", "cpu"), 0);
        cgb_tree_close(&tree);
}

/* What was told before each change, one path after the other. */
struct told {
        const struct cgb_tree *tree;
        const char *stop_at;
        char paths[256];
};

static int note(void *userdata, const char *path)
{
        struct told *told = userdata;
        size_t n = strlen(told->paths);

        assert_int_equal(cgb_tree_is_enabled(told->tree, path, "cpu"), 0);
        snprintf(told->paths + n, sizeof(told->paths) - n, "[%s]", path);
        return told->stop_at != NULL && strcmp(told->stop_at, path) == 0 ? -ECANCELED : 0;
}

static void make_chain(void **state)
{
        static const char *const groups[] = {"a", "a/bc", "a/bc/d"};
        char name[64];

        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
                snprintf(name, sizeof(name), "%s/cgroup.controllers", groups[i]);
                scratch_write(state, name, "cpu memory\n");
                snprintf(name, sizeof(name), "%s/cgroup.subtree_control", groups[i]);
                scratch_write(state, name, i == 0 ? "cpu\n" : "\n");
        }
}

static void a_path_is_enabled_from_the_top_and_each_change_is_told_first(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct told told = {.tree = &tree};

        make_chain(state);
        assert_int_equal(cgb_tree_enable_path(&tree, "a/bc/d", "cpu", note, &told, NULL), 3);
        assert_string_equal(told.paths, "[][a/bc][a/bc/d]");
        assert_int_equal(cgb_tree_is_enabled(&tree, "a/bc/d", "cpu"), 1);
        assert_int_equal(cgb_tree_enable_path(&tree, "a/bc/d", "cpu", note, &told, NULL), 0);
        assert_int_equal(cgb_tree_enable_path(&tree, "", "cpu", NULL, NULL, NULL), 0);
        cgb_tree_close(&tree);
}

static void who_cannot_write_it_down_stops_the_change(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct told told = {.tree = &tree, .stop_at = "a/bc"};

        make_chain(state);
        assert_int_equal(cgb_tree_enable_path(&tree, "a/bc/d", "cpu", note, &told, NULL), -ECANCELED);
        assert_int_equal(cgb_tree_is_enabled(&tree, "", "cpu"), 1);
        assert_int_equal(cgb_tree_is_enabled(&tree, "a/bc", "cpu"), 0);
        assert_int_equal(cgb_tree_is_enabled(&tree, "a/bc/d", "cpu"), 0);
        cgb_tree_close(&tree);
}

static void the_first_group_on_the_way_that_refuses_is_named(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        make_chain(state);
        scratch_write(state, "a/bc/cgroup.controllers", "memory\n");
        assert_int_equal(cgb_tree_enable_path(&tree, "a/bc/d", "cpu", NULL, NULL, &fault), -EOPNOTSUPP);
        assert_string_equal(fault.file, scratch_path(state, "a/bc/cgroup.controllers"));
        assert_int_equal(cgb_tree_is_enabled(&tree, "a/bc/d", "cpu"), 0);
        cgb_tree_close(&tree);
}

static void a_process_is_moved_by_its_number(void **state)
{
        struct cgb_tree tree = open_tree(state);
        struct cgb_fault fault = {0};

        assert_int_equal(cgb_tree_make(&tree, "a", NULL), 0);
        assert_int_equal(cgb_tree_attach(&tree, "a", 4711, NULL), 0);
        scratch_assert_text(state, "a/cgroup.procs", "4711");
        assert_int_equal(cgb_tree_attach(&tree, "a", 0, NULL), 0);
        scratch_assert_text(state, "a/cgroup.procs", "0");
        assert_int_equal(cgb_tree_attach(&tree, "a", -1, &fault), -EINVAL);
        assert_string_equal(fault.file, "pid");
        assert_int_equal(cgb_tree_attach(&tree, "b", 1, &fault), -ENOENT);
        assert_string_equal(fault.file, scratch_path(state, "b/cgroup.procs"));
        cgb_tree_close(&tree);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_SCRATCH(a_group_that_is_made_has_the_files_of_one),
                WITH_SCRATCH(a_group_that_is_there_is_eexist_without_a_fault),
                WITH_SCRATCH(a_group_without_the_one_above_is_told_so),
                WITH_SCRATCH(no_verb_takes_a_path_that_leads_out_of_the_tree),
                WITH_SCRATCH(making_where_one_may_not_says_who_may),
                WITH_SCRATCH(a_group_that_nobody_uses_is_removed_with_its_files),
                WITH_SCRATCH(a_group_in_use_is_ebusy_and_stays_as_it_is),
                WITH_SCRATCH(nothing_is_removed_that_is_not_a_groups),
                WITH_SCRATCH(a_controller_is_enabled_once),
                WITH_SCRATCH(a_controller_that_is_on_is_not_written_even_where_one_could_not),
                WITH_SCRATCH(a_controller_that_is_not_to_be_had_is_eopnotsupp),
                WITH_SCRATCH(enabling_in_a_group_that_is_not_there_is_enoent),
                WITH_SCRATCH(a_file_in_a_groups_place_is_no_group),
                WITH_SCRATCH(disabling_takes_back_what_is_on_and_nothing_else),
                WITH_SCRATCH(a_path_is_enabled_from_the_top_and_each_change_is_told_first),
                WITH_SCRATCH(who_cannot_write_it_down_stops_the_change),
                WITH_SCRATCH(the_first_group_on_the_way_that_refuses_is_named),
                WITH_SCRATCH(a_process_is_moved_by_its_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
