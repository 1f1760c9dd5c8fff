/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Discovery by rule: trees laid out as login managers and container engines lay them out, found by patterns, in whatever
 * order their groups come and go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define POD "work/kubepods-burstable.slice/pod1.slice"

static const char *const no_root[] = {"user-0.slice", NULL};

static const struct cgb_rule users[] = {
        {.name = "users", .match = "user-*.slice", .exclude = no_root, .share_permille = 2000}};
static const struct cgb_rule scopes[] = {{.name = "scopes", .match = "*.scope"}};
static const struct cgb_rule pods[] = {{.name = "pods",
        .match = "**"
                 "/cri-*.scope"}};

static struct cgb *start_with(struct fake *fake, const struct cgb_rule *rules)
{
        fake->options.rules = rules;
        fake->options.n_rules = 1;
        return fake_started(fake);
}

static void make_pod(const struct fake *fake)
{
        fake_group(fake, "work/kubepods-burstable.slice", 100);
        fake_group(fake, POD, 100);
        fake_group(fake, POD "/cri-1.scope", 100);
}

static size_t count(struct cgb *cgb)
{
        struct cgb_overview overview = {.size = sizeof overview};

        assert_int_equal(cgb_get_overview(cgb, &overview), 0);
        return overview.workspaces;
}

static void only_what_a_rule_names_is_managed(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        fake_group(fake, "work/user-1000.slice", 100);
        fake_group(fake, "work/user-0.slice", 100);
        fake_group(fake, "work/other.service", 100);
        cgb = start_with(fake, users);
        assert_int_equal(count(cgb), 1);
        assert_true(fake_find(cgb, "user-1000.slice", &workspace));
        assert_string_equal(workspace.rule, "users");
        assert_int_equal(workspace.account.share_permille, 2000);
}

/* What no rule names keeps its 100, and a hog beside it has no more than its share. */
static void who_is_in_debt_is_not_lifted_above_those_that_no_rule_names(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake_group(fake, "work/hog.scope", 100);
        fake_group(fake, "work/idle.scope", 100);
        fake_group(fake, "work/sshd.service", 100);
        cgb = start_with(fake, scopes);
        fake_run(fake, cgb, 60, (struct fake_load[]){{"hog.scope", 4000}, {NULL, 0}});
        assert_true(fake_weight(fake, "work/hog.scope") < 100);
        assert_true(fake_weight(fake, "work/idle.scope") > 100);
        assert_int_equal(fake_weight(fake, "work/sshd.service"), 100);
}

static void groups_come_and_go_under_a_rule(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_with(fake, users);

        fake_group(fake, "work/user-1.slice", 100);
        fake_group(fake, "work/not-me.slice", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 1);
        fake_remove(fake, "work/user-1.slice");
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 0);
        assert_int_equal(fake_count_events(cgb, CGB_EVENT_ERROR, NULL), 0);
}

/* Though nobody is kept waiting. */
static void a_rules_share_is_written_when_the_groups_maker_has_had_time(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_with(fake, users);

        fake_group(fake, "work/user-1.slice", 100);
        fake_step(fake, cgb);
        assert_int_equal(fake_weight(fake, "work/user-1.slice"), 100);
        fake_step(fake, cgb);
        assert_int_equal(fake_weight(fake, "work/user-1.slice"), 200);
        assert_int_equal(cgb_stop(cgb), 0);
        assert_int_equal(fake_weight(fake, "work/user-1.slice"), 100);
}

static void what_is_there_is_found_at_any_depth_with_all_above_it(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        make_pod(fake);
        fake_group(fake, "work/empty.slice", 100);
        cgb = start_with(fake, pods);
        assert_int_equal(count(cgb), 3);
        assert_true(fake_find(cgb, "kubepods-burstable.slice/pod1.slice/cri-1.scope", &workspace));
        assert_string_equal(workspace.rule, "pods");
        assert_int_equal(workspace.depth, 3);
        assert_true(fake_find(cgb, "kubepods-burstable.slice/pod1.slice", &workspace));
        assert_string_equal(workspace.rule, "");
        assert_false(fake_find(cgb, "empty.slice", &workspace));
}

