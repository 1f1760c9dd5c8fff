/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Python's numbers, the trace that is made of them, and what the peers came to on it. */

#include <math.h>
#include <stdlib.h>

#include "test.h"

#include "../../bench/karma/python-random.h"
#include "../../bench/karma/rules.h"

/*
 * Printed by python3 3.11.7 for random.Random(seed): three random(), getrandbits(32), randint(3, 30), uniform(.15, .7),
 * lognormvariate(0, .5).
 */
static const struct {
        uint64_t seed;
        double unit[3];
        uint32_t word, integer;
        double uniform, lognormal;
} by_python[] = {
        {0, {0.8444218515250481, 0.7579544029403025, 0.420571580830845}, 1112038970, 19, 0.41726023310954696,
                1.8683705215107904},
        {1, {0.13436424411240122, 0.8474337369372327, 0.763774618976614}, 1095513148, 6, 0.42248929790056744,
                0.8830698841137795},
        {42, {0.6394267984578837, 0.025010755222666936, 0.27502931836911926}, 958682846, 7, 0.5550591677902068,
                4.07850381354086},
};

static void numbers_are_those_of_python(void **state)
{
        (void)state;
        for (size_t i = 0; i < N_OF(by_python); i++) {
                struct python_random random;

                python_random_seed(&random, by_python[i].seed);
                for (int k = 0; k < 3; k++)
                        assert_true(python_random_unit(&random) == by_python[i].unit[k]);
                assert_int_equal(python_random_word(&random), by_python[i].word);
                assert_int_equal(python_random_int(&random, 3, 30), by_python[i].integer);
                assert_true(python_random_uniform(&random, .15, .7) == by_python[i].uniform);
                assert_true(fabs(python_random_lognormal(&random, 0, .5) / by_python[i].lognormal - 1) < 1e-14);
        }
}

/* The first lines of mt19937ar.out, which the generator's authors publish beside it. */
static void words_are_those_that_the_authors_of_the_generator_publish(void **state)
{
        static const uint32_t key[] = {0x123, 0x234, 0x345, 0x456};
        static const uint32_t published[] = {1067595299, 955945823, 477289528, 4107218783, 4228976476};
        struct python_random random;

        (void)state;
        python_random_seed_key(&random, key, N_OF(key));
        for (size_t i = 0; i < N_OF(published); i++)
                assert_int_equal(python_random_word(&random), published[i]);
}

/*
 * Published means over seeds 1, 2, 3; half of their last digit, and as much again for sums that were made in another order.
 */
static const struct outcome tolerance = {{.min_max = .001, .median_min = .01, .jain = .0001}, .001};

enum rule {
        STATIC,
        MAX_MIN,
        KARMA,
};

static const struct {
        enum rule rule;
        unsigned alpha_permille;
        struct outcome mean;
} published[] = {
        {STATIC, 0, {{.min_max = .169, .median_min = 3.81, .jain = .8786}, .405}},
        {MAX_MIN, 0, {{.min_max = .625, .median_min = 1.56, .jain = .9930}, .933}},
        {KARMA, 1000, {{.min_max = .701, .median_min = 1.37, .jain = .9955}, .933}},
        {KARMA, 500, {{.min_max = .736, .median_min = 1.33, .jain = .9968}, .933}},
        {KARMA, 0, {{.min_max = .728, .median_min = 1.34, .jain = .9964}, .933}},
};

static struct outcome run(const struct credit_trace *trace, size_t i)
{
        switch (published[i].rule) {
        case STATIC:
                return run_static(trace);
        case MAX_MIN:
                return run_max_min(trace);
        default:
                return run_karma(trace, published[i].alpha_permille);
        }
}

static void assert_near(double value, double expected, double tolerated)
{
        if (fabs(value - expected) > tolerated)
                fail_msg("%g instead of %g +- %g", value, expected, tolerated);
}

static struct credit_trace *new_trace(void)
{
        struct credit_trace *trace = malloc(sizeof(*trace));

        assert_non_null(trace);
        return trace;
}

static void the_peers_come_to_their_published_means(void **state)
{
        struct credit_trace *trace = new_trace();
        struct outcome mean[N_OF(published)] = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= 3; seed++) {
                credit_trace_make(trace, seed);
                for (size_t i = 0; i < N_OF(published); i++) {
                        struct outcome outcome = run(trace, i);

                        mean[i].fairness.min_max += outcome.fairness.min_max / 3;
                        mean[i].fairness.median_min += outcome.fairness.median_min / 3;
                        mean[i].fairness.jain += outcome.fairness.jain / 3;
                        mean[i].utilisation += outcome.utilisation / 3;
                }
        }
        free(trace);
        for (size_t i = 0; i < N_OF(published); i++) {
                assert_near(mean[i].fairness.min_max, published[i].mean.fairness.min_max, tolerance.fairness.min_max);
                assert_near(
                        mean[i].fairness.median_min, published[i].mean.fairness.median_min, tolerance.fairness.median_min);
                assert_near(mean[i].fairness.jain, published[i].mean.fairness.jain, tolerance.fairness.jain);
                assert_near(mean[i].utilisation, published[i].mean.utilisation, tolerance.utilisation);
        }
}

static void the_law_leaves_no_slice_unused_that_max_min_would_use(void **state)
{
        struct credit_trace *trace = new_trace();
        struct cgb_policy_options options;
        struct outcome outcome;

        (void)state;
        cgb_policy_options_init(&options, LAW_STEP_USEC, CREDIT_USERS + 1);
        credit_trace_make(trace, 4);
        assert_int_equal(run_law(trace, &options, &outcome), 0);
        assert_near(outcome.utilisation, run_max_min(trace).utilisation, 1e-9);
        free(trace);
}

static void made_to_even_out_the_law_comes_to_what_credit_is_published_to_do(void **state)
{
        struct credit_trace *trace = new_trace();
        struct cgb_policy_options options;
        double min_max = 0, jain = 0;

        (void)state;
        law_even_over_minutes(&options);
        for (uint64_t seed = 1; seed <= 3; seed++) {
                struct outcome outcome;

                credit_trace_make(trace, seed);
                assert_int_equal(run_law(trace, &options, &outcome), 0);
                assert_near(outcome.utilisation, run_max_min(trace).utilisation, 1e-9);
                min_max += outcome.fairness.min_max / 3;
                jain += outcome.fairness.jain / 3;
        }
        free(trace);
        assert_true(min_max >= .70);
        assert_true(jain >= .995);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_are_those_of_python),
                cmocka_unit_test(words_are_those_that_the_authors_of_the_generator_publish),
                cmocka_unit_test(the_peers_come_to_their_published_means),
                cmocka_unit_test(the_law_leaves_no_slice_unused_that_max_min_would_use),
                cmocka_unit_test(made_to_even_out_the_law_comes_to_what_credit_is_published_to_do),
        };

        return cmocka_run_group_tests_name("credit-trace", tests, NULL, NULL);
}
