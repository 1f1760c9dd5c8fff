/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Somebody saves up credit and then loops for ever. The advantage that credit buys is paid for with it: what a spender gets
 * above its fair share, over all time, is no more than the credit it had. Then it gets its fair share, like the others, who
 * never fall below their floor meanwhile.
 *
 * CPUs are a fluid and full, so the price is 1 and every CPU second above the fair share takes one second of credit.
 */

#include <math.h>
#include <stdlib.h>

#include "scenario.h"

#define CPUS 4.0
#define OTHERS 7
#define FAIR (CPUS / (OTHERS + 1))

struct spender {
        struct world *world;
        size_t at;
        double step;  /* seconds */
        double had;   /* CPU seconds of slow credit when it began */
        double above; /* CPU seconds that it got above its fair share since */
};

/* The others loop until the sleeper is as full as they are patient; then it begins to loop as well. */
static struct spender begin(const struct cgb_policy_options *options, uint64_t step_usec, double patience)
{
        struct spender s = {.step = (double)step_usec / 1e6};
        double saved = 0, full = (double)options->slow_depth_usec / 1e6 * FAIR;

        s.world = world_new(options->slow_depth_usec, options, (uint32_t)(CPUS * 1000));
        s.at = world_join(s.world, WORLD_ROOT, 1000);
        for (unsigned i = 0; i < OTHERS; i++)
                s.world->groups[world_join(s.world, WORLD_ROOT, 1000)].wants = CPUS;
        world_round(s.world, step_usec);
        for (; saved + FAIR * s.step <= full * patience; saved += FAIR * s.step)
                world_round(s.world, step_usec);
        s.had = (double)world_account(s.world, s.at).balance.slow_nsec / 1e9;
        must(s.world, fabs(s.had - fmin(saved, full)) < 0.01 * full, "saved %g, has %g", saved, s.had);
        s.world->groups[s.at].wants = CPUS;
        return s;
}

static void check_others(const struct spender *s)
{
        double alpha = s->world->options.floor_permille / 1000.0;

        for (size_t i = 1; i < s->world->room; i++)
                if (s->world->groups[i].there && i != s->at)
                        must(s->world, s->world->groups[i].got >= alpha * FAIR * 0.98, "group %zu got %g of %g", i,
                                s->world->groups[i].got, FAIR);
}

/* Lives @seconds; returns what the spender got per second. */
static double spend(struct spender *s, double seconds, bool check)
{
        double got = 0, spent = 0;

        for (; spent < seconds; spent += s->step) {
                world_round(s->world, (uint64_t)(s->step * 1e6));
                got += s->world->groups[s->at].got * s->step;
                s->above += (s->world->groups[s->at].got - FAIR) * s->step;
                if (check)
                        check_others(s);
        }
        return got / spent;
}

static struct cgb_policy_options law(uint64_t step_usec, uint64_t slow_depth_usec)
{
        struct cgb_policy_options options;

        cgb_policy_options_init(&options, step_usec, OTHERS + 2);
        options.slow_depth_usec = slow_depth_usec;
        return options;
}

/*
 * A weight is not written for a change below the hysteresis, so what was spent shows in the weight only when it is worth
 * that much: the CPU seconds of debt that are.
 */
static double unseen(const struct cgb_policy_options *options)
{
        double full = (double)options->slow_depth_usec / 1e6 * FAIR;

        return full * log2(1 + options->hysteresis_permille / 1000.0) / (options->debt_strength_permille / 1000.0);
}

static void check_spender(const struct cgb_policy_options *options, uint64_t step_usec)
{
        struct spender s = begin(options, step_usec, 1);
        double first, depth = (double)options->slow_depth_usec / 1e6, last;

        /* In the first step nobody has had time to answer. */
        spend(&s, s.step, false);
        first = s.world->groups[s.at].got;
        must(s.world, first > 1.5 * FAIR, "no advantage: %g", first);
        for (double lived = 0; lived < 8 * depth; lived += s.step) {
                spend(&s, s.step, true);
                must(s.world, s.above <= s.had + CPUS * s.step + unseen(options),
                        "%g CPU seconds above the fair share for %g of credit", s.above, s.had);
        }
        last = spend(&s, depth, true);
        must(s.world, fabs(last / FAIR - 1) <= 0.1, "at last it gets %g, fair is %g", last, FAIR);
        world_free(s.world);
}

static void with_slow_credit_alone_the_advantage_ends_when_the_credit_is_spent(void **state)
{
        (void)state;
        for (uint64_t depth = 30; depth <= 240; depth *= 2) {
                struct cgb_policy_options options = law(SECOND_USEC, depth * SECOND_USEC);

                options.fast_strength_permille = 0;
                check_spender(&options, SECOND_USEC);
        }
}

static void with_both_credits_the_advantage_ends_when_the_credit_is_spent(void **state)
{
        (void)state;
        for (uint64_t depth = 30; depth <= 240; depth *= 2)
                for (uint64_t step_usec = SECOND_USEC / 4; step_usec <= 2 * SECOND_USEC; step_usec *= 2) {
                        struct cgb_policy_options options = law(step_usec, depth * SECOND_USEC);

                        check_spender(&options, step_usec);
                }
}

/*
 * The bank does not make credit: who sleeps ten times as long as it takes to be full begins with a full account and no
 * more.
 */
static void sleeping_longer_than_it_takes_to_be_full_buys_no_more(void **state)
{
        (void)state;
        for (uint64_t depth = 30; depth <= 120; depth *= 2) {
                struct cgb_policy_options options = law(SECOND_USEC, depth * SECOND_USEC);
                struct spender s = begin(&options, SECOND_USEC, 10);
                double full = (double)depth * FAIR;

                /*
                 * The others are in debt by then, each by at most what it can hold: the distance is two accounts, not ten.
                 */
                spend(&s, 20 * (double)depth, false);
                must(s.world, s.above <= 2 * full, "%g CPU seconds above the fair share, full is %g", s.above, full);
                must(s.world, fabs(spend(&s, (double)depth, true) / FAIR - 1) <= 0.1, "not fair in the end");
                world_free(s.world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(with_slow_credit_alone_the_advantage_ends_when_the_credit_is_spent),
                world_test(with_both_credits_the_advantage_ends_when_the_credit_is_spent),
                world_test(sleeping_longer_than_it_takes_to_be_full_buys_no_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
