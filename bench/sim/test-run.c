/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whole runs: what holds for every trace and policy, and what the law is there for. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "policies.h"
#include "test-support.h"

/* Few, for a generated trace grows with them. */
#define CPUS 2

/* Rounding, over an hour of simulated time. */
#define TOLERANCE_SEC 1e-3

static const char *const generated[] = {"interactive", "hogs", "one-against-many", "tenants", "gamers", "herd"};

#define N_GENERATED (sizeof(generated) / sizeof(generated[0]))

static struct trace make(const char *name)
{
        struct trace trace;

        assert_int_equal(trace_generate(&trace, name, CPUS), 0);
        return trace;
}

static struct sim_result run_generated(const char *name, const struct sim_policy *policy, enum lanes lanes)
{
        struct trace trace = make(name);

        return run_under(&trace, policy, CPUS, lanes, 2);
}

static void no_cpu_idles_under_weights_while_somebody_wants_it(void **state)
{
        (void)state;
        for (size_t i = 0; i < N_GENERATED; i++) {
                struct sim_result equal = run_generated(generated[i], &sim_policy_equal, LANES_NONE);
                struct sim_result law = run_generated(generated[i], &sim_policy_cgburst, LANES_NONE);

                assert_near(equal.cpu_used_of_wanted, 1);
                assert_near(law.cpu_used_of_wanted, 1);
                sim_result_free(&equal);
                sim_result_free(&law);
        }
}

static void no_policy_uses_more_than_there_is(void **state)
{
        (void)state;
        for (size_t k = 0; sim_policy_at(k); k++) {
                struct sim_result result = run_generated("one-against-many", sim_policy_at(k), LANES_NONE);

                assert_true(result.cpu_used_of_wanted <= 1 + 1e-9);
                sim_result_free(&result);
        }
}

static void nobody_gets_more_than_wanted_and_all_together_no_more_than_there_is(void **state)
{
        (void)state;
        for (size_t i = 0; i < N_GENERATED; i++) {
                struct trace trace = make(generated[i]);
                double span_sec = trace.span_sec, total_sec = 0;
                struct sim_result result = run_under(&trace, &sim_policy_cgburst, CPUS, LANES_SIBLINGS, 2);

                for (size_t k = 0; k < result.n_workspaces; k++) {
                        assert_true(result.workspaces[k].used_sec <= result.workspaces[k].wanted_sec + TOLERANCE_SEC);
                        total_sec += result.workspaces[k].used_sec;
                }
                assert_true(fabs(total_sec - CPUS * span_sec) < TOLERANCE_SEC); /* two hogs want all there is */
                sim_result_free(&result);
        }
}

static void no_job_is_faster_than_alone_and_every_job_ends(void **state)
{
        (void)state;
        for (size_t lanes = LANES_NONE; lanes <= LANES_SIBLINGS; lanes++) {
                struct trace trace = make("one-against-many");
                size_t n = 0, n_jobs = trace.n_jobs;
                struct sim_result result = run_under(&trace, &sim_policy_cgburst, CPUS, (enum lanes)lanes, 2);

                for (size_t kind = 0; kind < TRACE_KINDS_MAX; kind++) {
                        n += result.kinds[kind].slowdown.n;
                        if (result.kinds[kind].slowdown.n > 0)
                                assert_true(result.kinds[kind].slowdown.p01 >= 1 - 1e-6);
                }
                assert_int_equal(n, n_jobs);
                sim_result_free(&result);
        }
}

/* Real time is the one field that may differ. */
static void the_same_run_gives_the_same_result_to_the_last_bit(void **state)
{
        (void)state;
        for (size_t i = 0; i < N_GENERATED; i++) {
                struct sim_result one = run_generated(generated[i], &sim_policy_cgburst, LANES_NESTED);
                struct sim_result same = run_generated(generated[i], &sim_policy_cgburst, LANES_NESTED);

                assert_int_equal(one.n_workspaces, same.n_workspaces);
                assert_memory_equal(one.workspaces, same.workspaces, one.n_workspaces * sizeof(*one.workspaces));
                assert_memory_equal(one.kinds, same.kinds, sizeof(one.kinds));
                assert_int_equal(one.writes, same.writes);
                sim_result_free(&one);
                sim_result_free(&same);
        }
}

static void another_seed_is_another_trace(void **state)
{
        struct trace one = make("interactive:1"), usual = make("interactive"), other = make("interactive:2");

        (void)state;
        assert_int_equal(one.n_jobs, usual.n_jobs);
        assert_memory_equal(one.jobs, usual.jobs, one.n_jobs * sizeof(*one.jobs));
        assert_true(one.n_jobs != other.n_jobs || memcmp(one.jobs, other.jobs, one.n_jobs * sizeof(*one.jobs)) != 0);
        trace_free(&one);
        trace_free(&usual);
        trace_free(&other);
}

