/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The configuration of cgctl daemon: what it means, and that every mistake is told with its line and a remedy.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

/* The file that is shipped; from the command line, read only. */
static const char *shipped;

/* What was complained of. */
struct complaints {
        size_t n;
        unsigned line;     /* of the first */
        char message[512]; /* the first */
        bool without_remedy;
};

static void note(void *userdata, unsigned line, const char *message, const char *remedy)
{
        struct complaints *complaints = userdata;

        if (complaints->n++ == 0) {
                complaints->line = line;
                snprintf(complaints->message, sizeof(complaints->message), "%s", message);
        }
        complaints->without_remedy |= remedy == NULL || *remedy == '\0';
}

static struct config parse(const char *text)
{
        struct complaints complaints = {0};
        struct config config = {0};

        if (config_parse(&config, text, note, &complaints) < 0)
                fail_msg("refused in line %u: %s", complaints.line, complaints.message);
        assert_int_equal(complaints.n, 0);
        return config;
}

static void rules_are_sorted_by_what_is_before_the_first_wildcard(void **state)
{
        struct config config = parse("[rule a]\nmatch = system.slice/docker-*.scope\n"
                                     "[rule b]\nmatch = kube.slice/**/cri-*.scope\n"
                                     "[rule c]\nmatch = system.slice/j-*.service\n"
                                     "[rule d]\nmatch = top-*\n"
                                     "[rule e]\nmatch = x/y/z\n");

        (void)state;
        assert_int_equal(config.n_parents, 4);
        assert_string_equal(config.parents[0].path, "system.slice");
        assert_int_equal(config.parents[0].n_rules, 2);
        assert_string_equal(config.parents[0].rules[0].name, "a");
        assert_string_equal(config.parents[0].rules[0].match, "docker-*.scope");
        assert_string_equal(config.parents[0].rules[1].match, "j-*.service");
        assert_string_equal(config.parents[1].path, "kube.slice");
        assert_string_equal(config.parents[1].rules[0].match, "**/cri-*.scope");
        assert_string_equal(config.parents[2].path, "");
        assert_string_equal(config.parents[2].rules[0].match, "top-*");
        assert_string_equal(config.parents[3].path, "x/y");
        assert_string_equal(config.parents[3].rules[0].match, "z");
        config_free(&config);
}

static void every_key_is_taken(void **state)
{
        struct config config = parse(
                "; a comment\n[daemon]\nstep = 0.25\n\n[rule users]\nmatch = u/user-*.slice ; another\n"
                "exclude = u/user-0.slice u/user-1.slice\n  u/user-2.slice\nshares = 2.5\nmemory-floor = 512M\ndry-run = yes\n"
                "[rule rest]\nmatch = u/*\ndry-run = no");
        const struct cgb_rule *rules;

        (void)state;
        assert_int_equal(config.step_usec, 250000);
        assert_int_equal(config.n_parents, 1);
        rules = config.parents[0].rules;
        assert_int_equal(config.parents[0].n_rules, 2);
        assert_string_equal(rules[0].name, "users");
        assert_string_equal(rules[0].exclude[0], "user-0.slice");
        assert_string_equal(rules[0].exclude[1], "user-1.slice");
        assert_string_equal(rules[0].exclude[2], "user-2.slice");
        assert_null(rules[0].exclude[3]);
        assert_int_equal(rules[0].share_permille, 2500);
        assert_int_equal(rules[0].memory_floor_bytes, 512ull << 20);
        assert_int_equal(rules[0].flags, CGB_DRY_RUN);
        assert_int_equal(rules[1].share_permille, 0);
        assert_int_equal(rules[1].memory_floor_bytes, 0);
        assert_int_equal(rules[1].flags, 0);
        config_free(&config);
}

static void every_mistake_is_told_with_its_line_and_a_remedy(void **state)
{
        static const struct {
                const char *text;
                unsigned line;
        } bad[] = {
                {"", 0},
                {"[daemon]\nstep = 1\n", 0},
                {"\nmatch = a/*\n", 2},
                {"[]\nmatch = a/*\n", 1},
                {"[rule a]\nmatch = a/*\n[rule  a]\nmatch = b/*\n", 3},
                {"[rule]\nmatch = a/*\n", 1},
                {"[rulers]\nmatch = a/*\n", 1},
                {"\n[rule a]\n\n[rule b]\nmatch = a/*\n", 2},
                {"[rule b]\nmatch = a/*\n[rule a]\n", 3},
                {"[rule a]\nshares = 1\n", 1},
                {"[rule a]\nmatch = a/*\ncolour = red\n", 3},
                {"[rule a]\nmatch = a/*\nmatch = b/*\n", 3},
                {"[rule a]\nmatch = a/*\nshares = 1\nshares = 2\n", 4},
                {"[rule a]\nmatch = a/*\nshares = 0\n", 3},
                {"[rule a]\nmatch = a/*\nshares = 101\n", 3},
                {"[rule a]\nmatch = a/*\nshares = nan\n", 3},
                {"[rule a]\nmatch = a/*\nmemory-floor = 1G\nmemory-floor = 2G\n", 4},
                {"[rule a]\nmatch = a/*\nmemory-floor = 512\n", 3},
                {"[rule a]\nmatch = a/*\nmemory-floor = 1.5G\n", 3},
                {"[rule a]\nmatch = a/*\nmemory-floor = much\n", 3},
                {"[rule a]\nmatch = a/*\ndry-run = maybe\n", 3},
                {"[rule a]\nmatch = a/**\n", 2},
                {"[rule a]\n\nmatch = /a\n", 3},
                {"[rule a]\nmatch = a/[b\n", 2},
                {"[rule a]\nmatch = a/*\nexclude = b/c\n", 1},
                {"[rule a]\nmatch = a/x\x7f*\n", 2},
                {"[rule a]\nmatch = a/*\nexclude = a/b\va/c\n", 3},
                {"[rule a]\nmatch = a/*\nbatch = make\nshares = 1\n", 3},
                {"[rule a]\nmatch = a/*\ninteractive = comm:a,,comm:b\n", 3},
                {"[rule a]\nmatch = a/*\ninteractive = terminal:loud\n", 3},
                {"[rule a]\nmatch = a/*\nbatch = comm:sixteen-characters\n", 3},
                {"[rule a]\nmatch = a/*\nthis is no key\n", 3},
                {"[rule a]\nmatch = a/*\n [rule b]\nmatch = b/*\n", 3},
                {"[daemon]\nstep = 0\n[rule a]\nmatch = a/*\n", 2},
                {"[daemon]\nspeed = 1\n[rule a]\nmatch = a/*\n", 2},
                {"[rule a]\nmatch = a/**/x\n[rule b]\nmatch = a/b/y*\n", 3},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct complaints complaints = {0};
                struct config config = {.step_usec = 4711};

                if (config_parse(&config, bad[i].text, note, &complaints) != -EINVAL)
                        fail_msg("taken: %s", bad[i].text);
                assert_int_equal(config.step_usec, 4711);
                assert_false(complaints.without_remedy);
                assert_string_not_equal(complaints.message, "");
                if (complaints.line != bad[i].line)
                        fail_msg("line %u and not %u of: %s(%s)", complaints.line, bad[i].line, bad[i].text,
                                complaints.message);
        }
}

