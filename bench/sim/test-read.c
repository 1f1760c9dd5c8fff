/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading: traces from files, good and bad, and the list of policies. A message is to name file, line and remedy. */

#include <errno.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "registry.h"
#include "trace.h"

#define HEADER "arrival_sec,workspace,kind,cpu_sec,parallelism,memory_bytes\n"

static char path[] = "/tmp/cgburst-test-read-XXXXXX";
static char messages[] = "/tmp/cgburst-test-messages-XXXXXX";
static char said[2048]; /* what was complained last */

static int make_files(void **state)
{
        int one = mkstemp(path), other = mkstemp(messages);

        (void)state;
        if (one < 0 || other < 0)
                return -1;
        close(one);
        return dup2(other, STDERR_FILENO) < 0 || close(other) < 0 ? -1 : 0;
}

static int remove_files(void **state)
{
        (void)state;
        return unlink(path) | unlink(messages);
}

static void write_bytes(const void *bytes, size_t n)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, n, file), n);
        assert_int_equal(fclose(file), 0);
}

static void hear(void)
{
        FILE *file = fopen(messages, "r");
        size_t n;

        assert_non_null(file);
        fflush(stderr);
        n = fread(said, 1, sizeof(said) - 1, file);
        said[n] = 0;
        fclose(file);
        assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
        lseek(STDERR_FILENO, 0, SEEK_SET);
}

static void assert_said(const char *what)
{
        if (!strstr(said, what))
                fail_msg("\"%s\" does not say \"%s\"", said, what);
}

static void assert_refused(const char *text, const char *where, const char *why)
{
        struct trace trace = {0};

        write_bytes(text, strlen(text));
        assert_true(trace_read(&trace, path) < 0);
        hear();
        assert_said(path);
        assert_said(where);
        assert_said(why);
        assert_null(trace.jobs);
}

static void check_two_jobs(struct trace *trace)
{
        assert_int_equal(trace->n_jobs, 2);
        assert_int_equal(trace->n_workspaces, 2);
        assert_string_equal(trace->workspaces[1], "team/b");
        assert_string_equal(trace->kinds[trace->jobs[0].kind], "edit");
        assert_true(trace->jobs[0].arrival_sec == 0.5 && trace->jobs[0].cpu_sec == 0.25);
        assert_true(trace->jobs[1].parallelism == 8);
        assert_int_equal(trace->jobs[0].memory_bytes, 4096);
        assert_true(trace->span_sec == 2);
        trace_free(trace);
}

static const char two_jobs[] = HEADER "0.5,a,edit,0.25,1,4096\r\n2,team/b,build,10,8,0\n";

static void a_plain_file_is_read(void **state)
{
        struct trace trace;

        (void)state;
        write_bytes(two_jobs, strlen(two_jobs));
        assert_int_equal(trace_read(&trace, path), 0);
        check_two_jobs(&trace);
}

static size_t compress(uint8_t *out, size_t room)
{
        size_t n = 0;

        assert_int_equal(lzma_easy_buffer_encode(
                                 6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)two_jobs, strlen(two_jobs), out, &n, room),
                LZMA_OK);
        return n;
}

static void a_compressed_file_is_known_by_its_first_bytes_and_read(void **state)
{
        struct trace trace;
        uint8_t bytes[1024];
        size_t n = compress(bytes, sizeof(bytes));

        (void)state;
        write_bytes(bytes, n);
        assert_int_equal(trace_read(&trace, path), 0);
        check_two_jobs(&trace);
}

static void a_compressed_file_that_is_cut_or_damaged_is_refused(void **state)
{
        struct trace trace;
        uint8_t bytes[1024];
        size_t n = compress(bytes, sizeof(bytes));

        (void)state;
        write_bytes(bytes, n - 10);
        assert_true(trace_read(&trace, path) < 0);
        hear();
        assert_said("copied whole");
        bytes[n / 2] ^= 0xff;
        write_bytes(bytes, n);
        assert_true(trace_read(&trace, path) < 0);
        hear();
        assert_said("damaged");
}

static void a_file_that_is_not_there_is_named(void **state)
{
        struct trace trace;

        (void)state;
        assert_int_equal(trace_read(&trace, "/nowhere/trace.csv"), -ENOENT);
        hear();
        assert_said("/nowhere/trace.csv");
}

static void a_folder_is_said_to_be_one(void **state)
{
        struct trace trace = {0};

        (void)state;
        assert_int_equal(trace_read(&trace, "/tmp"), -EISDIR);
        hear();
        assert_said("/tmp: Is a directory");
}