static void what_comes_later_is_found_at_any_depth(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_with(fake, pods);

        fake_group(fake, "work/kubepods-burstable.slice", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        fake_group(fake, POD, 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 0);
        fake_group(fake, POD "/cri-1.scope", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 3);
        fake_group(fake, POD "/cri-2.scope", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 4);
}

static void several_levels_that_come_at_once_are_found(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_with(fake, pods);

        make_pod(fake);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 3);
}

static void a_way_that_is_made_again_is_watched_again(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb = start_with(fake, pods);

        fake_group(fake, "work/a", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        fake_recreate(fake, "work/a", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        fake_group(fake, "work/a/cri-9.scope", 100);
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 2);
        fake_remove(fake, "work/a");
        assert_int_equal(cgb_dispatch(cgb), 0);
        assert_int_equal(count(cgb), 0);
}

static const struct fake_load busy[] = {{"alice", 4000}, {NULL, 0}};

static void a_dry_rule_decides_and_writes_nothing(void **state)
{
        static const struct cgb_rule dry[] = {
                {.name = "dry", .match = "bob", .flags = CGB_DRY_RUN}, {.name = "wet", .match = "*"}};
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        fake_group(fake, "work/alice", 100);
        fake_group(fake, "work/bob", 100);
        fake_group(fake, "work/carol", 100);
        fake->options.rules = dry;
        fake->options.n_rules = 2;
        cgb = fake_started(fake);
        fake_run(fake, cgb, 5, busy);
        assert_true(fake_weight(fake, "work/carol") > 100);
        assert_int_equal(fake_weight(fake, "work/bob"), 100);
        assert_true(fake_find(cgb, "bob", &workspace));
        assert_true(workspace.dry_run);
        assert_true(workspace.account.written > 100);
        assert_true(fake_count_events(cgb, CGB_EVENT_WEIGHT, "bob") > 0);
        fake_end(fake, cgb);
        assert_int_equal(fake_weight(fake, "work/carol"), 100);
}

static void a_rules_share_stands_whatever_the_weight_says(void **state)
{
        struct fake *fake = *state;
        struct cgb_workspace workspace;
        struct cgb *cgb;

        fake_group(fake, "work/user-7.slice", 300);
        cgb = start_with(fake, users);
        assert_true(fake_find(cgb, "user-7.slice", &workspace));
        assert_int_equal(workspace.account.share_permille, 2000);
        fake_end(fake, cgb);
        assert_int_equal(fake_weight(fake, "work/user-7.slice"), 300);
}

static void a_parent_that_is_missing_is_waited_for_and_not_made(void **state)
{
        struct fake *fake = *state;
        struct cgb *cgb;

        fake->options.rules = users;
        fake->options.n_rules = 1;
        fake->options.parent = "later";
        cgb = fake_manager(fake);
        assert_int_equal(cgb_start(cgb), -ENOENT);
        fake_assert_fault_names(cgb_get_fault(cgb), -ENOENT, "later");
        assert_false(fake_exists(fake, "later"));
        fake_group(fake, "later", 100);
        fake_write(fake, "later", "cgroup.subtree_control", "cpu\n");
        assert_int_equal(cgb_start(cgb), 0);
}

static void a_pattern_that_cannot_be_is_refused(void **state)
{
        static const struct cgb_rule bad[] = {{.match = "a["}};
        struct fake *fake = *state;
        struct cgb_fault fault;
        struct cgb *cgb;

        fake->options.rules = bad;
        fake->options.n_rules = 1;
        assert_int_equal(cgb_new(&cgb, &fake->options, &fault), -EINVAL);
        fake_assert_fault_names(&fault, -EINVAL, "a[");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(only_what_a_rule_names_is_managed, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        who_is_in_debt_is_not_lifted_above_those_that_no_rule_names, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(groups_come_and_go_under_a_rule, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        what_is_there_is_found_at_any_depth_with_all_above_it, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(what_comes_later_is_found_at_any_depth, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(several_levels_that_come_at_once_are_found, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_way_that_is_made_again_is_watched_again, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_dry_rule_decides_and_writes_nothing, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_rules_share_is_written_when_the_groups_maker_has_had_time, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_rules_share_stands_whatever_the_weight_says, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(
                        a_parent_that_is_missing_is_waited_for_and_not_made, fake_setup, fake_teardown),
                cmocka_unit_test_setup_teardown(a_pattern_that_cannot_be_is_refused, fake_setup, fake_teardown),
        };

        return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
