/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What /proc says of a process, and a group of its processes: texts as the kernel writes them, in a folder.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/process.h"
#include "scratch.h"

#define REST " 4194304 100 0 0 0 1 2 0 0 20 0 1 0 12345 1000 100\n"

static void a_name_may_have_spaces_parentheses_and_newlines(void **state)
{
        static const char text[] = "4242 (a) b\n(c) S 4200 4242 4200 34816 4242" REST;
        struct cgb_process process;

        (void)state;
        assert_int_equal(cgb_parse_process_stat(&process, text, strlen(text)), 0);
        assert_int_equal(process.pid, 4242);
        assert_int_equal(process.parent, 4200);
        assert_string_equal(process.comm, "a) b\n(c");
        assert_int_equal(process.terminal, CGB_TERMINAL_FOREGROUND);
}

static void who_has_the_terminal_is_told_from_who_waits_for_it_and_who_has_none(void **state)
{
        static const struct {
                const char *text;
                enum cgb_terminal wanted;
        } examples[] = {
                {"1 (sh) S 0 1 1 0 -1" REST, CGB_TERMINAL_NONE},
                {"9 (sh) S 1 9 9 34816 9" REST, CGB_TERMINAL_FOREGROUND},
                {"9 (make) S 8 9 8 34816 8" REST, CGB_TERMINAL_BACKGROUND},
                {"9 (make) S 8 9 8 -2147483648 8" REST, CGB_TERMINAL_BACKGROUND},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
                struct cgb_process process;

                assert_int_equal(cgb_parse_process_stat(&process, examples[i].text, strlen(examples[i].text)), 0);
                assert_int_equal(process.terminal, examples[i].wanted);
        }
}

static void what_the_kernel_would_not_write_is_refused(void **state)
{
        static const char *const bad[] = {
                "",
                "1",
                "1 sh S 0 1 1 0 -1 0",
                "1 (sh",
                "1 (sh)",
                "1 (sh) S 0 1",
                "x (sh) S 0 1 1 0 -1 0",
                "0 (sh) S 0 1 1 0 -1 0",
                ") 1 (",
                "1 (a name of 16 byte) S 0 1 1 0 -1 0",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct cgb_process process = {.pid = 4711};

                if (cgb_parse_process_stat(&process, bad[i], strlen(bad[i])) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
                assert_int_equal(process.pid, 4711);
        }
}

static int open_folder(void **state)
{
        int fd = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void put_cmdline(void **state, const char *name, const char *bytes, size_t n)
{
        FILE *file;

        scratch_write(state, name, "");
        file = fopen(scratch_path(state, name), "we");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
}

static void what_is_asked_for_is_read_and_no_more(void **state)
{
        static const char arguments[] = "make\0-C\0a dir\0-j8";
        int fd = open_folder(state);
        struct cgb_process process;

        scratch_write(state, "12/stat", "12 (make) S 1 12 12 0 -1" REST);
        put_cmdline(state, "12/cmdline", arguments, sizeof(arguments));
        assert_int_equal(symlink("/usr/bin/make (deleted)", scratch_path(state, "12/exe")), 0);
        assert_int_equal(cgb_process_read(&process, fd, 12, CGB_PROCESS_STAT), 0);
        assert_string_equal(process.comm, "make");
        assert_string_equal(process.exe, "");
        assert_string_equal(process.cmdline, "");
        assert_int_equal(cgb_process_read(&process, fd, 12, CGB_PROCESS_STAT | CGB_PROCESS_EXE | CGB_PROCESS_CMDLINE), 0);
        assert_string_equal(process.exe, "/usr/bin/make");
        assert_string_equal(process.cmdline, "make -C a dir -j8");
        close(fd);
}

static void a_process_that_has_ended_is_told(void **state)
{
        int fd = open_folder(state);
        struct cgb_process process;
        char group[64];

        assert_int_equal(cgb_process_read(&process, fd, 12, CGB_PROCESS_STAT), -ESRCH);
        assert_int_equal(cgb_process_group(group, sizeof(group), fd, 12), -ESRCH);
        close(fd);
}

static void the_group_of_a_process_is_the_line_of_version_two(void **state)
{
        int fd = open_folder(state);
        char group[64];

        scratch_write(state, "12/cgroup", "4:cpu:/old\n0::/a.slice/b\n");
        assert_int_equal(cgb_process_group(group, sizeof(group), fd, 12), 0);
        assert_string_equal(group, "a.slice/b");
        scratch_write(state, "13/cgroup", "4:cpu:/old\n");
        assert_int_equal(cgb_process_group(group, sizeof(group), fd, 13), -ESRCH);
        scratch_write(state, "14/cgroup", "0::/much-too-long-for-the-room-that-the-caller-has-for-this-path-of-a-group\n");
        assert_int_equal(cgb_process_group(group, sizeof(group), fd, 14), -ESRCH);
        close(fd);
}

static void a_list_of_processes_is_read_whole_and_up_to_what_is_asked_for(void **state)
{
        static const size_t n_written = 3000; /* several pages */
        struct cgb_tree tree;
        char *text = malloc(n_written * 8 + 1), *at = text;
        pid_t *pids;

        assert_non_null(text);
        for (size_t i = 0; i < n_written; i++)
                at += sprintf(at, "%zu\n", i + 100000);
        scratch_write(state, "g/cgroup.procs", text);
        free(text);
        assert_int_equal(cgb_tree_open(&tree, *state, NULL), 0);
        assert_int_equal(cgb_process_list(&pids, &tree, "g", 4096), n_written);
        assert_int_equal(pids[0], 100000);
        assert_int_equal(pids[n_written - 1], 100000 + n_written - 1);
        free(pids);
        assert_int_equal(cgb_process_list(&pids, &tree, "g", 10), 10);
        free(pids);
        assert_int_equal(cgb_process_list(&pids, &tree, "none", 10), -ENOENT);
        cgb_tree_close(&tree);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_name_may_have_spaces_parentheses_and_newlines),
                cmocka_unit_test(who_has_the_terminal_is_told_from_who_waits_for_it_and_who_has_none),
                cmocka_unit_test(what_the_kernel_would_not_write_is_refused),
                cmocka_unit_test_setup_teardown(what_is_asked_for_is_read_and_no_more, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(a_process_that_has_ended_is_told, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(
                        the_group_of_a_process_is_the_line_of_version_two, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(
                        a_list_of_processes_is_read_whole_and_up_to_what_is_asked_for, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