static void generated_jobs_come_in_the_order_of_their_arrival(void **state)
{
        (void)state;
        for (size_t i = 0; i < N_GENERATED; i++) {
                struct trace trace = make(generated[i]);

                for (size_t k = 1; k < trace.n_jobs; k++)
                        assert_true(trace.jobs[k - 1].arrival_sec <= trace.jobs[k].arrival_sec);
                trace_free(&trace);
        }
}

static void an_unknown_generator_or_seed_is_refused(void **state)
{
        struct trace trace;

        (void)state;
        assert_true(trace_generate(&trace, "interactive:x", CPUS) < 0);
        assert_true(trace_generate(&trace, "interactiv", CPUS) < 0);
        assert_true(trace_generate(&trace, "", CPUS) < 0);
}

/* Half a second of work in every ten, beside three hogs of the same share: with weights alone four of them share four CPUs,
 * so that a job that could use two has one. */
static double mean_slowdown(const struct sim_policy *policy)
{
        struct trace trace = {0};
        struct sim_result result;
        double mean;

        for (int i = 1; i <= 60; i++)
                put(&trace, 10.3 * i, "quiet", "edit", 0.5, 2);
        result = run_under(&trace, policy, 4, LANES_NONE, 3);
        mean = result.kinds[0].slowdown.mean;
        sim_result_free(&result);
        return mean;
}

static void the_law_gives_who_was_quiet_almost_an_idle_machine_and_equal_weights_do_not(void **state)
{
        (void)state;
        assert_near(mean_slowdown(&sim_policy_equal), 2);
        assert_near(mean_slowdown(&sim_policy_oracle), 1);
        assert_true(mean_slowdown(&sim_policy_cgburst) < 1.2);
}

static void a_wake_is_boosted_when_it_runs_as_fast_as_it_wants(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 1, "a", "a", 1, 1); /* alone: at once */
        put(&trace, 3, "a", "a", 2, 1); /* a second alone, then beside b: at once as well */
        put(&trace, 4, "b", "b", 2, 1); /* a half until a is done, at 6; by then it has 1, and then runs alone: after 2 */
        result = run_under(&trace, &sim_policy_equal, 1, LANES_NONE, 0);
        assert_int_equal(result.wakes, 3);
        assert_int_equal(result.boost_sec.n, 3);
        assert_near(result.boost_sec.p50, 0);
        assert_near(result.boost_sec.max, 2);
        sim_result_free(&result);
}

static void bad_constants_of_the_law_are_refused(void **state)
{
        static const char *const bad[] = {
                "cgburst:reach=0.5", "cgburst:fast=0", "cgburst:slow_strength=8,fast_strength=8", "cgburst:fats=3"};

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct trace trace = {0};
                struct sim_choice choice;
                struct sim_plan plan = {.trace = &trace, .choice = &choice, .cpus = 1};
                struct sim_result result;
                size_t n = 0;

                put(&trace, 0, "a", "edit", 1, 1);
                assert_int_equal(sim_choices_parse(&choice, &n, 1, bad[i]), 0);
                assert_int_equal(sim_run(&result, &plan), -EINVAL);
                trace_free(&trace);
        }
}

/* On one CPU b has the 5 s that it wants, and a, who wants without end, the other 95. (95 + 5)^2 / (2 * (95^2 + 5^2)) =
 * 10000 / 18100. */
static void where_somebody_wants_without_end_fairness_is_of_what_was_used(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "hog", INFINITY, 1);
        put(&trace, 0, "b", "b", 5, 1);
        trace.span_sec = 100;
        result = run_under(&trace, &sim_policy_equal, 1, LANES_NONE, 0);
        assert_near(result.fairness.jain, 10000.0 / 18100);
        assert_near(result.fairness.min_max, 5.0 / 95);
        sim_result_free(&result);
}

/* Two and two hogs on one CPU: a quarter each, to the last. */
static void equal_weights_give_everybody_the_fair_share(void **state)
{
        struct trace trace = {0};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "a", 10, 1);
        put(&trace, 0, "b", "b", 10, 1);
        result = run_under(&trace, &sim_policy_equal, 1, LANES_NONE, 2);
        assert_true(result.floor.n > 0);
        assert_true(result.floor.p01 > 0.999 && result.floor.max <= 1);
        sim_result_free(&result);
}

static unsigned present[4]; /* groups at second 1, 3, 5 and 7 */
static unsigned came, went;

static void count_present(void *state, struct sim_machine *machine, uint64_t now_usec)
{
        size_t second = now_usec / 1000000;

        (void)state;
        for (uint32_t i = 0; i < machine->n_groups && second % 2 == 1 && second / 2 < 4; i++)
                present[second / 2] += machine->groups[i].present;
}

