/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the people on the machine get. The CPUs are a fluid, the weights are those that the policy wrote: nobody gets more
 * than it wants, no CPU is idle while somebody wants it, and from its second step on every active group has at least alpha
 * of its fair share, whatever credit or debt there is.
 *
 * The fair share is the weighted max-min division by shares among those active; alpha of it is a promise about weights, so
 * it holds up to what hysteresis and rounding leave open.
 */

#include <math.h>

#include "scenario.h"

#define SCENARIOS 200
#define ROUNDS 60
#define ROOM 20
#define MANY 150
#define MANY_STEP_USEC (5 * SECOND_USEC)
#define MANY_SCENARIOS 20
#define SLEEPERS 300

static double got_together(const struct world *w, size_t pool)
{
        double sum = 0;

        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].parent == pool)
                        sum += w->groups[i].got;
        return sum;
}

static void nobody_gets_more_than_it_wants_and_no_cpu_is_idle(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
                struct dice dice = {seed};
                struct cgb_policy_options options = scenario_options(&dice, ROOM);
                struct world *w = world_new(seed, &options, 8000);

                scenario_populate(w, &dice, 1, ROOM - 2);
                for (unsigned round = 0; round < ROUNDS; round++) {
                        double wanted = 0;

                        scenario_wants(w, &dice);
                        world_round(w, SECOND_USEC);
                        for (size_t i = 1; i < w->room; i++) {
                                if (!w->groups[i].there)
                                        continue;
                                must(w, w->groups[i].got <= w->groups[i].wants + 1e-9, "group %zu wants %g, got %g", i,
                                        w->groups[i].wants, w->groups[i].got);
                                must(w, w->groups[i].wants <= 0 || w->groups[i].got > 0, "group %zu starves", i);
                                wanted += w->groups[i].wants;
                        }
                        must(w, fabs(got_together(w, WORLD_ROOT) - fmin(8, wanted)) < 1e-6, "of %g wanted CPUs %g are used",
                                wanted, got_together(w, WORLD_ROOT));
                }
                world_free(w);
        }
}

/* The same hierarchy of limits and wants, divided by shares: what an account would get if nobody had credit. */
static void check_floor(const struct world *w, const bool active[], double alpha, double tolerance)
{
        double shares = 0;

        for (size_t i = 1; i < w->room; i++)
                if (w->groups[i].there && w->groups[i].wants > 0)
                        shares += w->groups[i].share_permille;
        for (size_t i = 1; i < w->room; i++) {
                const struct world_group *g = &w->groups[i];
                double fair = 8 * g->share_permille / shares;

                if (!g->there || g->wants <= 0 || !active[i])
                        continue;
                must(w, g->got >= fmin(g->wants, alpha * fair) * (1 - tolerance) - 1e-9,
                        "group %zu of share %u got %g, alpha of fair is %g", i, g->share_permille, g->got, alpha * fair);
        }
}

static bool wants_changed(const struct world *w, double wants[])
{
        bool changed = false;

        for (size_t i = 1; i < w->room; i++) {
                changed |= w->groups[i].there && wants[i] != w->groups[i].wants;
                wants[i] = w->groups[i].wants;
        }
        return changed;
}

static struct world *world_with_floor(uint64_t seed, struct dice *dice, uint32_t hysteresis_permille)
{
        static const uint32_t shares[] = {500, 1000, 1000, 2000};
        struct cgb_policy_options options;
        struct world *w;

        cgb_policy_options_init(&options, SECOND_USEC, ROOM);
        options.floor_permille = (uint32_t)dice_between(dice, 50, 500);
        options.reach_permille = (uint32_t)dice_between(dice, 1000, 10000);
        options.slow_depth_usec = dice_between(dice, 10, 600) * SECOND_USEC;
        options.fast_depth_usec = dice_between(dice, 1, 10) * SECOND_USEC;
        options.hysteresis_permille = hysteresis_permille;
        w = world_new(seed, &options, 8000);
        for (uint64_t n = dice_between(dice, 2, ROOM - 2); n > 0; n--)
                world_join(w, WORLD_ROOT, shares[dice_between(dice, 0, 3)]);
        return w;
}

