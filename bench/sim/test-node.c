/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The fluid model, held to cases that can be computed by hand; the arithmetic stands beside each. Times in seconds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "policies.h"
#include "test-support.h"

static void a_job_alone_takes_its_work_over_its_parallelism(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 1, "a", "two", 6, 2);    /* 6 / 2 = 3 */
        put(&trace, 10, "a", "many", 6, 12); /* 12 threads on 4 CPUs: 6 / 4 = 1.5 */
        result = run_under(&trace, &sim_policy_equal, 4, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 3);
        assert_near(response_of(&result, 1), 1.5);
        assert_near(result.kinds[0].slowdown.max, 1);
        assert_near(result.kinds[1].slowdown.max, 1);
        sim_result_free(&result);
}

/*
 * One CPU. A has done half a second when B comes at 0.5; each then has half a CPU. A's other half second takes 1, to 1.5;
 * by then B has done 0.5, and its rest runs alone, to 2.
 */
static void two_of_equal_weight_halve_one_cpu_while_both_want_it(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "a", 1, 1);
        put(&trace, 0.5, "b", "b", 1, 1);
        result = run_under(&trace, &sim_policy_equal, 1, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 1.5);
        assert_near(response_of(&result, 1), 1.5);
        assert_near(result.end_sec, 2);
        sim_result_free(&result);
}

static void weigh_300(void *state, struct sim_machine *machine, uint32_t group)
{
        (void)state;
        if (!strcmp(machine->groups[group].name, "heavy"))
                machine->groups[group].knobs.weight = 300;
}

/*
 * Four CPUs, both could fill them: heavy has 3 and light 1. Heavy's 6 take 2; light has done 2 of 6 by then, and the other 4
 * take 1 on all four.
 */
static void weights_divide_the_cpus_in_their_ratio(void **state)
{
        static const struct sim_policy policy = {.name = "300", .open = open_nothing, .added = weigh_300};
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "heavy", "a", 6, 8);
        put(&trace, 0, "light", "b", 6, 8);
        result = run_under(&trace, &policy, 4, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 2);
        assert_near(response_of(&result, 1), 3);
        sim_result_free(&result);
}

/*
 * Four CPUs and three groups: 4/3 each, but A can use only 1, so B and C have 1.5. B's 3 take 2. A is done at 1 of 1; from
 * then on B and C have 2 each: at 1 B has done 1.5, and the other 1.5 take 0.75.
 */
static void what_one_cannot_use_is_divided_among_the_others(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "a", 1, 1);
        put(&trace, 0, "b", "b", 3, 8);
        put(&trace, 0, "c", "c", 3, 8);
        result = run_under(&trace, &sim_policy_equal, 4, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 1);
        assert_near(response_of(&result, 1), 1.75);
        assert_near(response_of(&result, 2), 1.75);
        sim_result_free(&result);
}

/*
 * Two CPUs, three jobs in one group: 2/3 each, but the edit can use only a half, so the builds have 0.75 each, whether of
 * two threads or of seven. The edit's 0.25 take 0.5. The builds have done 0.375 of 1.375 by then, and have a CPU each for
 * the other 1.
 */
static void jobs_of_one_group_are_equals_and_run_side_by_side(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "build", 1.375, 7);
        put(&trace, 0, "a", "build", 1.375, 2);
        put(&trace, 0, "a", "edit", 0.25, 0.5);
        result = run_under(&trace, &sim_policy_equal, 2, LANES_NONE, 0);
        assert_near(response_of(&result, 1), 0.5);
        assert_near(result.kinds[0].response_sec.p50, 1.5);
        assert_near(result.kinds[0].response_sec.max, 1.5);
        assert_int_equal(result.kinds[1].beside_slowdown.n, 1);
        assert_int_equal(result.kinds[0].beside_slowdown.n, 0);
        sim_result_free(&result);
}

/* Two tenants have 2 of 4 CPUs each, however many workspaces they have: x/a has 2, y/b and y/c 1. All want 2; then y's have
 * 2 each. */
static void tenants_divide_first_and_their_workspaces_after(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "x/a", "a", 2, 4);
        put(&trace, 0, "y/b", "b", 2, 4);
        put(&trace, 0, "y/c", "c", 2, 4);
        result = run_under(&trace, &sim_policy_equal, 4, LANES_NONE, 0);
        assert_near(response_of(&result, 0), 1);
        assert_near(response_of(&result, 1), 1.5);
        assert_near(response_of(&result, 2), 1.5);
        sim_result_free(&result);
}

/* A workspace that builds with four threads and edits with one, beside two hogs on 4 CPUs. */
static double edit_response(enum lanes lanes)
{
        struct trace trace = {0};
        struct sim_result result;
        double response;

        put(&trace, 0, "a", "build", 1000, 4);
        put(&trace, 10, "a", "edit", 0.1, 1);
        result = run_under(&trace, &sim_policy_equal, 4, lanes, 2);
        response = response_of(&result, 1);
        sim_result_free(&result);
        return response;
}

