/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Names and paths of groups: which are taken, and how paths are put together and cut.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/path.h"

static void a_workspace_may_be_called_after_anybody(void **state)
{
        static const char *const good[] = {
                "alice",
                "a",
                "user@1000.service",
                "build-7_x",
                ".hidden",
                "...",
                "two words",
                "\xc3\xa9",
                "cpu",
                "memory",
                "cpufreq.x",
                "my.cpu.weight",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
                if (!cgb_name_is_valid(good[i]))
                        fail_msg("refused: %s", good[i]);
}

static void a_name_is_no_path_and_no_file_of_the_kernel(void **state)
{
        static const char *const bad[] = {
                "",
                ".",
                "..",
                "a/b",
                "/a",
                "a/",
                "a\nb",
                "a\tb",
                "\x7f",
                "cpu.weight",
                "cpu.x",
                "cgroup.procs",
                "memory.high",
                "io.max",
                "pids.max",
                "cpuset.cpus",
                "hugetlb.2MB.max",
                "rdma.max",
                "misc.max",
        };

        (void)state;
        assert_false(cgb_name_is_valid(NULL));
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (cgb_name_is_valid(bad[i]))
                        fail_msg("taken: %s", bad[i]);
}

static void a_name_has_at_most_255_bytes(void **state)
{
        char name[257];

        (void)state;
        memset(name, 'n', sizeof(name));
        name[255] = '\0';
        assert_true(cgb_name_is_valid(name));
        name[255] = 'n';
        name[256] = '\0';
        assert_false(cgb_name_is_valid(name));
}

static void a_path_is_relative_and_clean(void **state)
{
        static const char *const good[] = {
                "",
                "a",
                "a/b",
                "user.slice/user-1000.slice/user@1000.service",
                "a/.b/...",
                "a/cpu.x",
        };
        static const char *const bad[] = {"/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a/../b"};

        (void)state;
        assert_false(cgb_path_is_valid(NULL));
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
                if (!cgb_path_is_valid(good[i]))
                        fail_msg("refused: %s", good[i]);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (cgb_path_is_valid(bad[i]))
                        fail_msg("taken: %s", bad[i]);
}

static void a_valid_path_has_room_for_any_file_behind_it(void **state)
{
        char path[PATH_MAX], joined[PATH_MAX], file[NAME_MAX + 1];
        size_t longest = 0;

        (void)state;
        memset(file, 'f', NAME_MAX);
        file[NAME_MAX] = '\0';
        for (size_t n = 1; n < sizeof(path); n++) {
                for (size_t i = 0; i < n; i++)
                        path[i] = i % 200 == 199 && i + 1 < n ? '/' : 'd';
                path[n] = '\0';
                if (cgb_path_is_valid(path)) {
                        longest = n;
                        assert_int_equal(cgb_path_join(joined, sizeof(joined), path, file), 0);
                }
        }
        assert_true(longest > PATH_MAX / 2);
}

static void joining_puts_one_slash_where_both_parts_have_something(void **state)
{
        char path[8];

        (void)state;
        assert_int_equal(cgb_path_join(path, sizeof(path), "a", "b"), 0);
        assert_string_equal(path, "a/b");
        assert_int_equal(cgb_path_join(path, sizeof(path), "", "b"), 0);
        assert_string_equal(path, "b");
        assert_int_equal(cgb_path_join(path, sizeof(path), "a", ""), 0);
        assert_string_equal(path, "a");
        assert_int_equal(cgb_path_join(path, sizeof(path), "", ""), 0);
        assert_string_equal(path, "");
}

static void joining_fits_with_its_end_or_not_at_all(void **state)
{
        char path[8] = "before";

        (void)state;
        assert_int_equal(cgb_path_join(path, sizeof(path), "abcd", "efg"), -ENAMETOOLONG);
        assert_string_equal(path, "before");
        assert_int_equal(cgb_path_join(path, sizeof(path), "abcd", "ef"), 0);
        assert_string_equal(path, "abcd/ef");
}

static void cutting_goes_up_to_the_root_and_stops(void **state)
{
        char path[] = "a/bc/d";

        (void)state;
        assert_true(cgb_path_cut(path));
        assert_string_equal(path, "a/bc");
        assert_true(cgb_path_cut(path));
        assert_string_equal(path, "a");
        assert_true(cgb_path_cut(path));
        assert_string_equal(path, "");
        assert_false(cgb_path_cut(path));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_workspace_may_be_called_after_anybody),
                cmocka_unit_test(a_name_is_no_path_and_no_file_of_the_kernel),
                cmocka_unit_test(a_name_has_at_most_255_bytes),
                cmocka_unit_test(a_path_is_relative_and_clean),
                cmocka_unit_test(a_valid_path_has_room_for_any_file_behind_it),
                cmocka_unit_test(joining_puts_one_slash_where_both_parts_have_something),
                cmocka_unit_test(joining_fits_with_its_end_or_not_at_all),
                cmocka_unit_test(cutting_goes_up_to_the_root_and_stops),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