static void lanes_are_lists_with_commas_in_as_many_lines_as_one_likes(void **state)
{
        struct config config =
                parse("[rule a]\nmatch = a/*\ninteractive = comm:vim , exe:/usr/bin/*sh,\nbatch = cmdline:make -j*\n"
                      "  comm:cc1*, terminal:background\n[rule b]\nmatch = a/b\n");
        const struct cgb_rule *rules = config.parents[0].rules;

        (void)state;
        assert_string_equal(rules[0].interactive[0], "comm:vim");
        assert_string_equal(rules[0].interactive[1], "exe:/usr/bin/*sh");
        assert_null(rules[0].interactive[2]);
        assert_string_equal(rules[0].batch[0], "cmdline:make -j*");
        assert_string_equal(rules[0].batch[1], "comm:cc1*");
        assert_string_equal(rules[0].batch[2], "terminal:background");
        assert_null(rules[0].batch[3]);
        assert_null(rules[1].interactive[0]);
        assert_null(rules[1].batch[0]);
        config_free(&config);
}

static void several_mistakes_are_all_told(void **state)
{
        struct complaints complaints = {0};
        struct config config;

        (void)state;
        assert_int_equal(
                config_parse(&config, "[rule a]\nmatch = a[\n[rule b]\nx = 1\nmatch = b/*\n", note, &complaints), -EINVAL);
        assert_int_equal(complaints.n, 2);
}

static void a_line_that_is_too_long_is_refused_and_not_cut(void **state)
{
        struct complaints complaints = {0};
        struct config config;
        char text[700];
        int n = snprintf(text, sizeof(text), "[rule a]\nmatch = a/*\nexclude = a/");

        (void)state;
        memset(text + n, 'x', sizeof(text) - (size_t)n - 1);
        text[sizeof(text) - 1] = '\0';
        assert_int_equal(config_parse(&config, text, note, &complaints), -EINVAL);
        assert_int_equal(complaints.line, 3);
}

static void the_shipped_example_has_no_mistakes(void **state)
{
        struct complaints complaints = {0};
        struct config config;

        (void)state;
        assert_int_equal(config_load(&config, shipped, note, &complaints), 0);
        assert_int_equal(complaints.n, 0);
        assert_int_equal(config.n_parents, 7);
        config_free(&config);
}

static void a_file_that_is_not_there_is_told(void **state)
{
        struct complaints complaints = {0};
        struct config config;

        (void)state;
        assert_int_equal(config_load(&config, "/nonexistent/cgburst.conf", note, &complaints), -ENOENT);
        assert_int_equal(complaints.n, 1);
}

static void a_file_with_a_zero_byte_is_refused_and_not_cut(void **state)
{
        static const char text[] = "[rule a]\nmatch = a/*\n\0[rule b]\nmatch = b/*\n";
        struct complaints complaints = {0};
        struct config config = {.step_usec = 4711};
        char path[] = "/tmp/cgburst-config-XXXXXX";
        int fd = mkstemp(path), r;

        (void)state;
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
        close(fd);
        r = config_load(&config, path, note, &complaints);
        unlink(path);
        assert_int_equal(r, -EINVAL);
        assert_int_equal(complaints.n, 1);
        assert_false(complaints.without_remedy);
        assert_int_equal(config.step_usec, 4711);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rules_are_sorted_by_what_is_before_the_first_wildcard),
                cmocka_unit_test(every_key_is_taken),
                cmocka_unit_test(every_mistake_is_told_with_its_line_and_a_remedy),
                cmocka_unit_test(lanes_are_lists_with_commas_in_as_many_lines_as_one_likes),
                cmocka_unit_test(several_mistakes_are_all_told),
                cmocka_unit_test(a_line_that_is_too_long_is_refused_and_not_cut),
                cmocka_unit_test(the_shipped_example_has_no_mistakes),
                cmocka_unit_test(a_file_that_is_not_there_is_told),
                cmocka_unit_test(a_file_with_a_zero_byte_is_refused_and_not_cut),
        };

        shipped = argc > 1 ? argv[1] : "examples/cgctl/cgburst.conf";
        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