/*
 * none      the workspace has 4/3 CPUs, the edit half of it: 2/3, and 0.1 takes 0.15
 * nested    of 4/3 each lane may have half: the same
 * siblings  four weights of 50: a CPU for the edit: 0.1
 */
static void an_edit_beside_its_own_build_has_what_its_lane_has(void **state)
{
        (void)state;
        assert_near(edit_response(LANES_NONE), 0.15);
        assert_near(edit_response(LANES_NESTED), 0.15);
        assert_near(edit_response(LANES_SIBLINGS), 0.1);
}

/* One CPU, wanted and used from 0 to 2, and again from 5 to 6. Totals are taken at the end of the span, the last arrival: A
 * 1, B 1. */
static void all_that_is_wanted_is_used_and_nothing_is_used_unwanted(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "a", 1, 1);
        put(&trace, 0, "b", "b", 1, 1);
        put(&trace, 5, "b", "c", 1, 1);
        result = run_under(&trace, &sim_policy_equal, 1, LANES_NONE, 0);
        assert_near(result.cpu_used_of_wanted, 1);
        assert_near(result.workspaces[0].used_sec, 1);
        assert_near(result.workspaces[1].used_sec, 1);
        assert_near(result.workspaces[1].wanted_sec, 2);
        assert_near(result.end_sec, 6);
        sim_result_free(&result);
}

/* A game of 1 CPU from 2 to 5 that never ends by itself, beside a job on the same CPU from 4 on: used 2 + 0.5. */
static void work_that_is_given_up_stops_then_and_has_no_response(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 2, "gamer", "game", INFINITY, 1);
        trace.jobs[0].stop_sec = 5;
        put(&trace, 4, "b", "b", 1, 1);
        trace.span_sec = 5;
        result = run_under(&trace, &sim_policy_equal, 1, LANES_NONE, 0);
        assert_int_equal(result.kinds[0].response_sec.n, 0);
        assert_near(result.workspaces[0].used_sec, 2.5);
        assert_near(response_of(&result, 1), 1.5); /* half a CPU to 5, and the other half second alone */
        sim_result_free(&result);
}

/* What a policy sees at 1 s. */
static struct sim_facts seen_root, seen_group;

static void look(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        (void)state;
        if (now_usec != 1000000)
                return;
        seen_root = machine->groups[SIM_ROOT].facts;
        seen_group = machine->groups[2].facts; /* behind its tenant's */
}

/*
 * Two threads share one CPU for a second: half a second each. In a group one thread is held up for half of the time; in
 * the root always one of the two waits.
 */
static void usage_pressure_and_memory_are_what_a_kernel_would_tell(void **state)
{
        static const struct sim_policy policy = {.name = "look", .step_usec = 250000, .open = open_nothing, .step = look};
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "x/a", "a", 0.75, 1);
        put(&trace, 0, "x/b", "b", 0.75, 1);
        trace.jobs[0].memory_bytes = 4096;
        trace.jobs[1].memory_bytes = 8192;
        result = run_under(&trace, &policy, 1, LANES_NONE, 0);
        assert_in_range(seen_group.usage_usec, 499999, 500000);
        assert_in_range(seen_group.cpu_some_usec, 499999, 500000);
        assert_in_range(seen_root.usage_usec, 999999, 1000000);
        assert_in_range(seen_root.cpu_some_usec, 999999, 1000000);
        assert_int_equal(seen_group.memory_current_bytes, 4096);
        assert_int_equal(seen_root.memory_current_bytes, 4096 + 8192);
        assert_int_equal(result.steps, 6); /* 1.5 s of work on one CPU */
        sim_result_free(&result);
}

static void weigh_nothing(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        (void)state, (void)now_usec;
        machine->groups[1].knobs.weight = 0;
}

static void a_weight_that_no_kernel_takes_ends_the_run(void **state)
{
        static const struct sim_policy policy = {
                .name = "zero", .step_usec = 1000000, .open = open_nothing, .step = weigh_nothing};
        struct trace trace = {0};
        struct sim_choice choice = {.policy = &policy, .name = "zero"};
        struct sim_plan plan = {.trace = &trace, .choice = &choice, .cpus = 1};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "a", 2, 1);
        assert_true(sim_run(&result, &plan) < 0);
        trace_free(&trace);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_job_alone_takes_its_work_over_its_parallelism),
                cmocka_unit_test(two_of_equal_weight_halve_one_cpu_while_both_want_it),
                cmocka_unit_test(weights_divide_the_cpus_in_their_ratio),
                cmocka_unit_test(what_one_cannot_use_is_divided_among_the_others),
                cmocka_unit_test(jobs_of_one_group_are_equals_and_run_side_by_side),
                cmocka_unit_test(tenants_divide_first_and_their_workspaces_after),
                cmocka_unit_test(an_edit_beside_its_own_build_has_what_its_lane_has),
                cmocka_unit_test(all_that_is_wanted_is_used_and_nothing_is_used_unwanted),
                cmocka_unit_test(work_that_is_given_up_stops_then_and_has_no_response),
                cmocka_unit_test(usage_pressure_and_memory_are_what_a_kernel_would_tell),
                cmocka_unit_test(a_weight_that_no_kernel_takes_ends_the_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