/* Wants change every few rounds; the floor is owed from the second round on in which the same groups compete. */
static void keep_floor(uint64_t seed, uint32_t hysteresis_permille, double tolerance)
{
        struct dice dice = {seed};
        struct world *w = world_with_floor(seed, &dice, hysteresis_permille);
        double wants[ROOM] = {0}, alpha = w->options.floor_permille / 1000.0;
        bool active[ROOM] = {false};

        for (unsigned round = 0; round < ROUNDS; round++) {
                if (dice_percent(&dice, 25))
                        scenario_wants(w, &dice);
                world_run(w, SECOND_USEC);
                if (!wants_changed(w, wants))
                        check_floor(w, active, alpha, tolerance);
                world_read(w);
                world_step(w);
                world_write(w);
                for (size_t i = 1; i < ROOM; i++)
                        active[i] = w->groups[i].there && world_account(w, i).active;
        }
        world_free(w);
}

static void the_active_keep_alpha_of_their_fair_share_from_the_second_step_on(void **state)
{
        (void)state;
        /* Weights of ten and more, rounded. */
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++)
                keep_floor(seed, 0, 0.05);
}

static void the_floor_holds_although_small_changes_are_not_written(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++)
                keep_floor(seed, 50, 0.05);
}

/* What the kernel divides by. One hysteresis below, with all others one above, is a two-hundredth less than alpha. */
static void check_written(const struct world *w)
{
        double alpha = w->options.floor_permille / 1000.0, weights = 0, shares = 0;

        for (size_t i = 1; i < w->room; i++)
                if (world_account(w, i).active) {
                        weights += w->groups[i].weight;
                        shares += w->groups[i].share_permille;
                }
        for (size_t i = 1; i < w->room; i++) {
                const struct world_group *g = &w->groups[i];

                must(w, !world_account(w, i).active || g->weight / weights >= 0.995 * alpha * g->share_permille / shares,
                        "group %zu of share %u weighs %u of %g, which is %g of its fair share", i, g->share_permille,
                        g->weight, weights, g->weight / weights * shares / g->share_permille);
        }
}

/* So many that the weights of many are single digits. Who slept wakes with all its credit. */
static void keep_written_floor(uint64_t seed)
{
        static const uint32_t shares[] = {500, 1000, 2000};
        struct dice dice = {seed};
        struct cgb_policy_options options;
        struct world *w;

        cgb_policy_options_init(&options, MANY_STEP_USEC, MANY + 1);
        w = world_new(seed, &options, (uint32_t)dice_between(&dice, 1, MANY) * 1000);
        for (size_t i = 1; i <= MANY; i++)
                w->groups[world_join(w, WORLD_ROOT, shares[dice_between(&dice, 0, 2)])].wants =
                        dice_percent(&dice, 80) ? MANY : 0;
        for (unsigned round = 0; round < ROUNDS; round++) {
                for (size_t i = 1; i <= MANY; i++)
                        if (dice_percent(&dice, 1))
                                w->groups[i].wants = MANY - w->groups[i].wants;
                world_round(w, MANY_STEP_USEC);
                check_written(w);
        }
        world_free(w);
}

static void the_floor_holds_for_weights_as_they_are_rounded(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= MANY_SCENARIOS; seed++)
                keep_written_floor(seed);
}

/* Their parts of what is paid would leave who types with less than it uses, in debt like those who loop. */
static void who_types_comes_before_loops_although_hundreds_sleep(void **state)
{
        struct cgb_policy_options options;
        struct world *w;
        size_t typist, loop = 0;

        (void)state;
        cgb_policy_options_init(&options, SECOND_USEC, SLEEPERS + 8);
        w = world_new(1, &options, 4000);
        for (int i = 0; i < SLEEPERS; i++)
                world_join(w, WORLD_ROOT, 1000);
        typist = world_join(w, WORLD_ROOT, 1000);
        w->groups[typist].wants = 0.1;
        for (int i = 0; i < 4; i++)
                w->groups[loop = world_join(w, WORLD_ROOT, 1000)].wants = 4;
        for (int second = 0; second < 1200; second++)
                world_round(w, SECOND_USEC);
        must(w, world_account(w, typist).weight >= 8 * world_account(w, loop).weight, "%u against %u",
                world_account(w, typist).weight, world_account(w, loop).weight);
        world_free(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                world_test(nobody_gets_more_than_it_wants_and_no_cpu_is_idle),
                world_test(the_active_keep_alpha_of_their_fair_share_from_the_second_step_on),
                world_test(the_floor_holds_although_small_changes_are_not_written),
                world_test(the_floor_holds_for_weights_as_they_are_rounded),
                world_test(who_types_comes_before_loops_although_hundreds_sleep),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
