/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The shells that run laws on the simulated node: whom they manage, and that facts come in and limits go out. */

#include "test.h"

#include "../../bench/peers/on-node.h"
#include "../../bench/peers/policies.h"
#include "../../bench/sim/registry.h"

enum {
        ROOT,
        TENANT,
        NESTED,
        NESTED_LANE,
        PLAIN,
        SIBLING_LANE,
        GROUPS,
};

struct host {
        struct sim_machine machine;
        struct sim_group groups[GROUPS];
        struct sim_arguments arguments;
        void *policy;
};

static void add_group(struct host *host, uint32_t number, uint32_t parent, uint32_t workspace, enum sim_role role)
{
        host->groups[number] = (struct sim_group){
                .parent = parent,
                .workspace = workspace,
                .role = role,
                .present = true,
                .knobs = {.weight = 100, .quota_usec = SIM_MAX, .period_usec = SIM_PERIOD_USEC},
        };
}

/* A tenant with a workspace of nested lanes, a workspace of one group, and one lane that is a sibling of both. 12 CPUs. */
static int make_host(void **state)
{
        static struct host host;

        host = (struct host){.machine = {.cpus = 12, .n_groups = GROUPS, .groups = host.groups}};
        add_group(&host, ROOT, ROOT, UINT32_MAX, SIM_PARENT);
        add_group(&host, TENANT, ROOT, UINT32_MAX, SIM_PARENT);
        add_group(&host, NESTED, TENANT, 0, SIM_PARENT);
        add_group(&host, NESTED_LANE, NESTED, 0, SIM_LANE_BATCH);
        add_group(&host, PLAIN, ROOT, 1, SIM_WORKSPACE);
        add_group(&host, SIBLING_LANE, ROOT, 2, SIM_LANE_INTERACTIVE);
        *state = &host;
        return 0;
}

static void start(struct host *host, const struct sim_policy *policy)
{
        assert_int_equal(policy->open(&host->policy, &host->machine, policy->step_usec, &host->arguments), 0);
        for (uint32_t i = 0; i < GROUPS; i++)
                policy->added(host->policy, &host->machine, i);
}

static uint64_t quota(const struct host *host, uint32_t group)
{
        return host->groups[group].knobs.quota_usec;
}

static void whole_workspaces_are_limited_and_neither_tenants_nor_nested_lanes(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_quota);
        assert_int_equal(quota(host, NESTED), 600000);
        assert_int_equal(quota(host, PLAIN), 600000);
        assert_int_equal(quota(host, SIBLING_LANE), 600000);
        assert_true(quota(host, ROOT) == SIM_MAX);
        assert_true(quota(host, TENANT) == SIM_MAX);
        assert_true(quota(host, NESTED_LANE) == SIM_MAX);
        sim_policy_quota.close(host->policy);
}

static void burst_is_set_for_those_who_ask_for_it_alone(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_quota_burst);
        assert_int_equal(host->groups[PLAIN].knobs.burst_usec, 600000);
        sim_policy_quota_burst.close(host->policy);
        start(host, &sim_policy_quota);
        assert_int_equal(host->groups[PLAIN].knobs.burst_usec, 0);
        sim_policy_quota.close(host->policy);
}

/* Of 12 CPUs the base is 2 and the burst 6. The first throttling is not seen, the second is. */
static void gitpod2_gives_the_burst_to_who_was_throttled_in_two_steps(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_gitpod2);
        for (uint64_t step = 1; step <= 2; step++) {
                assert_int_equal(quota(host, PLAIN), 200000);
                host->groups[PLAIN].facts.nr_throttled += 5;
                host->groups[PLAIN].facts.usage_usec += 30000000;
                sim_policy_gitpod2.step(host->policy, &host->machine, step * sim_policy_gitpod2.step_usec);
        }
        assert_int_equal(quota(host, PLAIN), 600000);
        assert_int_equal(quota(host, NESTED), 200000);
        sim_policy_gitpod2.close(host->policy);
}

/* A t3.medium has nothing at first: 20 % of 2 CPUs. */
static void an_ec2_instance_that_was_idle_for_a_step_has_all_of_its_vcpus(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_ec2);
        assert_int_equal(quota(host, PLAIN), 40000);
        host->groups[NESTED].facts.usage_usec = 60000000;
        sim_policy_ec2.step(host->policy, &host->machine, 60000000);
        assert_int_equal(quota(host, PLAIN), 200000);
        assert_int_equal(quota(host, NESTED), 40000);
        sim_policy_ec2.close(host->policy);
}

static void who_is_gone_is_left_alone(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_ec2);
        sim_policy_ec2.gone(host->policy, &host->machine, PLAIN);
        sim_policy_ec2.step(host->policy, &host->machine, 60000000);
        assert_int_equal(quota(host, PLAIN), 40000);
        assert_int_equal(quota(host, SIBLING_LANE), 200000);
        sim_policy_ec2.close(host->policy);
}

/* A quota of 3 CPUs, all of it used: badness passes 100 in the ninth step of 30 s. */
static void arbiter2_penalises_on_the_node_when_its_law_does(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_arbiter2);
        for (uint64_t step = 1; step <= 9; step++) {
                assert_int_equal(quota(host, PLAIN), 300000);
                host->groups[PLAIN].facts.usage_usec += 90000000;
                sim_policy_arbiter2.step(host->policy, &host->machine, step * sim_policy_arbiter2.step_usec);
        }
        assert_int_equal(quota(host, PLAIN), 240000);
        assert_int_equal(quota(host, NESTED), 300000);
        sim_policy_arbiter2.close(host->policy);
}

static void karma_second(struct host *host, uint64_t second)
{
        sim_policy_karma.step(host->policy, &host->machine, second * sim_policy_karma.step_usec);
}

/*
 * 3 workspaces on 12 CPUs: f is 4 CPUs, of which half are guaranteed. The first borrows 10 CPUs in one second, of which the
 * others lend and earn 2 each: it is 12 CPU seconds behind them. So the 8 CPUs that can be borrowed in the next all go to
 * the second.
 */
static void karma_lends_first_to_who_has_lent(void **state)
{
        struct host *host = *state;

        start(host, &sim_policy_karma);
        host->groups[PLAIN].facts.nr_throttled += 1;
        karma_second(host, 1);
        assert_int_equal(quota(host, PLAIN), 1200000);
        assert_int_equal(quota(host, NESTED), 200000);
        host->groups[PLAIN].facts.nr_throttled += 1;
        host->groups[NESTED].facts.nr_throttled += 1;
        karma_second(host, 2);
        assert_int_equal(quota(host, PLAIN), 200000);
        assert_int_equal(quota(host, NESTED), 1000000);
        sim_policy_karma.close(host->policy);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(whole_workspaces_are_limited_and_neither_tenants_nor_nested_lanes, make_host),
                cmocka_unit_test_setup(burst_is_set_for_those_who_ask_for_it_alone, make_host),
                cmocka_unit_test_setup(gitpod2_gives_the_burst_to_who_was_throttled_in_two_steps, make_host),
                cmocka_unit_test_setup(an_ec2_instance_that_was_idle_for_a_step_has_all_of_its_vcpus, make_host),
                cmocka_unit_test_setup(who_is_gone_is_left_alone, make_host),
                cmocka_unit_test_setup(arbiter2_penalises_on_the_node_when_its_law_does, make_host),
                cmocka_unit_test_setup(karma_lends_first_to_who_has_lent, make_host),
        };

        return cmocka_run_group_tests_name("on-node", tests, NULL, NULL);
}
