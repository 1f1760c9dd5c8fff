/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <math.h>
#include <signal.h>

#include <cgburst/policy.h>

#include "../common/clock.h"
#include "converge.h"
#include "load.h"

/* Within a tenth of the fair share, and for so many seconds in a row: one alone may be chance. */
#define NEAR 0.1
#define STEADY_SECONDS 3

static int become_a_loop(struct run *run)
{
        pid_t pid = 0;

        kill(run->probe_pid, SIGSTOP); /* crew_kill() ends it; no burst may mix with the loops */
        for (unsigned i = 0; i < 2 && pid >= 0; i++)
                pid = crew_start(&run->crew, &run->groups, INTERACTIVE, spin_for_ever, run->loops);
        return pid < 0 ? pid : 0;
}

static struct converge_second second_of(const struct usage *used)
{
        double fair = usage_capacity_usec(used) / (double)used->n;
        struct converge_second second = {.lowest_other = HUGE_VAL};

        second.share = (double)used->group_usec[INTERACTIVE] / (double)(usage_sum_from(used, 0) + 1);
        for (size_t i = FIRST_LOAD; i < used->n; i++)
                second.lowest_other = fmin(second.lowest_other, (double)used->group_usec[i] / fair);
        return second;
}

static bool is_near(const struct converge_result *result, size_t second)
{
        return fabs(result->seconds[second].share - result->fair_share) <= NEAR * result->fair_share;
}

static bool is_steady(const struct converge_result *result)
{
        if (result->n < STEADY_SECONDS)
                return false;
        for (size_t i = result->n - STEADY_SECONDS; i < result->n; i++)
                if (!is_near(result, i))
                        return false;
        return true;
}

static int watch(struct run *run, struct converge_result *result)
{
        struct usage before = usage_now(&run->groups, run->manager.pid);

        while (result->n < CONVERGE_SECONDS_MAX && !is_steady(result)) {
                struct usage now, used;
                int error;

                error = wait_until(run->interrupt, run->manager.alive_fd, -1, before.wall_usec + USEC_PER_SEC);
                if (error)
                        return error < 0 ? error : -EPIPE;
                now = usage_now(&run->groups, run->manager.pid);
                used = usage_between(&before, &now);
                result->seconds[result->n++] = second_of(&used);
                before = now;
        }
        result->converged = is_steady(result);
        result->converge_sec = result->converged ? result->n - STEADY_SECONDS + 1 : 0;
        return 0;
}

int converge(
        const struct run_plan *plan, struct interrupt *interrupt, const struct spinner *spinner, struct converge_result *ret)
{
        struct converge_result result = {.step_usec = plan->policy->step_usec};
        struct cgb_policy_options defaults;
        struct run run;
        int error;

        cgb_policy_options_init(&defaults, result.step_usec, GROUPS_MAX);
        result.floor = defaults.floor_permille / 1000.0;
        result.fair_share = 1.0 / (double)(plan->hog_groups + 1);
        error = run_begin(&run, plan, interrupt, spinner);
        if (error < 0)
                return error;
        error = run_wait(&run, now_usec() + plan->warmup_usec);
        if (error >= 0)
                error = become_a_loop(&run);
        if (error >= 0)
                error = watch(&run, &result);
        run_end(&run);
        if (error >= 0)
                *ret = result;
        return error;
}

double converge_lowest_other(const struct converge_result *result)
{
        double lowest = HUGE_VAL;

        for (size_t i = 0; i < result->n; i++)
                lowest = fmin(lowest, result->seconds[i].lowest_other);
        return lowest;
}
