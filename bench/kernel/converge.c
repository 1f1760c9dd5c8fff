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

/*
 * A group at its floor has some 25 ms in a second, which is a handful of the scheduler's ticks. With weights of 10000 : 158 that
 * nobody changed (6.12, in the guest, eight times) single seconds fell to six tenths of what the weights say, five of them
 * together never below it.
 */
#define FLOOR_SECONDS 5

static int become_a_loop(struct run *run)
{
        pid_t pid = 0;

        kill(run->probe_pid, SIGSTOP); /* crew_kill() ends it; no burst may mix with the loops */
        for (unsigned i = 0; i < 2 && pid >= 0; i++)
                pid = crew_start(&run->crew, &run->groups, INTERACTIVE, spin_for_ever, run->loops);
        return pid < 0 ? pid : 0;
}

static double share_of_probe(const struct usage *used)
{
        return (double)used->group_usec[INTERACTIVE] / (double)(usage_sum_from(used, 0) + 1);
}

/* Measured against what was used: a virtual machine also stands still, and that is nobody's doing. */
static double lowest_other(const struct usage *used)
{
        double fair = (double)(usage_sum_from(used, 0) + 1) / (double)used->n, lowest = HUGE_VAL;

        for (size_t i = FIRST_LOAD; i < used->n; i++)
                lowest = fmin(lowest, (double)used->group_usec[i] / fair);
        return lowest;
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
        struct usage last[FLOOR_SECONDS] = {
                usage_now(&run->groups, run->manager.pid)}; /* the k-th second begins at [k % .] */

        while (result->n < CONVERGE_SECONDS_MAX && (result->n < FLOOR_SECONDS || !is_steady(result))) {
                const struct usage *before = &last[result->n % FLOOR_SECONDS];
                struct converge_second *second = &result->seconds[result->n++];
                struct usage now, used;
                int error;

                error = wait_until(run->interrupt, run->manager.alive_fd, -1, before->wall_usec + USEC_PER_SEC);
                if (error)
                        return error < 0 ? error : -EPIPE;
                now = usage_now(&run->groups, run->manager.pid);
                used = usage_between(before, &now);
                second->share = share_of_probe(&used);
                used = usage_between(&last[result->n % FLOOR_SECONDS], &now);
                second->lowest_other = result->n < FLOOR_SECONDS ? HUGE_VAL : lowest_other(&used);
                last[result->n % FLOOR_SECONDS] = now;
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