static void bad_lines_are_refused_by_file_line_and_remedy(void **state)
{
        (void)state;
        assert_refused("", ":1:", "arrival_sec,workspace");
        assert_refused("a,b\n", ":1:", "arrival_sec,workspace");
        assert_refused(HEADER, ":", "has no jobs");
        assert_refused(HEADER "1,a,edit,1,1\n", ":2:", "5 columns");
        assert_refused(HEADER "1,a,edit,1,1,0,0\n", ":2:", "7 columns");
        assert_refused(HEADER "\n\nx,a,edit,1,1,0\n", ":4:", "arrival_sec is \"x\"");
        assert_refused(HEADER "-1,a,edit,1,1,0\n", ":2:", "arrival_sec");
        assert_refused(HEADER "nan,a,edit,1,1,0\n", ":2:", "arrival_sec");
        assert_refused(HEADER "1,,edit,1,1,0\n", ":2:", "workspace");
        assert_refused(HEADER "1,a,,1,1,0\n", ":2:", "kind");
        assert_refused(HEADER "1,a,a-kind-of-many-letters,1,1,0\n", ":2:", "kind");
        assert_refused(HEADER "1,a,edit,0,1,0\n", ":2:", "cpu_sec");
        assert_refused(HEADER "1,a,edit,inf,1,0\n", ":2:", "cpu_sec");
        assert_refused(HEADER "1,a,edit,1,0,0\n", ":2:", "parallelism");
        assert_refused(HEADER "1,a,edit,1,1.5,0\n", ":2:", "whole number");
        assert_refused(HEADER "1,a,edit,1,1,-5\n", ":2:", "memory_bytes");
        assert_refused(HEADER "1,a,edit,1,1,5 \n", ":2:", "memory_bytes");
        assert_refused(HEADER "5,a,edit,1,1,0\n4,a,edit,1,1,0\n", ":3:", "sort the lines");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
        static const char bytes[] = HEADER "1,a\0b,edit,1,1,0\n";
        struct trace trace;

        (void)state;
        write_bytes(bytes, sizeof(bytes) - 1);
        assert_true(trace_read(&trace, path) < 0);
        hear();
        assert_said("not text");
}

static void a_list_of_policies_keeps_arguments_with_their_policy(void **state)
{
        struct sim_choice choices[4];
        size_t n = 0;
        double value = 0;

        (void)state;
        assert_int_equal(sim_choices_parse(choices, &n, 4, "equal,cgburst:fast=15,reach=32,oracle"), 0);
        assert_int_equal(n, 3);
        assert_string_equal(choices[1].name, "cgburst:fast=15,reach=32");
        assert_true(sim_argument(&choices[1].arguments, "reach", 1, 100, &value) && value == 32);
        assert_false(sim_argument(&choices[1].arguments, "slow", 1, 100, &value));
        assert_int_equal(choices[2].arguments.n, 0);
}

static void bad_lists_of_policies_are_refused(void **state)
{
        static const char *const bad[] = {"nobody", "equal,nobody", "cgburst:", "cgburst:fast",
                "cgburst:fast=", "cgburst:fast=x", "cgburst:=5", "reach=5", "equal,equal,equal"};

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct sim_choice choices[2];
                size_t n = 0;

                assert_int_equal(sim_choices_parse(choices, &n, 2, bad[i]), -EINVAL);
                hear();
                assert_said("--policy");
        }
}

static void arguments_that_nobody_takes_or_out_of_range_are_told(void **state)
{
        struct sim_choice choices[1];
        size_t n = 0;
        double value = 7;

        (void)state;
        assert_int_equal(sim_choices_parse(choices, &n, 1, "cgburst:fast=15"), 0);
        assert_int_equal(sim_arguments_check(&choices[0]), -EINVAL);
        hear();
        assert_said("has no option fast");
        assert_true(sim_argument(&choices[0].arguments, "fast", 1, 10, &value));
        assert_true(value == 7);
        assert_int_equal(sim_arguments_check(&choices[0]), -EINVAL);
        hear();
        assert_said("from 1 to 10");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_plain_file_is_read),
                cmocka_unit_test(a_compressed_file_is_known_by_its_first_bytes_and_read),
                cmocka_unit_test(a_compressed_file_that_is_cut_or_damaged_is_refused),
                cmocka_unit_test(a_file_that_is_not_there_is_named),
                cmocka_unit_test(a_folder_is_said_to_be_one),
                cmocka_unit_test(bad_lines_are_refused_by_file_line_and_remedy),
                cmocka_unit_test(bytes_that_are_no_text_are_refused),
                cmocka_unit_test(a_list_of_policies_keeps_arguments_with_their_policy),
                cmocka_unit_test(bad_lists_of_policies_are_refused),
                cmocka_unit_test(arguments_that_nobody_takes_or_out_of_range_are_told),
        };

        return cmocka_run_group_tests(tests, make_files, remove_files);
}