static void count_came(void *state, struct sim_machine *machine, uint32_t group)
{
        (void)state;
        assert_true(machine->groups[group].present);
        assert_true(group == SIM_ROOT || machine->groups[machine->groups[group].parent].present);
        came++;
}

static void count_went(void *state, struct sim_machine *machine, uint32_t group)
{
        (void)state;
        assert_true(machine->groups[group].present && machine->groups[machine->groups[group].parent].present);
        went++;
}

static const struct sim_policy counting = {
        .name = "counting",
        .step_usec = 1000000,
        .open = open_nothing,
        .added = count_came,
        .gone = count_went,
        .step = count_present,
};

/* a from 0 to 4, with a pause, b from 2 to 7.5; and a root. With nested lanes a workspace is three groups. */
static void a_workspace_comes_with_its_first_job_and_goes_with_its_last(void **state)
{
        struct trace trace = {0};
        struct sim_choice choice = {.policy = &counting, .name = "counting"};
        struct sim_plan plan = {.trace = &trace, .choice = &choice, .cpus = 4, .lanes = LANES_NESTED, .come_and_go = true};
        struct sim_result result;

        (void)state;
        put(&trace, 0, "a", "edit", 0.5, 1);
        put(&trace, 2, "b", "build", 5.5, 1);
        put(&trace, 3.5, "a", "edit", 0.5, 1);
        assert_int_equal(sim_run(&result, &plan), 0);
        assert_int_equal(present[0], 1 + 3);
        assert_int_equal(present[1], 1 + 3 + 3);
        assert_int_equal(present[2], 1 + 3);
        assert_int_equal(came, 1 + 3 + 3);
        assert_int_equal(went, 3 + 3);
        sim_result_free(&result);
        trace_free(&trace);
}

/* In a tree of tenants, whose groups stay. */
static void the_law_takes_groups_that_come_and_go(void **state)
{
        struct trace trace = make("tenants");
        struct sim_choice choice = {.policy = &sim_policy_cgburst, .name = "cgburst"};
        struct sim_plan plan = {
                .trace = &trace, .choice = &choice, .cpus = CPUS, .lanes = LANES_NESTED, .come_and_go = true};
        struct sim_result result;

        (void)state;
        assert_int_equal(sim_run(&result, &plan), 0);
        assert_near(result.cpu_used_of_wanted, 1);
        sim_result_free(&result);
        trace_free(&trace);
}

/* Periods of quotas and the ends of duty cycles fall on the same instants, but for rounding. */
static void endless_work_that_is_given_up_is_never_done(void **state)
{
        struct sim_choice choices[1];
        struct sim_result result;
        struct trace trace;
        size_t n = 0;

        (void)state;
        assert_int_equal(sim_choices_parse(choices, &n, 1, "karma"), 0);
        assert_int_equal(trace_generate(&trace, "gamers", 4), 0);
        assert_int_equal(sim_run(&result, &(struct sim_plan){.trace = &trace, .choice = choices, .cpus = 4}), 0);
        for (size_t i = 0; i < trace.n_kinds; i++)
                assert_int_equal(result.kinds[i].slowdown.n, 0);
        sim_result_free(&result);
        trace_free(&trace);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_cpu_idles_under_weights_while_somebody_wants_it),
                cmocka_unit_test(no_policy_uses_more_than_there_is),
                cmocka_unit_test(nobody_gets_more_than_wanted_and_all_together_no_more_than_there_is),
                cmocka_unit_test(no_job_is_faster_than_alone_and_every_job_ends),
                cmocka_unit_test(the_same_run_gives_the_same_result_to_the_last_bit),
                cmocka_unit_test(another_seed_is_another_trace),
                cmocka_unit_test(generated_jobs_come_in_the_order_of_their_arrival),
                cmocka_unit_test(an_unknown_generator_or_seed_is_refused),
                cmocka_unit_test(the_law_gives_who_was_quiet_almost_an_idle_machine_and_equal_weights_do_not),
                cmocka_unit_test(a_wake_is_boosted_when_it_runs_as_fast_as_it_wants),
                cmocka_unit_test(bad_constants_of_the_law_are_refused),
                cmocka_unit_test(where_somebody_wants_without_end_fairness_is_of_what_was_used),
                cmocka_unit_test(equal_weights_give_everybody_the_fair_share),
                cmocka_unit_test(a_workspace_comes_with_its_first_job_and_goes_with_its_last),
                cmocka_unit_test(the_law_takes_groups_that_come_and_go),
                cmocka_unit_test(endless_work_that_is_given_up_is_never_done),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
