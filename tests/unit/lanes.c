/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which lane a process belongs in: rules and facts, without a kernel.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/glob.h"
#include "rules/lanes.h"
#include "rules/rules.h"

static void a_star_takes_slashes_and_spaces_of_a_text(void **state)
{
        static const struct {
                const char *pattern, *text;
                bool wanted;
        } examples[] = {
                {"", "", true},
                {"*", "", true},
                {"", "a", false},
                {"?", "", false},
                {"/usr/bin/*", "/usr/bin/vim", true},
                {"/usr/*", "/usr/lib/gcc/cc1", true},
                {"/usr/bin/*", "/usr/binary", false},
                {"*make*-j*", "/usr/bin/make all -j8", true},
                {"*make*-j*", "/usr/bin/make all", false},
                {"*ab", "aab", true},
                {"*ab", "aba", false},
                {"a*b*c", "abbbcb", false},
                {"a*b*c", "abbbcbc", true},
                {"cc[1p]*", "cc1plus", true},
                {"cc[1p]*", "ccache", false},
                {"[!a-c]x", "dx", true},
                {"[!a-c]x", "bx", false},
                {"[]]", "]", true},
                {"[a-]", "-", true},
                {"\\*", "\\x", true},
                {"a[*]", "a*", true},
                {"a[*]", "ab", false},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
                if (cgb_glob_match_text(examples[i].pattern, examples[i].text) != examples[i].wanted)
                        fail_msg("\"%s\" on \"%s\" is not %d", examples[i].pattern, examples[i].text, examples[i].wanted);
}

/* What somebody calls a process must not cost the manager its step. */
static void many_stars_on_a_long_text_end(void **state)
{
        char text[4096];

        (void)state;
        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        assert_false(cgb_glob_match_text("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

/* A rule, a process, and its lane. */
static enum cgb_lane lane_of(
        const char *interactive, const char *batch, const struct cgb_process *process, bool parent_is_batch)
{
        const char *const interactives[] = {interactive, NULL}, *const batches[] = {batch, NULL};
        const struct cgb_rule rule = {.match = "*", .interactive = interactives, .batch = batches};

        assert_int_equal(cgb_rule_check(&rule, NULL), 0);
        return cgb_lane_choose(&rule, process, parent_is_batch);
}

static const struct cgb_process make = {
        .pid = 7,
        .comm = "make",
        .exe = "/usr/bin/make",
        .cmdline = "make -C src -j8",
        .terminal = CGB_TERMINAL_FOREGROUND,
};

static void a_batch_pattern_takes_a_process_and_others_stay_interactive(void **state)
{
        static const char *const taking[] = {
                "comm:make", "comm:m*", "exe:*/make", "cmdline:make*-j*", "terminal:foreground"};
        static const char *const leaving[] = {"comm:mak", "exe:make", "cmdline:-j8", "terminal:background", "terminal:none"};

        (void)state;
        for (size_t i = 0; i < sizeof(taking) / sizeof(taking[0]); i++)
                assert_int_equal(lane_of(NULL, taking[i], &make, false), CGB_LANE_BATCH);
        for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++)
                assert_int_equal(lane_of(NULL, leaving[i], &make, false), CGB_LANE_INTERACTIVE);
}

static void an_interactive_pattern_comes_before_a_batch_one(void **state)
{
        (void)state;
        assert_int_equal(lane_of("terminal:foreground", "comm:make", &make, false), CGB_LANE_INTERACTIVE);
        assert_int_equal(lane_of("comm:vim", "comm:*", &make, false), CGB_LANE_BATCH);
}

static void the_child_of_a_batch_process_is_batch_whatever_it_is_called(void **state)
{
        (void)state;
        assert_int_equal(lane_of("comm:make", NULL, &make, true), CGB_LANE_BATCH);
}

/* Another user's executable may not be read: then "*" does not speak of it. */
static void what_is_not_known_matches_nothing(void **state)
{
        const struct cgb_process unknown = {.pid = 7, .comm = "x"};

        (void)state;
        assert_int_equal(lane_of(NULL, "exe:*", &unknown, false), CGB_LANE_INTERACTIVE);
        assert_int_equal(lane_of(NULL, "cmdline:*", &unknown, false), CGB_LANE_INTERACTIVE);
}

static void only_the_files_that_are_asked_for_are_read(void **state)
{
        const char *const comm[] = {"comm:a", NULL}, *const exe[] = {"terminal:none", "exe:b", NULL},
                          *const cmdline[] = {"cmdline:c", NULL};

        (void)state;
        assert_int_equal(cgb_rule_process_parts(&(struct cgb_rule){.batch = comm}), CGB_PROCESS_STAT);
        assert_int_equal(cgb_rule_process_parts(&(struct cgb_rule){.batch = exe}), CGB_PROCESS_STAT | CGB_PROCESS_EXE);
        assert_int_equal(cgb_rule_process_parts(&(struct cgb_rule){.batch = cmdline, .interactive = comm}),
                CGB_PROCESS_STAT | CGB_PROCESS_CMDLINE);
}

static void a_rule_has_lanes_if_it_has_a_pattern_for_one(void **state)
{
        const char *const none[] = {NULL}, *const one[] = {"comm:a", NULL};

        (void)state;
        assert_false(cgb_rule_has_lanes(NULL));
        assert_false(cgb_rule_has_lanes(&(struct cgb_rule){.match = "a"}));
        assert_false(cgb_rule_has_lanes(&(struct cgb_rule){.interactive = none, .batch = none}));
        assert_true(cgb_rule_has_lanes(&(struct cgb_rule){.interactive = one}));
        assert_true(cgb_rule_has_lanes(&(struct cgb_rule){.batch = one}));
}

static void patterns_that_mean_nothing_are_refused(void **state)
{
        static const char *const bad[] = {
                "",
                "make",
                "name:make",
                "comm:",
                "exe:",
                "terminal:",
                "terminal:fore*",
                "comm:[a",
                "cmdline:a[",
                "comm:0123456789abcdef",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                const char *const patterns[] = {bad[i], NULL};
                const struct cgb_rule rule = {.match = "*", .batch = patterns};
                struct cgb_fault fault;

                if (cgb_rule_check(&rule, &fault) == 0)
                        fail_msg("taken: %s", bad[i]);
                assert_string_equal(fault.file, *bad[i] != '\0' ? bad[i] : "batch");
                assert_string_not_equal(fault.message, "");
                assert_string_not_equal(fault.remedy, "");
        }
        assert_null(cgb_lane_complain("comm:0123456789abcd*"));
        assert_null(cgb_lane_complain("comm:0123456789abcde"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_star_takes_slashes_and_spaces_of_a_text),
                cmocka_unit_test(many_stars_on_a_long_text_end),
                cmocka_unit_test(a_batch_pattern_takes_a_process_and_others_stay_interactive),
                cmocka_unit_test(an_interactive_pattern_comes_before_a_batch_one),
                cmocka_unit_test(the_child_of_a_batch_process_is_batch_whatever_it_is_called),
                cmocka_unit_test(what_is_not_known_matches_nothing),
                cmocka_unit_test(only_the_files_that_are_asked_for_are_read),
                cmocka_unit_test(a_rule_has_lanes_if_it_has_a_pattern_for_one),
                cmocka_unit_test(patterns_that_mean_nothing_are_refused),
        };

        return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
