/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Patterns over paths of groups, and what several rules together say about one.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rules.h"

struct example {
        const char *pattern, *path;
        enum cgb_glob wanted;
};

static void check_all(const struct example *examples, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct example *example = &examples[i];

                assert_null(cgb_glob_complain(example->pattern));
                if (cgb_glob_match(example->pattern, example->path) != example->wanted)
                        fail_msg("\"%s\" on \"%s\" is not %d", example->pattern, example->path, example->wanted);
        }
}

static void a_wildcard_stays_within_a_name(void **state)
{
        static const struct example examples[] = {
                {"user-*.slice", "user-1000.slice", CGB_GLOB_YES},
                {"user-*.slice", "user-.slice", CGB_GLOB_YES},
                {"user-*.slice", "user.slice", CGB_GLOB_NO},
                {"user-*.slice", "user-1/x.slice", CGB_GLOB_NO},
                {"user-*.slice", "user-1.slice/x.slice", CGB_GLOB_NO},
                {"a/*", "a", CGB_GLOB_BELOW},
                {"a/*", "a/b", CGB_GLOB_YES},
                {"a/*", "a/b/c", CGB_GLOB_NO},
                {"a/*", "b", CGB_GLOB_NO},
                {"a", "", CGB_GLOB_BELOW},
                {"?", "a", CGB_GLOB_YES},
                {"?", "ab", CGB_GLOB_NO},
                {"user-[1-9]*.slice", "user-1000.slice", CGB_GLOB_YES},
                {"user-[1-9]*.slice", "user-0.slice", CGB_GLOB_NO},
                {"user-[!0]*.slice", "user-0.slice", CGB_GLOB_NO},
                {"*", ".hidden", CGB_GLOB_YES},
        };

        (void)state;
        check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

static void two_stars_stand_for_any_number_of_names(void **state)
{
        static const struct example examples[] = {
                {"**/x", "x", CGB_GLOB_YES},
                {"**/x", "a/x", CGB_GLOB_YES},
                {"**/x", "a/b/c/x", CGB_GLOB_YES},
                {"**/x", "a/b", CGB_GLOB_BELOW},
                {"a/**/x-*", "a/x-1", CGB_GLOB_YES},
                {"a/**/x-*", "a/b/x-1", CGB_GLOB_YES},
                {"a/**/x-*", "b/x-1", CGB_GLOB_NO},
                {"a/**/x-*", "a", CGB_GLOB_BELOW},
                {"**/b/c", "b/b/c", CGB_GLOB_YES},
                {"**/b/c", "a/b", CGB_GLOB_BELOW},
        };

        (void)state;
        check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

/* systemd's own escapes are plain characters, as they are in the names. */
static void a_backslash_is_a_character_like_others(void **state)
{
        static const struct example examples[] = {
                {"system-a\\x2db.slice", "system-a\\x2db.slice", CGB_GLOB_YES},
                {"a\\*", "a\\b", CGB_GLOB_YES},
                {"[*]", "*", CGB_GLOB_YES},
                {"[*]", "a", CGB_GLOB_NO},
                {"[]]", "]", CGB_GLOB_YES},
        };

        (void)state;
        check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

static void what_is_no_pattern_is_told_why(void **state)
{
        static const char *const bad[] = {
                "",
                "/a",
                "a/",
                "a//b",
                ".",
                "..",
                "a/../b",
                "a[",
                "a[b",
                "[]",
                "[!]",
                "**",
                "a/**",
                "a**",
                "**b/c",
                "**/a/**/b",
        };
        char name[400];

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                if (cgb_glob_complain(bad[i]) == NULL)
                        fail_msg("taken: \"%s\"", bad[i]);
        memset(name, 'a', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        assert_non_null(cgb_glob_complain(name));
}

static const char *const no_root[] = {"user-0.slice", NULL};
static const char *const no_effort[] = {"besteffort.slice", NULL};

static const struct cgb_rule three_rules[] = {
        {.name = "users", .match = "user-*.slice", .exclude = no_root},
        {.name = "all users", .match = "user-[0-9]*.slice", .share_permille = 500},
        {.name = "pods", .match = "**/cri-*.scope", .exclude = no_effort},
};

/* The rule's name; "" for "below", NULL for none. */
static const char *ask(const char *path)
{
        static char ret[32];
        struct cgb_rules rules;
        const struct cgb_rule *rule = NULL;
        enum cgb_glob found;

        assert_int_equal(cgb_rules_copy(&rules, three_rules, 3, NULL), 0);
        found = cgb_rules_match(&rules, path, &rule);
        if (found == CGB_GLOB_YES)
                assert_true(strlen(strcpy(ret, rule->name)) > 0);
        else
                strcpy(ret, "");
        cgb_rules_free(&rules);
        return found == CGB_GLOB_NO ? NULL : ret;
}

static void the_first_rule_that_takes_a_group_has_it(void **state)
{
        (void)state;
        assert_string_equal(ask("user-1000.slice"), "users");
        assert_string_equal(ask("user-x.slice"), "users");
        assert_string_equal(ask("a/cri-1.scope"), "pods");
}

static void what_one_rule_excludes_another_may_take(void **state)
{
        (void)state;
        assert_string_equal(ask("user-0.slice"), "all users");
}

static void nothing_in_a_workspace_and_nothing_in_what_is_excluded_is_taken(void **state)
{
        (void)state;
        assert_null(ask("user-1000.slice/cri-1.scope"));
        assert_null(ask("user-1000.slice/a"));
        assert_null(ask("besteffort.slice"));
        assert_null(ask("besteffort.slice/pod/cri-1.scope"));
        assert_string_equal(ask("burstable.slice"), "");
}

static void a_rule_that_cannot_be_is_refused_by_name(void **state)
{
        static const char *const bad_exclude[] = {"a/", NULL};
        static const struct cgb_rule bad[] = {
                {.match = NULL},
                {.match = "a["},
                {.match = "a", .exclude = bad_exclude},
                {.match = "a", .share_permille = 9},
                {.match = "a", .share_permille = 100001},
                {.match = "a", .flags = 2},
        };
        struct cgb_rules rules = {.n = 4711};

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct cgb_fault fault = {0};

                assert_int_equal(cgb_rules_copy(&rules, &bad[i], 1, &fault), -EINVAL);
                assert_int_equal(fault.code, -EINVAL);
                assert_string_not_equal(fault.file, "");
                assert_string_not_equal(fault.message, "");
                assert_string_not_equal(fault.remedy, "");
        }
        assert_int_equal(rules.n, 4711);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_wildcard_stays_within_a_name),
                cmocka_unit_test(two_stars_stand_for_any_number_of_names),
                cmocka_unit_test(a_backslash_is_a_character_like_others),
                cmocka_unit_test(what_is_no_pattern_is_told_why),
                cmocka_unit_test(the_first_rule_that_takes_a_group_has_it),
                cmocka_unit_test(what_one_rule_excludes_another_may_take),
                cmocka_unit_test(nothing_in_a_workspace_and_nothing_in_what_is_excluded_is_taken),
                cmocka_unit_test(a_rule_that_cannot_be_is_refused_by_name),
        };

        return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
